# SPDX-License-Identifier: Apache-2.0
"""``flinksec stop``: end a job that runs on this machine."""

from __future__ import annotations

import unicodedata
from typing import Any

import click

from flinksec_jobs.cli.cluster_access import Access, access
from flinksec_jobs.cli.deploy_options import format_option, without_option
from flinksec_jobs.cli.output import say, say_json
from flinksec_jobs.errors import ResumeError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.resume import stopping
from flinksec_jobs.runtime import running


@click.command()
@access
@click.argument("job", required=False)
@click.option(
    "--savepoint",
    is_flag=False,
    flag_value="",
    metavar="[DIR]",
    help="End it with a savepoint, from which its next start goes on. Default for DIR: the job's "
    "directory below state.directory.",
)
@click.option(
    "--in-clear", is_flag=True, help="Write the savepoint in clear although the state is sealed."
)
@click.option(
    "--timeout",
    type=click.IntRange(min=1),
    default=600,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the savepoint and the end of the job.",
)
@click.option("--json", "json_", is_flag=True, help="Print one JSON object.")
@format_option
@without_option
def stop(
    access: Access,
    *,
    job: str | None,
    savepoint: str | None,
    in_clear: bool,
    timeout: int,
    json_: bool,
    **deployed: Any,
) -> None:
    """Stop a job on Kubernetes, or on this machine by its name JOB.

    Without JOB it is the job of the namespace: it is stopped with a savepoint, from which
    `flinksec deploy` goes on.

    With JOB it must have been started by this user, with `flinksec run` or `python`. With a
    savepoint everything is committed. Without one the job is cancelled, and its next start goes on
    from its last checkpoint; nothing is lost or doubled.
    """
    if job is None:
        if savepoint is not None or in_clear:
            raise click.UsageError("--savepoint and --in-clear are for a JOB of this machine")
        from flinksec_jobs.cli.deploy import stop_deployed

        stop_deployed(access, {"timeout": timeout, "json_": json_, **deployed})
        return
    found = _running(job)
    if savepoint is None:
        stopping.cancel(found, timeout)
        location = None
    else:
        location = stopping.stop_with_savepoint(
            found, savepoint or None, in_clear=in_clear, timeout=timeout
        )
    if json_:
        say_json({"job": found.name, "job_id": found.job_id, "savepoint": location})
    elif location:
        say(f"{found.name} has ended with the savepoint {location}")
    else:
        say(f"{found.name} was cancelled")


def _running(name: str) -> running.RunningJob:
    name = unicodedata.normalize("NFC", name)  # as jobs keep theirs
    jobs = running.jobs()
    found = [job for job in jobs if name in {job.name, job.job_id}]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(f"{job.job_id} (process {job.process_id})" for job in found)
        raise ResumeError(
            f"{len(found)} jobs named {escaped(name)} run on this machine",
            hint=f"name one by its id: {ids}",
        )
    names = ", ".join(sorted({escaped(job.name) for job in jobs})) or "none"
    raise ResumeError(
        f"no job named {escaped(name)} of this user runs on this machine",
        hint=f"running: {names}; a job in a cluster is stopped through its REST server; see "
        "docs/operate.md",
    )
