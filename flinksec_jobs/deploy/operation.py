# SPDX-License-Identifier: Apache-2.0
"""What a command is about to do, and how far it is: written down before every step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from flinksec_jobs.deploy.kept_json import KeptError, read_as, read_object
from flinksec_jobs.errors import DeployError

_OPERATION = "operation"
_PHASE = "phase-"


class Phase(StrEnum):
    """How far an operation is; each is entered before what it names is done."""

    STOPPING = "stopping"
    """The running job is stopped with a savepoint, by a trigger id that is written down."""
    SUSPENDING = "suspending"
    """The running job is ended without a savepoint; its checkpoints stay."""
    STOPPED = "stopped"
    """The job has ended. What the next goes on from is written down, and is now verified."""
    SWAPPING = "swapping"
    """Objects of the old version are taken away, those of the new one applied."""
    STARTING = "starting"
    """The new job is created, under an id that is written down."""
    ACCEPTING = "accepting"
    """The new job is watched."""
    REVERTING = "reverting"
    """The new job is taken away, because of what is written down."""
    RESTORING = "restoring"
    """Objects of the old version are applied again, and it is created under a third id."""
    CONFIRMING = "confirming"
    """The old version is watched."""


class Outcome(StrEnum):
    """What came of an operation."""

    ACCEPTED = "accepted"
    STOPPED = "stopped"
    RUNS_ON = "the job runs on"
    """It could not be stopped; nothing was changed."""
    UNDONE = "undone"
    """A first deployment was taken away again, by `flinksec rollback`."""
    ROLLED_BACK = "rolled back"
    NOT_ACCEPTED = "not accepted"
    """It was started, and is there, but did not prove that it runs; there was no way back."""
    ABANDONED = "abandoned"
    """Somebody else changed the job meanwhile, or it failed for good while it was stopped."""


@dataclass(frozen=True)
class Entry:
    """A phase that was entered.

    Attributes:
        phase: which.
        at: when, in epoch seconds.
        known: what was known from then on: fields of the operation.
    """

    phase: Phase
    at: float
    known: Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """An operation.

    Attributes:
        id: of its own.
        command: as on the command line.
        who: the account.
        started: in epoch seconds.
        source: revision that it leaves; ``None`` if there was nothing.
        target: revision that it goes to; ``None`` to stop.
        applied: revision whose objects are there, also where there is no way back to it.
        old_job: id of the job that it leaves; empty if none was there.
        old_uid: of the Kubernetes Job that it leaves; empty if none was there.
        form: of the savepoint.
        directory: where the savepoint goes.
        trigger: id under which the savepoint is asked for.
        checkpoints: directory of the old job's checkpoints, if it is known.
        origin: checkpoint or savepoint that the new job goes on from; empty for none.
        drop_state: whether state without an operator may be dropped.
        new_job: id of the new job.
        new_uid: of its Kubernetes Job.
        why: it is rolled back.
        back_origin: what the old version goes on from then.
        back_job: id of the old version's job then.
        repeats: whether records that the new job had committed are processed again.
        steady: how long a job must not restart to be accepted, in seconds.
        stopped_at: when the old job ended, in epoch seconds.
        running_at: when the next one ran.
        log: the phases that were entered.
    """

    id: str
    command: str
    who: str
    started: float
    source: int | None = None
    target: int | None = None
    applied: int | None = None
    old_job: str = ""
    old_uid: str = ""
    form: str = "CANONICAL"
    directory: str = ""
    trigger: str = ""
    checkpoints: str = ""
    origin: str = ""
    drop_state: bool = False
    new_job: str = ""
    new_uid: str = ""
    why: str = ""
    back_origin: str = ""
    back_job: str = ""
    repeats: bool = False
    steady: float = 60.0
    stopped_at: float = 0.0
    running_at: float = 0.0
    log: tuple[Entry, ...] = ()

    @property
    def phase(self) -> Phase:
        """How far it is."""
        return self.log[-1].phase

    @property
    def only_watches(self) -> bool:
        """Whether it has started nothing: it waits for a job that was not accepted before."""
        return self.log[0].phase is Phase.ACCEPTING

    @property
    def is_watched_again(self) -> bool:
        """Whether another command watched before: what went wrong until now does not count."""
        return self.only_watches or [one.phase for one in self.log].count(self.phase) > 1

    @property
    def has_way_back(self) -> bool:
        """Whether another version was left, and with something that it can go on from."""
        return self.source is not None and self.source != self.target and bool(self.origin)

    @property
    def can_be_undone(self) -> bool:
        """Whether `flinksec rollback` goes back from it, in place of going on with it."""
        return self.command != "rollback" and self.source is not None

    def enter(self, phase: Phase, at: float, **known: Any) -> Operation:
        """Return it in the next phase, with what is known by then."""
        return replace(self, log=(*self.log, Entry(phase, at, known)), **known)

    def as_data(self) -> dict[str, str]:
        """Return it for a ConfigMap: one key for what it began with, and one for each phase."""
        known = {name for entry in self.log for name in entry.known}
        began = {
            name: value
            for name, value in asdict(self).items()
            if name != "log" and (name not in known) and value not in {None, ""}
        }
        data = {_OPERATION: _json(began)}
        for number, entry in enumerate(self.log, 1):
            key = f"{_PHASE}{number:02}-{entry.phase}"
            data[key] = _json({"at": entry.at, **entry.known})
        return data

    @classmethod
    def of_data(cls, data: Mapping[str, str]) -> Operation | None:
        """Read it from a ConfigMap, ``None`` if there is none.

        Raises:
            DeployError: a newer version of this program wrote it, or somebody changed it.
        """
        if _OPERATION not in data:
            return None
        try:
            values = read_object(data[_OPERATION])
            log = []
            for key in sorted((one for one in data if one.startswith(_PHASE)), key=_number):
                entered = read_object(data[key])
                at = entered.pop("at")
                values |= entered
                log.append(Entry(Phase(key.split("-", 2)[2]), float(at), entered))
            if not log:
                raise KeptError("it has no phase")
            return replace(read_as(cls, json.dumps(values)), log=tuple(log))
        except (ValueError, KeyError, TypeError) as error:
            raise DeployError(
                f"the record of what the last command did is not understood: {error}",
                hint="run the same or a newer version of flinksec-jobs; if somebody has edited it, "
                f"put back what it was; else remove the keys {_OPERATION} and {_PHASE}… of "
                "ConfigMap flinksec-record by `kubectl edit`, and see with `flinksec status` what "
                "runs",
            ) from error


def _number(key: str) -> int:
    return int(key.split("-", 2)[1])


def is_operation_key(key: str) -> bool:
    """Whether a key of the ConfigMap belongs to an operation."""
    return key == _OPERATION or key.startswith(_PHASE)


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
