# SPDX-License-Identifier: Apache-2.0
"""The one rule for where a job goes on from.

The newest complete checkpoint or savepoint of its last start, by Flink's own numbers; if that
start left none, what it had begun from itself. All that was there when it began has been replaced
by it, whatever clock or file time it has. Where this does not tell, nothing is guessed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from flinksec_jobs.errors import ResumeError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.resume.job_record import JobRecord
from flinksec_jobs.resume.snapshots import (
    METADATA,
    Kind,
    Snapshot,
    Whole,
    is_savepoint_of,
)

_WAY_OUT = (
    "name what to go on from, `flinksec run --from-savepoint PATH`, or set job.resume = "
    '"never" once to start from nothing'
)


class Nothing(Enum):
    """Why there is nothing to go on from."""

    NEVER_RAN = auto()
    NOTHING_COMPLETED = auto()
    FINISHED = auto()


@dataclass(frozen=True)
class Situation:
    """What lies in a job's directory.

    Attributes:
        directory: the job's.
        record: of its last start, if there is one.
        found: all checkpoints and savepoints.
        examine: reads one; ``None`` if its writer was killed.
        ends_job: whether a savepoint is one that its job was to end with.
        passed_over: called with each that was never completed.
    """

    directory: Path
    record: JobRecord | None
    found: Sequence[Snapshot]
    examine: Callable[[Snapshot], Whole | None]
    ends_job: Callable[[Snapshot], bool]
    passed_over: Callable[[Snapshot], None]

    def name(self, snapshot: Snapshot) -> str:
        """Return a snapshot as records name it: by its path from the job's directory."""
        return os.path.relpath(snapshot.directory, self.directory)


def choose(situation: Situation) -> Whole | Nothing:
    """Apply the rule.

    Raises:
        ResumeError: state is missing, or it is not clear which one is the newest.
        SealedStateError: the one to go on from was altered, or its key is missing.
    """
    record = situation.record
    if record is None:
        return _without_record(situation)
    own = _of_last_start(situation, record)
    whole, torn = _examined(situation, own)
    if record.finished:
        # Savepoints that it took on its way are older than its end.
        whole = [found for found in whole if _ends_job(situation, found)]
    if whole:
        newest = max(whole, key=lambda found: found.number)
        if all(found.snapshot.kind is Kind.SAVEPOINT for found in whole):
            _refuse_old_savepoint(situation, record, newest, torn)
        for snapshot in torn:
            situation.passed_over(snapshot)
        return newest
    if record.finished and not record.bounded:
        raise ResumeError(
            f"the job {record.job} was stopped with a savepoint, and none of its last start "
            f"(number {record.start.number}) is in {escaped(situation.directory)}",
            hint=f"if it was moved away: {_WAY_OUT}",
        )
    _refuse_lost_checkpoints(situation, record, torn)
    if record.finished:
        # Flink removes a savepoint that has failed, so one of a job that lived on was whole.
        if cut := [found for found in torn if found.kind is Kind.SAVEPOINT]:
            raise _lost(
                situation,
                f"the job {record.job} has ended, its savepoint {escaped(cut[0].directory)} is "
                "cut short, and there is",
            )
        return Nothing.FINISHED
    for snapshot in torn:
        situation.passed_over(snapshot)
    return _where_it_began(situation, record)


def _without_record(situation: Situation) -> Whole | Nothing:
    """State of a version that kept no record: the newest by the time of its creation."""
    if not situation.found:
        return Nothing.NEVER_RAN
    whole, torn = _examined(situation, situation.found)
    if not whole:
        raise _lost(
            situation, f"the {torn[0].kind} {escaped(torn[0].directory)} is cut short, and there is"
        )
    for snapshot in torn:
        situation.passed_over(snapshot)
    return max(whole, key=lambda found: (found.created_at_ms, found.number))


def _of_last_start(situation: Situation, record: JobRecord) -> list[Snapshot]:
    """Return what the last start has made; refuses what nobody has."""
    known = set(record.before)
    new = [found for found in situation.found if situation.name(found) not in known]
    own = [found for found in new if _is_of(found, record.start.job_id)]
    strange = [found for found in new if found not in own and situation.examine(found)]
    if strange:
        raise ResumeError(
            f"it is not clear where the job {record.job} goes on from: the {strange[0].kind} "
            f"{escaped(strange[0].directory)} was made by none of its recorded starts",
            hint=f"it was put there, or a job ran without its record; {_WAY_OUT}",
        )
    return own


def _is_of(snapshot: Snapshot, job_id: str) -> bool:
    if snapshot.kind is Kind.CHECKPOINT:
        return snapshot.run == job_id
    return is_savepoint_of(snapshot, job_id)


def _examined(
    situation: Situation, snapshots: Sequence[Snapshot]
) -> tuple[list[Whole], list[Snapshot]]:
    whole, torn = [], []
    for snapshot in snapshots:
        found = situation.examine(snapshot)
        if found is None:
            torn.append(snapshot)
        else:
            whole.append(found)
    return whole, torn


def _ends_job(situation: Situation, found: Whole) -> bool:
    return found.snapshot.kind is Kind.SAVEPOINT and situation.ends_job(found.snapshot)


def _refuse_old_savepoint(
    situation: Situation, record: JobRecord, newest: Whole, torn: Sequence[Snapshot]
) -> None:
    """Refuse a savepoint of a job that went on after it, and whose checkpoints are gone.

    Flink removes a job's checkpoints when it ends well, and never while it runs.
    """
    cut = [found for found in torn if (found.number or 0) > newest.number + 1]
    origin = record.start.origin
    # Flink removes the checkpoint that a start was given for its own when a newer one is whole.
    replaced = record.start.owned and origin not in {*map(situation.name, situation.found)}
    went_on = newest.number > _first(record) or replaced
    went_on = went_on and not _ends_job(situation, newest)
    if cut or went_on:
        raise ResumeError(
            f"it is not clear where the job {record.job} goes on from: it has the savepoint "
            f"{escaped(newest.snapshot.directory)}, did not end with it, and "
            "no complete checkpoint of it is left",
            hint=_WAY_OUT,
        )


def _first(record: JobRecord) -> int:
    return (record.start.origin_id or 0) + 1


def _refuse_lost_checkpoints(
    situation: Situation, record: JobRecord, torn: Sequence[Snapshot]
) -> None:
    """Refuse a cut checkpoint that had whole ones before it.

    Flink removes a checkpoint when the next one is whole. So one whose writer was killed lies
    beside the one before, or is the first of its start.
    """
    if record.start.owned:
        return  # as long as what it began from is there, it has completed none
    for snapshot in torn:
        if snapshot.number is not None and snapshot.number > _first(record):
            raise _lost(
                situation,
                f"the checkpoint {escaped(snapshot.directory)} is cut short, and there is",
            )


def _where_it_began(situation: Situation, record: JobRecord) -> Whole | Nothing:
    origin = record.start.origin
    if origin is None:
        return Nothing.NOTHING_COMPLETED
    if "://" in origin:
        raise ResumeError(
            f"the job {record.job} began from {escaped(origin)} and left no checkpoint of its own",
            hint=_WAY_OUT,
        )
    # By the letter, as the record names it: a link on the way would lead `..` elsewhere.
    directory = Path(os.path.normpath(situation.directory / origin))
    snapshot = next((s for s in situation.found if situation.name(s) == origin), None)
    if snapshot is None:
        snapshot = _elsewhere(directory)
    if snapshot is None:
        raise _lost(
            situation,
            f"the job {record.job} began from {escaped(origin)}, which is gone, and there is",
        )
    whole = situation.examine(snapshot)
    if whole is None:
        raise _lost(
            situation,
            f"the {snapshot.kind} {escaped(snapshot.directory)} that the job {record.job} began "
            "from is cut short, and there is",
        )
    return whole


def _elsewhere(directory: Path) -> Snapshot | None:
    """Return what an earlier start was told to begin from, outside the job's directory."""
    try:
        (directory / METADATA).stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ResumeError(
            f"{escaped(directory)}, from which the job began, cannot be looked at", hint=_WAY_OUT
        ) from error
    number = directory.name.removeprefix("chk-")
    if directory.name != number and number.isdecimal():
        return Snapshot(Kind.CHECKPOINT, directory, directory.parent.name, int(number))
    return Snapshot(Kind.SAVEPOINT, directory, "", None)


def _lost(situation: Situation, what: str) -> ResumeError:
    return ResumeError(
        f"{what} no other one to go on from in {escaped(situation.directory)}: state is lost",
        hint=f"restore it from a backup; {_WAY_OUT}",
    )
