# SPDX-License-Identifier: Apache-2.0
"""The state of a job in a cluster on one screen, and as an object for programs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from flinksec_jobs.cli import findings_output
from flinksec_jobs.deploy.job_look import JobLook
from flinksec_jobs.deploy.own_figures import KeyInUse, LoginFigure, OwnFigures
from flinksec_jobs.deploy.settings_look import SettingsLook
from flinksec_jobs.deploy.status import Status
from flinksec_jobs.flink_rest.answers import Checkpoint

_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_SIZES = ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))
_WIDTH = 14
_SHORT = 12


def span(milliseconds: float) -> str:
    """Return a span of time by its two largest units: ``2 h 3 min``."""
    if 0 <= milliseconds < 1000:  # noqa: PLR2004
        return f"{milliseconds / 1000:.1g} s"
    left, parts = max(0, int(milliseconds)) // 1000, []
    for seconds, unit in _UNITS:
        if left >= seconds:
            parts.append(f"{left // seconds} {unit}")
            left %= seconds
        elif parts:
            break
    return " ".join(parts[:2]) or "0 s"


def size(bytes_: float) -> str:
    """Return a number of bytes in the largest unit of which there is one: ``1.5 MiB``."""
    for number, unit in _SIZES:
        if bytes_ >= number:
            return f"{bytes_ / number:.3g} {unit}"
    return f"{bytes_:.0f} B"


def lines(status: Status) -> Iterator[str]:
    """Yield the lines of the screen, without what is wrong."""
    look, found = status.look, status.workload
    if look is None:
        pod = found.jobmanager
        state = found.ended or (f"its JobManager is {pod.phase}" if pod else "it has no JobManager")
        yield f"job {found.job_id or 'without an id'} in {status.namespace}: {state}"
    else:
        since = datetime.fromtimestamp(look.job.since / 1000, UTC)
        yield (
            f"{look.job.name} in {status.namespace}: {look.job.state} since "
            f"{span(status.at - look.job.since)} ({since:%Y-%m-%d %H:%M:%S} UTC)"
        )
    for name, value in _rows(status):
        yield f"  {name:<{_WIDTH}}{value}"


def _rows(status: Status) -> Iterator[tuple[str, str]]:
    look, found = status.look, status.workload
    yield "job id", found.job_id or "none: it was not deployed by `flinksec deploy`"
    if look is not None:
        yield from _of_flink(look, status.at)
    ready = f"{found.ready_taskmanagers} of {found.taskmanagers} ready"
    registered = "" if look is None else f", {look.taskmanagers} registered"
    yield "TaskManagers", ready + registered
    yield "image", found.image
    yield "settings", _settings(status.settings)
    if look is not None:
        yield from _of_processes(look)


def _settings(found: SettingsLook) -> str:
    if found.revision is None:
        return f"unknown: {found.why_unknown}"
    changed = f"; changed since: {', '.join(found.changed)}" if found.changed else ""
    return f"{found.hash[:_SHORT]} of revision {found.revision}{changed}"


def _of_processes(look: JobLook) -> Iterator[tuple[str, str]]:
    own = look.own
    if not own.is_known:
        for name in ("state key", "certificates", "logins"):
            yield name, "unknown: Flink has no metrics of its processes yet"
        return
    yield "state key", "; ".join(_key(one, look) for one in own.keys) or "none in use"
    ends = [one for one in own.certificates if one.seconds_left is not None]
    if ends:
        yield (
            "certificates",
            f"{_days(ends[0].seconds_left)} left of {ends[0].setting}"
            + (f", more of {len(ends) - 1} others" if len(ends) > 1 else ""),
        )
    else:
        yield "certificates", "none watched" if not own.certificates else "unknown: not readable"
    for login in own.logins:
        yield "login", _login(login)


def _key(one: KeyInUse, look: JobLook) -> str:
    if not look.own.jobmanager or not look.own.taskmanagers:
        silent = "TaskManagers" if look.own.jobmanager else "JobManager"
        return f"{one.id} (of the {silent} unknown)"
    if one.jobmanager and one.taskmanagers >= look.taskmanagers:
        return one.id
    parts = ["the JobManager"] if one.jobmanager else []
    return f"{one.id} ({', '.join([*parts, f'{one.taskmanagers} TaskManagers'])})"


def _login(one: LoginFigure) -> str:
    version = "" if one.kvno is None else f", key version {one.kvno} in the keytab"
    if not one.present:
        return f"{one.section}: its keytab or ticket cache cannot be read"
    left = one.ticket_seconds_left
    ticket = "ticket unknown" if left is None else f"ticket {span(left * 1000)} left"
    return f"{one.section}: {ticket}{version}"


def _days(seconds: float | None) -> str:
    return span((seconds or 0) * 1000)


def _of_flink(look: JobLook, now: int) -> Iterator[tuple[str, str]]:
    seen = look.checkpoints
    restarts = "unknown" if look.restarts is None else str(look.restarts)
    yield "restarts", f"{restarts} since this JobManager has it"
    every = f"one every {span(look.interval)}"
    last = _checkpoint(seen.last, now) if seen.last else "none yet"
    yield "checkpoint", f"{last}, {every}; {seen.completed} completed, {seen.failed} failed"
    if seen.last_savepoint:
        yield "savepoint", f"{_checkpoint(seen.last_savepoint, now)}, {seen.last_savepoint.path}"
    if seen.restored:
        yield "went on from", f"{seen.restored.path or seen.restored.id}"
    behind = [] if look.lag is None else [f"{look.lag:,} records not read yet"]
    if look.watermark_lag is not None:
        behind.append(f"watermark {span(look.watermark_lag)} behind the clock")
    if behind:
        yield "lag", ", ".join(behind)
    pressed = [one for one in look.pressure if one.back_pressured is not None]
    if pressed:
        most = max(pressed, key=lambda one: one.back_pressured or 0)
        yield "back-pressure", f"{most.back_pressured:.0%} at most, of {most.vertex}"
    busy = [one for one in look.pressure if one.busy is not None]
    if busy:
        most = max(busy, key=lambda one: one.busy or 0)
        yield "busiest", f"{most.busy:.0%}, {most.vertex}"


def _checkpoint(one: Checkpoint, now: int) -> str:
    return f"{span(now - one.completed)} ago, {size(one.size)} in {span(one.duration)}"


def as_dict(status: Status) -> dict[str, Any]:
    """Return the form of ``--json``; times in epoch milliseconds, spans in milliseconds."""
    found, look = status.workload, status.look
    told: dict[str, Any] = {
        "well": status.is_well,
        "namespace": status.namespace,
        "job_id": found.job_id,
        "image": found.image,
        "ended": found.ended or None,
        "taskmanagers": {"wanted": found.taskmanagers, "ready": found.ready_taskmanagers},
        "pods": [vars(pod) for pod in found.pods],
        "settings": vars(status.settings),
        "findings": findings_output.as_dicts(status.findings),
        "at": status.at,
    }
    if look is None:
        return told | {"state": None}
    seen = look.checkpoints
    told["taskmanagers"]["registered"] = look.taskmanagers
    return told | {
        "name": look.job.name,
        "state": look.job.state.value,
        "since": look.job.since,
        "restarts": look.restarts,
        "checkpoints": {
            "interval": look.interval,
            "completed": seen.completed,
            "failed": seen.failed,
            "last": vars(seen.last) if seen.last else None,
            "last_savepoint": vars(seen.last_savepoint) if seen.last_savepoint else None,
            "restored": vars(seen.restored) if seen.restored else None,
        },
        "lag": look.lag,
        "watermark_lag": look.watermark_lag,
        "vertices": [vars(one) for one in look.pressure],
        "processes": _processes(look.own),
    }


def _processes(own: OwnFigures) -> dict[str, Any] | None:
    """Return what metrics of ours tell; ``None`` if it is unknown."""
    if not own.is_known:
        return None
    return {
        "told": {"jobmanager": own.jobmanager, "taskmanagers": own.taskmanagers},
        "keys": [vars(one) for one in own.keys],
        "certificates": [vars(one) for one in own.certificates],
        "logins": [vars(one) for one in own.logins],
    }
