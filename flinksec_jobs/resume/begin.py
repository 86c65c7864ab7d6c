# SPDX-License-Identifier: Apache-2.0
"""The start of a job that has state: what it goes on from, told, and put on record."""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from flinksec_jobs import state
from flinksec_jobs.errors import ResumeError, SealedStateError
from flinksec_jobs.resume import identity, job_record, one_run
from flinksec_jobs.resume.job_record import JobRecord, Start
from flinksec_jobs.resume.named import Named, replacement
from flinksec_jobs.resume.origin import found_of, name_of, origin_of
from flinksec_jobs.resume.request import Request
from flinksec_jobs.resume.snapshots import Snapshot, VanishedError

if TYPE_CHECKING:
    from flinksec_jobs.sealed import KeyProvider

CLAIM_MODE = "execution.state-recovery.claim-mode"
JOB_ID = "$internal.pipeline.job-id"
_LOOKS = 10
_PAUSE_SECONDS = 0.5


@dataclass
class Begun:
    """A start that is on record.

    Attributes:
        options: what Flink is to be told.
        record: what was written.
    """

    options: dict[str, str]
    record: JobRecord
    _write: Callable[[JobRecord], None] = field(repr=False)

    def finished(self, *, stopped: bool = False) -> None:
        """Put on record that the job has ended well: what it began from is then done with.

        Args:
            stopped: it was stopped with a savepoint, also if it would have ended by itself.
        """
        bounded = self.record.bounded and not stopped
        self._write(replace(self.record, finished=True, bounded=bounded))


@contextmanager
def begin(request: Request) -> Iterator[Begun]:
    """Decide where a job goes on from, write it down, and keep others from running it meanwhile.

    Raises:
        ResumeError: it is not clear, belongs to another job, or another process runs the job.
        SealedStateError: what it would go on from is not whole.
        KeyRingError: the keys cannot be used.
    """
    with ExitStack() as stack:
        keys: KeyProvider | None = None
        if request.settings.providers:
            keys = stack.enter_context(state.open_keys(request.settings))
        sealing = keys if request.settings.sealed else None
        directory = request.directory
        if not request.in_cluster:  # there the program ends before the job does
            holder = _last_holder(directory, keys)
            stack.enter_context(one_run.held(directory, request.job, sealing, holder))
        before = _record(request, keys)
        if before is not None:
            identity.check_owner(before.job, request.job, request.accept, directory)
        found, origin = _settled(request, before, keys)
        after = _next(request, before, found, origin)

        def write(new: JobRecord) -> None:
            job_record.write(directory, new, sealing)

        write(after)
        yield Begun(_options(request, after, origin), after, write)


def would_begin_from(request: Request) -> str | None:
    """Return the URI of what a start would go on from, and leave everything as it is.

    A checkpoint of a running job that is named may be gone by now: then the one that has taken its
    place counts.

    Raises:
        ResumeError: that is not clear, or another job's.
        SealedStateError: it is not whole.
        KeyRingError: the keys cannot be used.
    """
    with ExitStack() as stack:
        keys: KeyProvider | None = None
        if request.settings.providers:
            keys = stack.enter_context(state.open_keys(request.settings))
        before = _record(request, keys)
        if before is not None:
            identity.check_owner(before.job, request.job, request.accept, request.directory)
        for _ in range(_LOOKS):
            try:
                _, origin = _settled(request, before, keys)
                break
            except (ResumeError, VanishedError):
                newer = replacement(request.named) if request.named else None
                if newer is None:
                    raise
                request = replace(request, named=newer)
        else:
            _, origin = _settled(request, before, keys)
    return origin.uri if origin else None


def _last_holder(directory: Path, keys: KeyProvider | None) -> str:
    """Who started the job last, if anybody can tell."""
    try:
        found = job_record.read(directory, keys, sealed=False)
    except SealedStateError:
        found = None
    return found.start.holder if found and found.start.holder else "another process"


def _settled(
    request: Request, before: JobRecord | None, keys: KeyProvider | None
) -> tuple[list[Snapshot], Named | None]:
    """Look, and look again while Flink removes what was seen.

    With high availability it has started the job again already, before the job's program runs.
    """
    for _ in range(_LOOKS - 1):
        found = found_of(request, before)
        try:
            return found, origin_of(request, before, found, keys)
        except VanishedError:
            time.sleep(_PAUSE_SECONDS)
    found = found_of(request, before)
    return found, origin_of(request, before, found, keys)


def _record(request: Request, keys: KeyProvider | None) -> JobRecord | None:
    try:
        return job_record.read(request.directory, keys, sealed=request.settings.sealed)
    except SealedStateError:
        if request.explicit is None and request.resume != "never":
            raise
        return None  # both are told where to begin, and write it anew


def _next(
    request: Request, before: JobRecord | None, found: Sequence[Snapshot], origin: Named | None
) -> JobRecord:
    directory = request.directory
    names = [name_of(request, snapshot) for snapshot in found]
    start = Start(
        number=before.start.number + 1 if before else 1,
        at_ms=time.time_ns() // 1_000_000,
        job_id=request.job_id or uuid.uuid4().hex,
        origin=_origin_name(origin, directory),
        origin_id=origin.whole.number if origin and origin.whole else None,
        owned=origin is not None and origin.owned,
        highly_available=request.highly_available,
        holder=f"process {os.getpid()} on {socket.gethostname()}",
    )
    return JobRecord(
        job=request.job,
        uses=tuple(sorted(request.uses)),
        start=start,
        before=tuple(names),
        named=request.named,
        bounded=request.bounded,
    )


def _origin_name(origin: Named | None, directory: Path) -> str | None:
    if origin is None:
        return None
    if origin.whole is None:
        return origin.uri
    return os.path.relpath(origin.whole.snapshot.directory, directory)


def _options(request: Request, after: JobRecord, origin: Named | None) -> dict[str, str]:
    # With high availability the id tells which job Flink remembers, so it is Flink's own.
    own_id = request.job_id is None and not request.highly_available
    options = {JOB_ID: after.start.job_id} if own_id else {}
    if origin is not None:
        options[state.RECOVERY_PATH] = origin.uri
        options[CLAIM_MODE] = "CLAIM" if after.start.owned else "NO_CLAIM"
    return options
