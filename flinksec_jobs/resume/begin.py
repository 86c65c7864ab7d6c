# SPDX-License-Identifier: Apache-2.0
"""The start of a job that has state: what it goes on from, told, and put on record."""

from __future__ import annotations

import logging
import os
import socket
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from flinksec_jobs import job_name, state
from flinksec_jobs.errors import ResumeError, SealedStateError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.resume import identity, lock, record
from flinksec_jobs.resume.choice import Nothing, Situation, choose
from flinksec_jobs.resume.named import Named, look
from flinksec_jobs.resume.record import Record, Start
from flinksec_jobs.resume.snapshots import (
    Kind,
    Snapshot,
    VanishedError,
    Whole,
    examine,
    find,
    savepoints,
)
from flinksec_jobs.runtime.graph import Contents

if TYPE_CHECKING:
    from flinksec_jobs.sealed import KeyProvider
    from flinksec_jobs.settings import StateSettings

Resume = Literal["latest", "required", "first", "never"]
CLAIM_MODE = "execution.state-recovery.claim-mode"
JOB_ID = "$internal.pipeline.job-id"
SAVEPOINTS = "savepoints"
_LOOKS = 10
_PAUSE_SECONDS = 0.5
_log = logging.getLogger("flinksec_jobs.resume")


@dataclass(frozen=True)
class Request:
    """What is known when a job is about to start.

    Attributes:
        job: its name.
        settings: of its state, on a mounted directory.
        resume: as in ``job.resume``.
        uses: its topics, indices and paths, ``reads Kafka topic orders``.
        accept: what of a checkpoint may belong elsewhere, ``job.accept``.
        bounded: whether all its sources end by themselves.
        job_id: Flink's id of this start, if it is decided already.
        in_cluster: whether the end of the job is not seen here.
        highly_available: whether Flink itself remembers the job of that id.
        explicit: the checkpoint or savepoint that the command line names for this start.
        named: the one that settings or cluster name, for the first start that sees it.
        contents_of: what Flink tells of a checkpoint, by its URI.
    """

    job: str
    settings: StateSettings
    resume: Resume
    uses: Collection[str] = ()
    accept: Collection[str] = ()
    bounded: bool = False
    job_id: str | None = None
    in_cluster: bool = False
    highly_available: bool = False
    explicit: str | None = None
    named: str | None = None
    contents_of: Callable[[str], Contents] = lambda _: Contents()

    @property
    def directory(self) -> Path:
        """The job's directory."""
        return state.local_path(state.job_directory(self.settings, self.job))


@dataclass
class Begun:
    """A start that is on record.

    Attributes:
        options: what Flink is to be told.
        record: what was written.
    """

    options: dict[str, str]
    record: Record
    _write: Callable[[Record], None] = field(repr=False)

    def finished(self) -> None:
        """Put on record that the job has ended well: what it began from is then done with."""
        self._write(replace(self.record, finished=True))


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
        if request.settings.keys or request.settings.pkcs11:
            keys = stack.enter_context(state.open_keys(request.settings))
        sealing = keys if request.settings.sealed else None
        directory = request.directory
        if not request.in_cluster:  # there the program ends before the job does
            holder = _last_holder(directory, keys)
            stack.enter_context(lock.held(directory, request.job, sealing, holder))
        before = _record(request, keys)
        if before is not None:
            identity.check_owner(before.job, request.job, request.accept, directory)
        found, origin = _settled(request, before, keys)
        after = _next(request, before, found, origin)

        def write(new: Record) -> None:
            record.write(directory, new, sealing)

        write(after)
        yield Begun(_options(request, after, origin), after, write)


def _last_holder(directory: Path, keys: KeyProvider | None) -> str:
    """Who started the job last, if anybody can tell."""
    try:
        found = record.read(directory, keys, sealed=False)
    except SealedStateError:
        found = None
    return found.start.holder if found and found.start.holder else "another process"


def _settled(
    request: Request, before: Record | None, keys: KeyProvider | None
) -> tuple[list[Snapshot], Named | None]:
    """Look, and look again while Flink removes what was seen.

    With high availability it has started the job again already, before the job's program runs.
    """
    for _ in range(_LOOKS - 1):
        found = _found(request, before)
        try:
            return found, _origin(request, before, found, keys)
        except VanishedError:
            time.sleep(_PAUSE_SECONDS)
    found = _found(request, before)
    return found, _origin(request, before, found, keys)


def _record(request: Request, keys: KeyProvider | None) -> Record | None:
    try:
        return record.read(request.directory, keys, sealed=request.settings.sealed)
    except SealedStateError:
        if request.explicit is None and request.resume != "never":
            raise
        return None  # both are told where to begin, and write it anew


def _found(request: Request, before: Record | None) -> list[Snapshot]:
    found = find(request.directory)
    if request.in_cluster and before is not None:
        # Where the cluster's configuration, which knows no job, puts savepoints.
        shared = savepoints(request.directory.with_name(SAVEPOINTS), before.start.job_id)
        new = [one for one in shared if _name(request, one) not in before.before]
        if new and (other := _namesake(request, before.start.job_id)):
            raise ResumeError(
                f"it is not clear whose the savepoint {escaped(new[0].directory)} is: the job "
                f"{request.job} and the one in {escaped(other)} have ids that begin alike",
                hint="Name what to go on from: --from-savepoint. Give each job a state.directory "
                "of its own.",
            )
        found += shared
    return found


def _name(request: Request, snapshot: Snapshot) -> str:
    return os.path.relpath(snapshot.directory, request.directory)


def _namesake(request: Request, job_id: str) -> Path | None:
    """Another job in the same state.directory whose savepoints have the same beginning."""
    for path in sorted(request.directory.parent.glob(f"*/{record.FILE}")):
        if path.parent == request.directory:
            continue
        try:
            with ExitStack() as stack:
                keys = None
                if request.settings.keys or request.settings.pkcs11:
                    keys = stack.enter_context(state.open_keys(request.settings))
                other = record.read(path.parent, keys, sealed=False)
        except SealedStateError:
            return path.parent  # of other keys: nobody can tell
        if other and other.start.job_id[:6] == job_id[:6]:
            return path.parent
    return None


def _origin(
    request: Request, before: Record | None, found: Sequence[Snapshot], keys: KeyProvider | None
) -> Named | None:
    if request.explicit is not None:
        return _named(request, request.explicit, keys)
    if request.named is not None and (before is None or before.named != request.named):
        return _named(request, request.named, keys)
    if request.resume == "never":
        _log.warning('job %s starts from nothing: job.resume is "never"', request.job)
        return None
    if before is None:
        _refuse_former_directory(request)
    used = keys if request.settings.sealed else None
    situation = Situation(
        request.directory,
        before,
        found,
        lambda one: examine(one, used),
        lambda one: request.contents_of(_uri(request, one)).ends_job,
        _tell_passed_over,
    )
    chosen = choose(situation)
    if isinstance(chosen, Nothing):
        _tell_nothing(request, before, chosen)
        return None
    if before is not None:
        identity.check_uses(before, request.uses, request.accept)
    return _checked_own(request, before, chosen)


def _named(request: Request, path: str, keys: KeyProvider | None) -> Named:
    found = look(path, keys)
    known = False
    if found.owner is not None:
        identity.check_owner(found.owner, request.job, request.accept, path)
        known = True
    elif (ours := identity.is_of_directory(found, job_name.file_name(request.job))) is not None:
        if not ours:
            identity.check_owner(
                found.written_below or "", request.job, request.accept, path
            )  # a name with a digest, which no job has
        known = True
    known |= _check_sources(request, found.uri)
    if not known:
        _log.warning(
            "whose %s is could not be looked at: there is no record of a job beside it, and no "
            "topic of Kafka in it",
            escaped(path),
        )
    _tell(request, found, "as it was told to")
    return found


def _checked_own(request: Request, before: Record | None, chosen: Whole) -> Named:
    uri = _uri(request, chosen.snapshot)
    found = Named(uri, chosen, owned=chosen.snapshot.kind is Kind.CHECKPOINT)
    known = _check_sources(request, found.uri)
    if before is None:
        _log.warning(
            "job %s has state of a version that kept no record of it: which of several "
            "checkpoints is the newest was told by their times, and whose it is by %s",
            request.job,
            "its topics" if known else "its directory alone",
        )
    _tell(request, found, "the newest of its own")
    return found


def _uri(request: Request, snapshot: Snapshot) -> str:
    scheme = state.SEALED if request.settings.sealed else ""
    return f"{scheme}file://{snapshot.directory}"


def _check_sources(request: Request, uri: str) -> bool:
    operators = request.contents_of(uri).operators
    return identity.check_sources(operators, request.job, request.uses, request.accept, uri)


def _tell(request: Request, origin: Named, why: str) -> None:
    if origin.whole is None:
        _log.warning("job %s goes on from %s, %s", request.job, escaped(origin.uri), why)
        return
    snapshot = origin.whole.snapshot
    _log.warning(
        "job %s goes on from the %s %s (number %d, of %s), %s",
        request.job,
        snapshot.kind,
        escaped(snapshot.directory),
        origin.whole.number,
        _when(origin.whole.created_at_ms),
        why,
    )


def _tell_passed_over(snapshot: Snapshot) -> None:
    _log.warning(
        "%s %s was never completed; it is passed over", snapshot.kind, escaped(snapshot.directory)
    )


def _tell_nothing(request: Request, before: Record | None, why: Nothing) -> None:
    """Say that a job starts from nothing, or refuse where state must be there."""
    directory = escaped(request.directory)
    strict = request.resume in {"required", "first"}
    if before is None or why is Nothing.NEVER_RAN:
        if request.resume == "required":
            raise ResumeError(
                f"the job {request.job} has no state in {directory}, nor a record that it ever "
                'ran, and job.resume is "required"',
                hint='If this is its first start, set job.resume = "first", which holds for that '
                "start alone. If it ran before, this is another volume, or its state is lost.",
            )
        if request.resume == "first":
            _log.warning(
                'job %s starts for the first time, from nothing, as job.resume = "first" allows '
                "it; from the next start on its state must be there",
                request.job,
            )
        else:
            _log.info("job %s starts from nothing: it has no state in %s", request.job, directory)
        return
    ended = why is Nothing.FINISHED
    what = (
        "has ended well, which leaves nothing to go on from"
        if ended
        else f"left no checkpoint in {directory}"
    )
    start = f"start {before.start.number} of the job {request.job} ({_when(before.start.at_ms)})"
    if strict and not _flink_remembers(request, before):
        raise ResumeError(
            f'{start} {what}, and job.resume is "{request.resume}"',
            hint='To run it again from nothing, set job.resume = "never" for one start. '
            + (
                ""
                if ended
                else "If it had completed a checkpoint (every state.checkpoint_interval), its "
                "state is lost; if not, it has committed nothing either."
            ),
        )
    if strict:
        _log.warning("%s %s; high availability tells where it goes on from", start, what)
    else:
        _log.log(
            logging.INFO if ended else logging.WARNING, "%s %s; it starts from nothing", start, what
        )


def _flink_remembers(request: Request, before: Record) -> bool:
    """Whether the data of high availability of the last start are those of this one."""
    same = request.job_id is not None and before.start.job_id == request.job_id
    return same and request.highly_available and before.start.highly_available


def _refuse_former_directory(request: Request) -> None:
    former = job_name.former_file_name(request.job)
    if former == job_name.file_name(request.job) or former in {".", ".."}:
        return
    directory = request.directory.with_name(former)
    if (directory / record.FILE).exists() or not find(directory):
        return  # of a job that is called so
    raise ResumeError(
        f"an earlier version kept state of the job {request.job} in {escaped(directory)}, together "
        "with that of any other job whose name it wrote so",
        hint=f"If it is this job's alone, move it to {escaped(request.directory)}; else name the "
        'checkpoint, `flinksec run --from-savepoint PATH`. job.resume = "never" leaves it there.',
    )


def _next(
    request: Request, before: Record | None, found: Sequence[Snapshot], origin: Named | None
) -> Record:
    directory = request.directory
    names = [_name(request, snapshot) for snapshot in found]
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
    return Record(
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


def _options(request: Request, after: Record, origin: Named | None) -> dict[str, str]:
    # With high availability the id tells which job Flink remembers, so it is Flink's own.
    own_id = request.job_id is None and not request.highly_available
    options = {JOB_ID: after.start.job_id} if own_id else {}
    if origin is not None:
        options[state.RECOVERY_PATH] = origin.uri
        options[CLAIM_MODE] = "CLAIM" if after.start.owned else "NO_CLAIM"
    return options


def _when(time_ms: int) -> str:
    try:
        return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return "an impossible time"
