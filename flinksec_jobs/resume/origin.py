# SPDX-License-Identifier: Apache-2.0
"""What a start goes on from: looked for, asked whose it is, and told."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from flinksec_jobs import job_name, state
from flinksec_jobs.errors import ResumeError, SealedStateError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.resume import identity, job_record
from flinksec_jobs.resume.choice import Nothing, Situation, choose
from flinksec_jobs.resume.job_record import JobRecord
from flinksec_jobs.resume.named import Named, look
from flinksec_jobs.resume.nothing import refuse_former_directory, tell_nothing, when
from flinksec_jobs.resume.request import Request
from flinksec_jobs.resume.snapshots import Kind, Snapshot, Whole, examine, find, savepoints

if TYPE_CHECKING:
    from flinksec_jobs.sealed import KeyProvider

SAVEPOINTS = "savepoints"
_log = logging.getLogger("flinksec_jobs.resume")


def found_of(request: Request, before: JobRecord | None) -> list[Snapshot]:
    """All checkpoints and savepoints that may be the job's.

    Raises:
        ResumeError: it is not clear whose one is.
        SealedStateError: something could not be looked at.
    """
    found = find(request.directory)
    if request.in_cluster and before is not None:
        # Where the cluster's configuration, which knows no job, puts savepoints.
        shared = savepoints(request.directory.with_name(SAVEPOINTS), before.start.job_id)
        new = [one for one in shared if name_of(request, one) not in before.before]
        if new and (other := _namesake(request, before.start.job_id)):
            raise ResumeError(
                f"it is not clear whose the savepoint {escaped(new[0].directory)} is: the job "
                f"{request.job} and the one in {escaped(other)} have ids that begin alike",
                hint="name what to go on from: --from-savepoint; give each job a state.directory "
                "of its own",
            )
        found += shared
    return found


def name_of(request: Request, snapshot: Snapshot) -> str:
    """Return a snapshot as records name it: by its path from the job's directory."""
    return os.path.relpath(snapshot.directory, request.directory)


def _namesake(request: Request, job_id: str) -> Path | None:
    """Another job in the same state.directory whose savepoints have the same beginning.

    It may be: what cannot be looked at, or opened with these keys, counts as one.
    """
    above = request.directory.parent
    with ExitStack() as stack:
        keys = None
        if request.settings.providers:
            keys = stack.enter_context(state.open_keys(request.settings))
        try:
            paths = sorted(above.iterdir())  # not `glob`, which is silent about errors
        except OSError:
            return above
        for path in paths:
            if path == request.directory or not job_name.may_be_file_name(path.name):
                continue
            try:
                other = job_record.read(path, keys, sealed=False)
            except SealedStateError:
                return path
            if other and other.start.job_id[:6] == job_id[:6]:
                return path
    return None


def origin_of(
    request: Request, before: JobRecord | None, found: Sequence[Snapshot], keys: KeyProvider | None
) -> Named | None:
    """Decide what the job goes on from; ``None`` is nothing.

    Raises:
        ResumeError: that is not clear, or another job's.
        SealedStateError: it is not whole.
    """
    if request.explicit is not None:
        return _named(request, request.explicit, keys)
    if request.named is not None and not _began_from(before, request):
        return _named(request, request.named, keys)
    if request.resume == "never":
        _log.warning('job %s starts from nothing: job.resume is "never"', request.job)
        return None
    if before is None:
        refuse_former_directory(request)
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
        tell_nothing(request, before, chosen)
        return None
    if before is not None:
        identity.check_uses(before, request.uses, request.accept)
    return _checked_own(request, before, chosen)


def _began_from(before: JobRecord | None, request: Request) -> bool:
    """Whether an earlier start has begun from what is named, under the same id if it has one.

    A new id with the same savepoint is a way back to it.
    """
    if before is None or before.named != request.named:
        return False
    return request.job_id in {None, before.start.job_id}


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
            "whose %s is cannot be determined: there is no record of a job beside it, and no "
            "topic of Kafka in it",
            escaped(path),
        )
    if request.settings.sealed and not found.uri.startswith(state.SEALED):
        _log.warning(
            "%s is in clear, so nobody can tell who wrote it; what the job writes is sealed",
            escaped(path),
        )
    _tell(request, found, "as requested")
    return found


def _checked_own(request: Request, before: JobRecord | None, chosen: Whole) -> Named:
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
        when(origin.whole.created_at_ms),
        why,
    )


def _tell_passed_over(snapshot: Snapshot) -> None:
    _log.warning(
        "%s %s was never completed; it is passed over", snapshot.kind, escaped(snapshot.directory)
    )
