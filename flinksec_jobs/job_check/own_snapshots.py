# SPDX-License-Identifier: Apache-2.0
"""All checkpoints and savepoints of a job, of all its starts, and the one that it would go on from.

The rule is that of `flinksec_jobs.resume`, and its record is read as it reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flinksec_jobs import job_name, state
from flinksec_jobs.errors import FlinkSecError, ResumeError, SealedStateError, SettingsError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.job_check.facts import StateFacts
from flinksec_jobs.resume import job_record
from flinksec_jobs.resume.choice import Situation, choose
from flinksec_jobs.resume.job_record import JobRecord
from flinksec_jobs.resume.origin import SAVEPOINTS, found_of, name_of
from flinksec_jobs.resume.request import Request
from flinksec_jobs.resume.snapshots import (
    Kind,
    Snapshot,
    Whole,
    examine,
    find,
    is_savepoint_of,
)
from flinksec_jobs.runtime.graph import Contents

if TYPE_CHECKING:
    from flinksec_jobs.sealed import KeyProvider
    from flinksec_jobs.settings import StateSettings


@dataclass(frozen=True)
class OwnJob:
    """A job, as its directory of state has it.

    Attributes:
        name: its name.
        settings: of its state, on a mounted directory.
        record: of its last start.
        alone: whether no other job keeps its state in the same ``state.directory``.
    """

    name: str
    settings: StateSettings
    record: JobRecord
    alone: bool

    def request(self, contents_of: Callable[[str], Contents] = lambda _: Contents()) -> Request:
        """Return what is known of a next start."""
        return Request(
            job=self.name,
            settings=self.settings,
            resume="required",
            in_cluster=True,
            contents_of=contents_of,
        )

    def uri(self, snapshot: Snapshot) -> str:
        """Return a snapshot as Flink gets it."""
        scheme = state.SEALED if self.settings.sealed else ""
        return f"{scheme}file://{snapshot.directory}"


@dataclass(frozen=True)
class Seen:
    """A checkpoint or savepoint.

    Attributes:
        snapshot: it.
        whole: what was read of its metadata; ``None`` if it has not been completed.
        error: why its metadata cannot be used.
        of_last_start: whether the last start made it.
    """

    snapshot: Snapshot
    whole: Whole | None
    error: FlinkSecError | None
    of_last_start: bool

    @property
    def order(self) -> tuple[bool, int, int]:
        """By which the newest of a job comes last.

        Of one start Flink's numbers count. Of older ones there are only the times of their headers.
        """
        if self.whole is None:
            return False, 0, 0
        number = self.whole.number if self.of_last_start else 0
        return self.of_last_start, number, self.whole.created_at_ms


def own_job(settings: StateSettings, keys: KeyProvider | None, name: str | None) -> OwnJob:
    """Find the job that keeps its state in ``state.directory``.

    Args:
        settings: of its state.
        keys: those of the settings.
        name: the job's; needed only where several jobs share the directory.

    Raises:
        ResumeError: there is none, or several and no name.
        SettingsError: state is where nobody can look.
        SealedStateError: something could not be looked at.
    """
    base = state.local_path(settings.uri)
    records = _records(base, keys, sealed=settings.sealed)
    if name is None and len(records) == 1:
        (name,) = records
    if name is None or name not in records:
        there = ", ".join(sorted(map(escaped, records))) or "none"
        wanted = f"no record of the job {name}" if name else "not the record of one job"
        raise ResumeError(
            f"there is {wanted} in {escaped(base)}; jobs there: {there}",
            hint="name the job, --job NAME" if records else "a job has one once it has started",
        )
    return OwnJob(name, settings, records[name], alone=len(records) == 1)


def _records(base: Path, keys: KeyProvider | None, *, sealed: bool) -> dict[str, JobRecord]:
    try:
        paths = sorted(base.iterdir())
    except OSError as error:
        raise SettingsError(
            f"state.directory {escaped(base)} cannot be looked into: {error.strerror}",
            hint="mount the job's volume there",
        ) from error
    found = {}
    for path in paths:
        if job_name.may_be_file_name(path.name) and path.is_dir():
            record = job_record.read(path, keys, sealed=sealed)
            if record is not None:
                found[record.job] = record
    return found


def snapshots_of(
    job: OwnJob, keys: KeyProvider | None, known_ids: Collection[str] = ()
) -> list[Seen]:
    """Look at all checkpoints and savepoints of a job, the newest first.

    Args:
        job: whose.
        keys: of sealed state.
        known_ids: Flink's ids of earlier starts. Where several jobs share the directory of
            savepoints, only those of ids that are known are the job's.

    Raises:
        SealedStateError: a directory could not be looked into.
    """
    request = job.request()
    ids = {job.record.start.job_id, *known_ids}
    found = {one.directory: one for one in find(request.directory)}
    for one in find(request.directory.with_name(SAVEPOINTS)):
        if job.alone or any(is_savepoint_of(one, id_) for id_ in ids):
            found[one.directory] = one
    seen = [_seen(job, one, request, keys) for one in found.values()]
    return sorted(seen, key=lambda one: one.order, reverse=True)


def _seen(job: OwnJob, one: Snapshot, request: Request, keys: KeyProvider | None) -> Seen:
    start = job.record.start
    by_last = (
        one.run == start.job_id if one.kind is Kind.CHECKPOINT
        else is_savepoint_of(one, start.job_id)
    )  # fmt: skip
    of_last = by_last and name_of(request, one) not in job.record.before
    try:
        whole = examine(one, keys if job.settings.sealed else None)
    except SealedStateError as error:
        return Seen(one, None, error, of_last)
    return Seen(one, whole, None, of_last)


def choice_of(job: OwnJob, keys: KeyProvider | None, facts: Mapping[str, StateFacts]) -> str | None:
    """Return the URI of what the job would go on from; ``None`` is nothing.

    Args:
        job: which.
        keys: of sealed state.
        facts: of each of its checkpoints and savepoints, by its URI.

    Raises:
        ResumeError: that is not clear.
        SealedStateError: it is not whole.
    """

    def contents(uri: str) -> Contents:
        told = facts.get(uri)
        return Contents(ends_job=told is not None and told.ends_job)

    request = job.request(contents)
    used = keys if job.settings.sealed else None
    chosen = choose(
        Situation(
            request.directory,
            job.record,
            found_of(request, job.record),
            lambda one: examine(one, used),
            lambda one: contents(job.uri(one)).ends_job,
            lambda _: None,
        )
    )
    return job.uri(chosen.snapshot) if isinstance(chosen, Whole) else None


def needed_by_the_rule(job: OwnJob) -> set[Path]:
    """Return what a next start may go on from although it is not the newest: where it began."""
    origin = job.record.start.origin
    found = set()
    if origin is not None and "://" not in origin:
        found.add(Path(job.request().directory, origin).resolve())
    return found
