# SPDX-License-Identifier: Apache-2.0
"""``flinksec rescale``: another parallelism for a running job."""

from __future__ import annotations

import dataclasses
import time

import click

from flinksec_jobs.cli.cluster_access import Access, access
from flinksec_jobs.cli.deploy_session import ended_in_order, lease_in, unclear_if_silent
from flinksec_jobs.cli.exit_codes import ExitCode, how_it_ended
from flinksec_jobs.cli.output import say, say_json, tell
from flinksec_jobs.deploy.alone import alone, note
from flinksec_jobs.deploy.rescale import rescale as do_rescale
from flinksec_jobs.deploy.workload import job_id_of


@click.command()
@access
@click.argument("parallelism", type=click.IntRange(min=1), metavar="N")
@click.option(
    "--timeout",
    type=click.IntRange(min=1),
    default=600,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for TaskManagers, and again for the tasks.",
)
@click.option("--json", "json_", is_flag=True, help="Print one JSON object.")
def rescale(access: Access, *, parallelism: int, timeout: int, json_: bool) -> None:
    """Give a running job in a cluster N parallel tasks, in place.

    Flink waits for the next checkpoint and goes on from it: nothing is lost, and nothing counts
    twice. TaskManagers are added before, or removed afterwards. The next restart or upgrade takes
    the parallelism of the settings again: put it there too, job.parallelism.
    """
    api = access.api(float(timeout))
    lease = lease_in(api, access)
    with (
        unclear_if_silent(),
        ended_in_order(),
        alone(api, tell, lease) as guarded,
        access.flink(lease.check) as rest,
    ):
        job_id = job_id_of(api)
        began = time.time()
        done = do_rescale(guarded, rest, job_id, parallelism, timeout=timeout, tell=tell)
        if done.seconds:
            note(guarded, "rescale", began, f"parallelism {done.after} in place of {done.before}")
    if json_:
        say_json(dataclasses.asdict(done) | how_it_ended(ExitCode.WELL))
    elif done.seconds:
        say(
            f"parallelism {done.after} in place of {done.before}, with {done.taskmanagers} "
            f"TaskManagers, {done.seconds:.0f} s after Flink was asked"
        )
    else:
        say(f"it has parallelism {done.after} already, with {done.taskmanagers} TaskManagers")
