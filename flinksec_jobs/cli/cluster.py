# SPDX-License-Identifier: Apache-2.0
"""``flinksec cluster``: Flink's configuration, and the start of its processes in a container."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from flinksec_jobs.cli import findings_output
from flinksec_jobs.cli.cluster_check import check, dispose, newest, verify
from flinksec_jobs.cli.cluster_options import (
    PATH,
    absolute_mounts,
    flink_options,
    mount_options,
    program_arguments,
)
from flinksec_jobs.cli.output import put
from flinksec_jobs.cluster import flink_conf
from flinksec_jobs.cluster.entrypoint import ProcessStart, prepare
from flinksec_jobs.cluster.flink_conf_problems import conf_problems
from flinksec_jobs.cluster.job_inputs import Program
from flinksec_jobs.cluster.process_checks import check_state
from flinksec_jobs.findings import refuse
from flinksec_jobs.settings import load_settings, refuse_nothing


def _process_options(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--host", help="The address by which others reach this process.")(
        command
    )
    return mount_options(command)


@click.group()
def cluster() -> None:
    """Configure and start the processes of a Flink cluster.

    The default paths are those in the image of a job.
    """


for command in (check, verify, newest, dispose):
    cluster.add_command(command)


@cluster.command()
@click.option("--settings", type=PATH, help="Default: the file that FLINKSEC_SETTINGS names.")
def conf(settings: Path | None) -> None:
    """Print Flink's config.yaml for the settings.

    It holds no secret.
    """
    loaded = load_settings(settings)
    refuse_nothing(loaded)
    config = flink_conf.config(loaded)
    found = conf_problems(config, str(settings or loaded.source or "the settings"))
    refuse(found, lambda count: f"{count} problems make the configuration unsafe")
    findings_output.show(check_state(loaded), err=True)
    put(flink_conf.as_yaml(config))


@cluster.command()
@_process_options
@click.option("--job-id", help="32 hexadecimal digits. Default: chosen by Flink.")
@click.option("--from-savepoint", help="The checkpoint or savepoint to start from, sealed+file:…")
@click.option(
    "--allow-non-restored-state",
    is_flag=True,
    help="Drop state of it that belongs to no operator of the job.",
)
@click.argument(
    "job",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="FLINKSEC_JOB_FILE",  # an image names its own
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def jobmanager(  # noqa: PLR0917  click calls it by name
    host: str | None,
    options: tuple[str, ...],
    job_id: str | None,
    from_savepoint: str | None,
    allow_non_restored_state: bool,
    job: Path,
    arguments: tuple[str, ...],
    **mounts: Path,
) -> None:
    """Become the JobManager that runs the PyFlink program JOB.

    JOB.sql is a job of SQL alone. JOB gets the ARGUMENTS. Exit code 0 when the job has finished,
    163 when it has failed.
    """
    given = flink_options(options)
    if host:
        given["jobmanager.rpc.address"] = host
    own = ["--job-classname", "org.apache.flink.client.python.PythonDriver"]
    own += ["--job-id", job_id] if job_id else []
    own += ["--fromSavepoint", from_savepoint] if from_savepoint else []
    own += ["--allowNonRestoredState"] if allow_non_restored_state else []
    program = job.absolute()
    start = ProcessStart(
        role="jobmanager",
        mounts=absolute_mounts(mounts),
        options=given,
        arguments=[*own, *program_arguments(program, arguments)],
        module_path=[program.parent],
        program=Program(program, arguments, is_packed=_is_the_images(program)),
    )
    prepare(start).become()


@cluster.command()
@_process_options
def taskmanager(host: str | None, options: tuple[str, ...], **mounts: Path) -> None:
    """Become a TaskManager, which runs until it is stopped."""
    given = flink_options(options)
    if host:
        given["taskmanager.host"] = host
    prepare(
        ProcessStart(role="taskmanager", mounts=absolute_mounts(mounts), options=given)
    ).become()


@cluster.command()
def wait() -> None:
    """Wait until it is told to end, by SIGTERM.

    This is what the deployer's pod does while nobody calls a command in it.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    signal.sigwait({signal.SIGTERM})


def _is_the_images(program: Path) -> bool:
    """Whether it is the job of an image, which has a folder of its own."""
    return os.environ.get("FLINKSEC_JOB_FILE") == str(program)
