# SPDX-License-Identifier: Apache-2.0
"""What our own metrics tell of a job's processes: the key in use, certificates, logins.

They are asked for over Flink's REST, which fetches metrics late: whoever asks first gets none. So
it is asked again for a while, and what then has not come is unknown, which is no absence.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from flinksec_jobs.monitoring.catalogue import OwnMetric, metric
from flinksec_jobs.monitoring.watched import setting_of

KEY = metric("key.inUse")
ENDS, READABLE = metric("certificate.secondsLeft"), metric("certificate.readable")
TICKET, PRESENT = metric("login.ticketSecondsLeft"), metric("login.present")
VERSION = metric("login.kvno")
# Every process that has metrics of ours has this one.
ALWAYS = metric("failedUnseals")
_TRIES, _PAUSE_SECONDS = 12, 0.5


class Rest(Protocol):
    """What is asked of Flink's REST: `flink_rest.FlinkRest` has it."""

    def jobmanager_metric_names(self) -> list[str]:
        """Return the names of the JobManager's metrics."""

    def jobmanager_metrics(self, names: Sequence[str]) -> dict[str, float]:
        """Return metrics of the JobManager."""

    def taskmanager_metric_names(self) -> list[str]:
        """Return the names of the TaskManagers' metrics."""

    def taskmanager_metrics(self, names: Sequence[str], of: str) -> dict[str, float]:
        """Return metrics of the TaskManagers, put together."""


@dataclass(frozen=True)
class KeyInUse:
    """A key of state that seals what is written now.

    Attributes:
        id: of the key; where it has a dot, Flink's REST writes ``_``.
        jobmanager: whether the JobManager uses it.
        taskmanagers: how many TaskManagers use it.
    """

    id: str
    jobmanager: bool
    taskmanagers: int


@dataclass(frozen=True)
class CertificateFigure:
    """A certificate that processes use, at the one where it ends first.

    Attributes:
        setting: that names its file.
        seconds_left: until it ends; negative afterwards; ``None`` if that is unknown.
        readable: whether all could read its file a moment ago.
    """

    setting: str
    seconds_left: float | None
    readable: bool


@dataclass(frozen=True)
class LoginFigure:
    """A Kerberos login, at the process that is worst off.

    A keytab has no end; it is the ticket that it gets which ends.

    Attributes:
        section: of the settings.
        ticket_seconds_left: of the last login that worked; ``None`` if that is unknown.
        present: whether all could read its keytab or tickets.
        kvno: the lowest of the newest versions of its keys; 0 if a keytab has none of the
            principal, ``None`` for tickets.
    """

    section: str
    ticket_seconds_left: float | None
    present: bool
    kvno: int | None


@dataclass(frozen=True)
class OwnFigures:
    """What a job's processes tell.

    Attributes:
        jobmanager: whether the JobManager has told.
        taskmanagers: whether TaskManagers have told.
        keys: in use; empty if nothing was sealed yet, or state is not sealed.
        certificates: the first to end first.
        logins: by their sections.
    """

    jobmanager: bool = False
    taskmanagers: bool = False
    keys: tuple[KeyInUse, ...] = ()
    certificates: tuple[CertificateFigure, ...] = ()
    logins: tuple[LoginFigure, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether any process has told."""
        return self.jobmanager or self.taskmanagers


def own_figures(
    rest: Rest, *, workers: bool, sleep: Callable[[float], None] = time.sleep
) -> OwnFigures:
    """Ask for all of it, again and again for some seconds as long as processes have told nothing.

    Args:
        rest: Flink's REST.
        workers: whether TaskManagers are registered.
        sleep: waits for some seconds.

    Raises:
        RestUnreachableError: there is no answer.
        RestRefusedError: the answer is an error.
    """
    manager: list[str] = []
    others: list[str] = []
    for number in range(_TRIES):
        if number:
            sleep(_PAUSE_SECONDS)
        manager = rest.jobmanager_metric_names()
        others = rest.taskmanager_metric_names() if workers else []
        if _has_ours(manager) and (not workers or _has_ours(others)):
            break
    own = _values(manager, rest.jobmanager_metrics)
    least = _values(others, lambda names: rest.taskmanager_metrics(names, "min"))
    keys = [name for name in others if KEY.label_of(name) is not None]
    users = _values(keys, lambda names: rest.taskmanager_metrics(names, "sum"))
    least = {name: value for name, value in least.items() if name not in keys}
    return OwnFigures(
        jobmanager=_has_ours(manager),
        taskmanagers=_has_ours(others),
        keys=tuple(_keys(own, users)),
        certificates=tuple(_certificates(own, least)),
        logins=tuple(_logins(own, least)),
    )


def _has_ours(names: Sequence[str]) -> bool:
    return ALWAYS.in_rest() in names


def _values(
    names: Sequence[str], ask: Callable[[Sequence[str]], Mapping[str, float]]
) -> Mapping[str, float]:
    metrics = (KEY, ENDS, READABLE, TICKET, PRESENT, VERSION)
    wanted = [name for name in names if any(one.label_of(name) is not None for one in metrics)]
    return ask(wanted) if wanted else {}


def _least(of: OwnMetric, *found: Mapping[str, float]) -> dict[str, float]:
    """Return the lowest value of each label."""
    least: dict[str, float] = {}
    for values in found:
        for name, value in values.items():
            if (label := of.label_of(name)) is not None:
                least[label] = min(value, least.get(label, value))
    return least


def _keys(own: Mapping[str, float], users: Mapping[str, float]) -> list[KeyInUse]:
    found = []
    for name in sorted({*own, *users}):
        label = KEY.label_of(name)
        if label is not None and (own.get(name) or users.get(name)):
            found.append(KeyInUse(label, bool(own.get(name)), int(users.get(name, 0))))
    return found


def _certificates(*found: Mapping[str, float]) -> list[CertificateFigure]:
    ends, readable = _least(ENDS, *found), _least(READABLE, *found)
    figures = [
        CertificateFigure(setting_of(label), ends.get(label), bool(readable.get(label, 1)))
        for label in {*ends, *readable}
    ]
    return sorted(figures, key=lambda one: (one.seconds_left or 0, one.setting))


def _logins(*found: Mapping[str, float]) -> list[LoginFigure]:
    tickets, present = _least(TICKET, *found), _least(PRESENT, *found)
    versions = _least(VERSION, *found)
    return [
        LoginFigure(
            setting_of(label),
            tickets.get(label),
            bool(present.get(label, 1)),
            int(versions[label]) if label in versions else None,
        )
        for label in sorted({*tickets, *present, *versions})
    ]
