# SPDX-License-Identifier: Apache-2.0
"""What a start without anything to go on from means: a first start, or lost state."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime

from flinksec_jobs import job_name
from flinksec_jobs.errors import ResumeError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.resume import job_record
from flinksec_jobs.resume.choice import Nothing
from flinksec_jobs.resume.job_record import JobRecord
from flinksec_jobs.resume.request import Request
from flinksec_jobs.resume.snapshots import find

_log = logging.getLogger("flinksec_jobs.resume")


def tell_nothing(request: Request, before: JobRecord | None, why: Nothing) -> None:
    """Say that a job starts from nothing, or refuse where state must be there."""
    directory = escaped(request.directory)
    strict = request.resume in {"required", "first"}
    if before is None or why is Nothing.NEVER_RAN:
        if request.resume == "required":
            raise ResumeError(
                f"the job {request.job} has no state in {directory}, nor a record that it ever "
                'ran, and job.resume is "required"',
                hint='if this is its first start, set job.resume = "first", which holds for that '
                "start alone; if it ran before, this is another volume, or its state is lost",
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
    start = f"start {before.start.number} of the job {request.job} ({when(before.start.at_ms)})"
    if strict and not _flink_remembers(request, before):
        raise ResumeError(
            f'{start} {what}, and job.resume is "{request.resume}"',
            hint='to run it again from nothing, set job.resume = "never" for one start'
            + (
                ""
                if ended
                else "; if it had completed a checkpoint (every state.checkpoint_interval), its "
                "state is lost; if not, it has committed nothing either"
            ),
        )
    if strict:
        _log.warning("%s %s; high availability tells where it goes on from", start, what)
    else:
        _log.log(
            logging.INFO if ended else logging.WARNING, "%s %s; it starts from nothing", start, what
        )


def _flink_remembers(request: Request, before: JobRecord) -> bool:
    """Whether the data of high availability of the last start are those of this one."""
    same = request.job_id is not None and before.start.job_id == request.job_id
    return same and request.highly_available and before.start.highly_available


def refuse_former_directory(request: Request) -> None:
    """Refuse to pass over what an earlier version kept under a name that several jobs could have.

    Raises:
        ResumeError: there is some.
    """
    former = job_name.former_file_name(request.job)
    if former == job_name.file_name(request.job) or former in {".", ".."}:
        return
    directory = request.directory.with_name(former)
    # A name that is plain but for its length was written as it is, so the record is this job's.
    is_own = former == request.job and os.path.lexists(directory / job_record.FILE)
    if not is_own and ((directory / job_record.FILE).exists() or not find(directory)):
        return  # of a job that is called so
    raise ResumeError(
        f"an earlier version kept state of the job {request.job} in {escaped(directory)}, together "
        "with that of any other job whose name it wrote so",
        hint=f"if it is this job's alone, move it to {escaped(request.directory)}; else name the "
        'checkpoint, `flinksec run --from-savepoint PATH`; job.resume = "never" leaves it there',
    )


def when(time_ms: int) -> str:
    """Return a time for messages."""
    try:
        return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return "an impossible time"
