# SPDX-License-Identifier: Apache-2.0
"""What the record tells of the job that runs: its objects, and what a way back would need."""

from __future__ import annotations

from collections.abc import Sequence

from flinksec_jobs.deploy.outside import ApiServer, KubeObject
from flinksec_jobs.deploy.record import read_record
from flinksec_jobs.deploy.revisions import Revisions
from flinksec_jobs.deploy.step_errors import RefusedError


def running_objects(api: ApiServer) -> Sequence[KubeObject]:
    """Return the objects of the version that runs, as they were kept.

    Raises:
        RefusedError: the job was not deployed by a command of ours.
    """
    current = read_record(api).current
    if current is None:
        raise RefusedError(
            f"nothing is recorded of a job in the namespace {api.namespace}",
            hint="`flinksec deploy OVERLAY` takes over one that was applied by hand",
        )
    return Revisions(api).get(current.revision)[1].objects


def needed_savepoints(api: ApiServer) -> dict[str, str]:
    """Return the savepoints that the running job or a rollback may need, each with the reason."""
    book = read_record(api)
    now = book.current
    # The last way there and back, whichever of its ends is the newer one.
    found = {
        past.origin: f"`flinksec {past.command}` went on from it, one of the last two operations"
        for past in book.history[:2]
    }
    if now:
        found[now.before] = "`flinksec rollback --to-savepoint-of-upgrade` would start from it"
        found[now.origin] = "the running job began from it"
        found[now.savepoint] = "the job was stopped with it"
    found.pop("", None)
    return found


def earlier_job_ids(api: ApiServer) -> list[str]:
    """Return Flink's ids of the starts of the job that are on record."""
    book = read_record(api)
    found = {past.job_id for past in book.history} | {book.current.job_id if book.current else ""}
    return sorted(one for one in found if one)
