# SPDX-License-Identifier: Apache-2.0
"""``flinksec savepoint``: a savepoint of a running job, verified, and old ones removed."""

from __future__ import annotations

import dataclasses

import click

from flinksec_jobs.cli.cluster_access import Access, access
from flinksec_jobs.cli.deploy_session import ended_in_order, lease_in, unclear_if_silent
from flinksec_jobs.cli.exit_codes import ExitCode, how_it_ended
from flinksec_jobs.cli.output import say, say_json, several, tell
from flinksec_jobs.cli.status_screen import size
from flinksec_jobs.deploy.alone import alone
from flinksec_jobs.deploy.inside import ClusterInside, LookTimes
from flinksec_jobs.deploy.running_objects import earlier_job_ids, needed_savepoints, running_objects
from flinksec_jobs.deploy.take_savepoint import Retention, SavepointTaker, Taken
from flinksec_jobs.deploy.waiting import Waiting
from flinksec_jobs.deploy.workload import job_id_of


@click.command()
@access
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many savepoints stay. Default: all.",
)
@click.option(
    "--max-age",
    type=click.IntRange(min=1),
    metavar="DAYS",
    help="Remove older ones. Default: none is removed for its age.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["CANONICAL", "NATIVE"], case_sensitive=False),
    default="CANONICAL",
    show_default=True,
    help="NATIVE is quicker with RocksDB; another state backend may restore a canonical one.",
)
@click.option(
    "--timeout",
    type=click.IntRange(min=1),
    default=900,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait until it is written.",
)
@click.option("--json", "json_", is_flag=True, help="Print one JSON object.")
def savepoint(
    access: Access,
    *,
    keep: int | None,
    max_age: int | None,
    form: str,
    timeout: int,
    json_: bool,
) -> None:
    """Take a savepoint of a running job in a cluster.

    It is verified from within the cluster, and its manifest is kept there, so that one that was
    swapped or set back is noticed. If an earlier command was killed, its savepoint is adopted. The
    last good savepoint is never removed, nor one that a rollback needs.
    """
    api = access.api(float(timeout))
    lease = lease_in(api, access)
    with (
        unclear_if_silent(),
        ended_in_order(),
        alone(api, tell, lease) as guarded,
        access.flink(lease.check) as rest,
    ):
        taker = SavepointTaker(
            guarded,
            rest,
            ClusterInside(guarded, LookTimes.within(timeout)),
            running_objects(api),
            Waiting(float(timeout), tell),
            form.upper(),
        )
        retention = Retention(keep, max_age, needed_savepoints(api), earlier_job_ids(api))
        done = taker.take(job_id_of(api), retention)
    if json_:
        say_json(_as_dict(done) | how_it_ended(ExitCode.WELL))
        return
    say(
        f"{done.savepoint.path}: {size(done.bytes)}"
        + ("" if done.adopted else f", written in {done.seconds:.0f} s")
    )
    if done.removed:
        say(f"{several(len(done.removed), 'old savepoint')} removed: {', '.join(done.removed)}")
    if done.kept:
        say(f"{several(len(done.kept), 'savepoint')} kept:")
    for name, why in done.kept.items():
        say(f"  {name}: {why}")


def _as_dict(done: Taken) -> dict[str, object]:
    kept = dataclasses.asdict(done.savepoint)
    return {
        "path": kept["path"],
        "job_id": kept["job_id"],
        "at": kept["at"],
        "manifest": kept["manifest"],
        "adopted": done.adopted,
        "bytes": done.bytes,
        "seconds": round(done.seconds, 1),
        "removed": list(done.removed),
        "kept": dict(done.kept),
    }
