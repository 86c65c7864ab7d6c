# SPDX-License-Identifier: Apache-2.0
"""Ends a local run through its REST server, with a savepoint or without."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flinksec_jobs.errors import ResumeError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.resume.snapshots import savepoints
from flinksec_jobs.runtime import running
from flinksec_jobs.runtime.rest import RestClient, RestRefusedError, RestUnreachableError
from flinksec_jobs.runtime.running import RunningJob

_SEALED = "sealed+"
_SAVEPOINT_DIRECTORY = "execution.checkpointing.savepoint-dir"
_POLL_SECONDS = 0.3
_NOT_FOUND = 404


def stop_with_savepoint(
    job: RunningJob, directory: str | None, *, in_clear: bool, timeout: float
) -> str:
    """Let a job write a savepoint and end.

    Args:
        job: which.
        directory: where to, a path or URI; by default the job's own directory of state.
        in_clear: write it in clear although the job's state is sealed.
        timeout: in seconds.

    Returns:
        Where the savepoint is, as Flink names it.

    Raises:
        ResumeError: it did not work; says whether the job still runs.
        RestUnreachableError: the job has ended meanwhile.
    """
    rest = job.connect()
    target = _target(job, directory, _default(rest), in_clear=in_clear)
    trigger = uuid.uuid4().hex  # ours, so that a repeated request is the same one
    body = {"targetDirectory": target, "drain": False, "triggerId": trigger}
    there = _savepoints(target, job)
    running.told_to_stop(job, stops=True)
    rest.post(f"/jobs/{job.job_id}/stop", body)
    path = f"/jobs/{job.job_id}/savepoints/{trigger}"
    try:
        answer = _wait(lambda: _completed(rest, path), timeout, job, "the savepoint")
    except RestUnreachableError:
        # The server of a local run ends with its job, whether somebody has asked or not.
        _wait(lambda: not _still_announced(job), timeout, job, "the end")
        return _new_savepoint(job, target, there)
    operation = answer["operation"]
    if "location" in operation:
        _wait(lambda: not _still_announced(job), timeout, job, "the end")
        return str(operation["location"])
    running.told_to_stop(job, stops=False)
    cause = _first_line(operation.get("failure-cause", {}))
    raise ResumeError(
        f"the job {job.name} was not stopped with a savepoint: {cause}",
        hint="it goes on, unless its own output says that it failed; if the reason names a "
        "savepoint that was created, the job has gone on after it: do not start from that one",
    )


def cancel(job: RunningJob, timeout: float) -> None:
    """Cancel a job, which keeps its last checkpoint.

    Raises:
        ResumeError: it does not end.
        RestUnreachableError: it has ended meanwhile.
    """
    rest = job.connect()
    rest.patch(f"/jobs/{job.job_id}?mode=cancel")
    _wait(lambda: not _still_announced(job), timeout, job, "the end")


def _savepoints(target: str, job: RunningJob) -> set[Path]:
    """Return the complete savepoints of a job in a directory; none where only Flink can look."""
    plain = target.removeprefix(_SEALED)
    if not plain.startswith("file:"):
        return set()
    directory = Path("/" + plain.removeprefix("file:").lstrip("/"))
    return {found.directory for found in savepoints(directory, job.job_id)}


def _new_savepoint(job: RunningJob, target: str, there: set[Path]) -> str:
    new = _savepoints(target, job) - there
    if len(new) != 1:
        raise ResumeError(
            f"the job {job.name} has ended, and did not say with which savepoint",
            hint=f"look for savepoint-{job.job_id[:6]}-… in {escaped(target)}; without one it has "
            f"failed, and its next start goes on from its last checkpoint; its log: {job.log_file}",
        )
    scheme = _SEALED if target.startswith(_SEALED) else ""
    return f"{scheme}file:{new.pop()}"


def _default(rest: RestClient) -> str | None:
    options = {entry["key"]: entry["value"] for entry in rest.get("/jobmanager/config")}
    return options.get(_SAVEPOINT_DIRECTORY)


def _target(job: RunningJob, directory: str | None, default: str | None, *, in_clear: bool) -> str:
    if directory is None:
        if default is None:
            raise ResumeError(
                f"the job {job.name} has no directory for savepoints: its settings have no [state]",
                hint="name one, in clear: --savepoint DIR --in-clear; or stop it without one",
            )
        if in_clear and default.startswith(_SEALED):
            raise ResumeError(
                "a savepoint in clear has no place in the job's own directory",
                hint="name another one: --savepoint DIR --in-clear",
            )
        return default
    plain = directory.removeprefix(_SEALED)
    uri = plain if "://" in plain else f"file://{Path(plain).absolute()}"
    is_sealed = default is not None and default.startswith(_SEALED)
    if in_clear:
        if directory.startswith(_SEALED):
            raise ResumeError(
                "--in-clear contradicts the scheme sealed+", hint="leave one of them out"
            )
        return uri
    if is_sealed:
        if directory.startswith("file:"):
            raise ResumeError(
                f"{escaped(directory)} names a savepoint in clear, and the job's state is sealed",
                hint="write the path alone, or sealed+ before it; --in-clear if that is meant",
            )
        return _SEALED + uri
    if directory.startswith(_SEALED) or default is None:
        raise ResumeError(
            "the job's state is not sealed, so its savepoint cannot be",
            hint="name the directory without sealed+, and add --in-clear",
        )
    return uri


def _completed(rest: RestClient, path: str) -> dict[str, Any] | None:
    try:
        answer: dict[str, Any] = rest.get(path)
    except RestRefusedError as error:
        if error.status == _NOT_FOUND:
            return None  # not registered yet
        raise
    return answer if answer["status"]["id"] == "COMPLETED" else None


def _wait(found: Callable[[], Any], timeout: float, job: RunningJob, what: str) -> Any:
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if answer := found():
            return answer
        time.sleep(_POLL_SECONDS)
    raise ResumeError(
        f"{what} of the job {job.name} did not come within {timeout:.0f} s",
        hint=f"it may still come; its log is {job.log_file}",
    )


def _still_announced(job: RunningJob) -> bool:
    return any(found.job_id == job.job_id for found in running.jobs())


def _first_line(cause: dict[str, Any]) -> str:
    lines = str(cause.get("stack-trace", "")).splitlines()
    causes = [line for line in lines if line.startswith("Caused by: ")]
    text = causes[-1].removeprefix("Caused by: ") if causes else (lines or ["no reason given"])[0]
    return escaped(text)
