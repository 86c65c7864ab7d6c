# SPDX-License-Identifier: Apache-2.0
"""``flinksec cluster check`` and its like: a job and its state, looked at in its own container.

Each prints one JSON object on its last line of stdout, all else on stderr: it is read from a log.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import click

from flinksec_jobs.cli.cluster_options import (
    absolute_mounts,
    flink_options,
    mount_options,
    program_arguments,
)
from flinksec_jobs.cli.exit_codes import ExitCode, leave
from flinksec_jobs.cli.output import say_error, say_json
from flinksec_jobs.cluster.entrypoint import ProcessStart
from flinksec_jobs.errors import FlinkSecError, SealedStateError
from flinksec_jobs.files import RECORD, bounded, decoded, read_text, standard_input
from flinksec_jobs.job_check import snapshot_commands
from flinksec_jobs.job_check.program_check import JobCheck, look_at_job
from flinksec_jobs.job_check.savepoint_manifest import read_manifest


def _answers(command: Callable[..., dict[str, Any]]) -> Callable[..., None]:
    """Print what a command returns, or why it could not look, and end as its ``well`` says."""

    @wraps(command)
    def answering(*args: Any, **options: Any) -> None:
        try:
            told = command(*args, **options)
        except FlinkSecError as error:
            say_error(error.message, error.hint)
            told = {
                "well": False,
                "error": {"message": error.message, "hint": error.hint},
                "findings": [one.as_dict() for one in error.findings],
            }
        sys.stderr.flush()
        say_json(told)
        if not told["well"]:
            leave(ExitCode.WRONG)

    return answering


def _start(mounts: dict[str, Path], options: tuple[str, ...]) -> ProcessStart:
    return ProcessStart(
        role="jobmanager", mounts=absolute_mounts(mounts), options=flink_options(options)
    )


_JOB_NAME = click.option(
    "--job", "name", help="The job's name, if several keep their state in state.directory."
)
_JOB_IDS = click.option(
    "--job-id",
    "known_ids",
    multiple=True,
    help="Flink's id of an earlier start of the job; may be repeated.",
)
_DEEP = click.option("--deep", is_flag=True, help="Read every file of state whole.")


@click.command()
@mount_options
@click.option("--state", help="What the job is to go on from. Default: as its own rule chooses.")
@click.option(
    "--allow-non-restored-state",
    is_flag=True,
    help="Warn of state that belongs to no operator of the job, and do not refuse it.",
)
@_DEEP
@click.argument(
    "job",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="FLINKSEC_JOB_FILE",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@_answers
def check(
    *,
    options: tuple[str, ...],
    state: str | None,
    allow_non_restored_state: bool,
    deep: bool,
    job: Path,
    arguments: tuple[str, ...],
    **mounts: Path,
) -> dict[str, Any]:
    """Check the program JOB, with its ARGUMENTS, before it runs.

    Its servers are asked, its graph is built, and compared with the state that it would go on
    from, whose files are opened. Nothing is started, and nothing is written.
    """
    start = _start(mounts, options)
    program = job.absolute()
    wanted = JobCheck(
        start=ProcessStart(
            role=start.role,
            mounts=start.mounts,
            options=start.options,
            module_path=[program.parent],
        ),
        program=program_arguments(program, arguments),
        state=state,
        allow_dropped=allow_non_restored_state,
        deep=deep,
    )
    return look_at_job(wanted).as_dict()


@click.command()
@mount_options
@click.option("--manifest", metavar="FILE", help="Compare with a manifest; - reads it from stdin.")
@click.option("--manifest-json", metavar="TEXT", help="The same, on the command line.")
@_DEEP
@click.argument("uri")
@_answers
def verify(
    *,
    options: tuple[str, ...],
    manifest: str | None,
    manifest_json: str | None,
    deep: bool,
    uri: str,
    **mounts: Path,
) -> dict[str, Any]:
    """Verify the checkpoint or savepoint at URI.

    Every file that it names is opened with the keys of the settings. Its manifest is printed.
    """
    text = manifest_json or (_manifest(manifest) if manifest else None)
    expected = read_manifest(text) if text else None
    found = snapshot_commands.verify(_start(mounts, options), uri, expected, deep=deep)
    return found.as_dict()


@click.command()
@mount_options
@_JOB_NAME
@_JOB_IDS
@click.option("--most", default=20, show_default=True, help="How many are looked at whole.")
@_answers
def newest(
    *,
    options: tuple[str, ...],
    name: str | None,
    known_ids: tuple[str, ...],
    most: int,
    **mounts: Path,
) -> dict[str, Any]:
    """List the job's checkpoints and savepoints, each verified.

    The newest is first. What the job would go on from by its own rule is its choice.
    """
    found = snapshot_commands.newest(_start(mounts, options), name, known_ids, most=most)
    return found.as_dict()


@click.command()
@mount_options
@_JOB_NAME
@_JOB_IDS
@click.option("--keep", type=click.IntRange(min=1), help="How many whole savepoints stay.")
@click.option("--max-age", type=click.IntRange(min=1), metavar="DAYS", help="Older ones go.")
@click.option(
    "--needed", multiple=True, metavar="NAME", help="One that stays whatever; may be repeated."
)
@click.option("--dry-run", is_flag=True, help="Say what would go, and remove nothing.")
@_answers
def dispose(
    *,
    options: tuple[str, ...],
    name: str | None,
    known_ids: tuple[str, ...],
    keep: int | None,
    max_age: int | None,
    needed: tuple[str, ...],
    dry_run: bool,
    **mounts: Path,
) -> dict[str, Any]:
    """Delete old savepoints of the job.

    The last good one stays, and so does one that could not be looked at, or that a start began
    from.
    """
    if keep is None and max_age is None:
        raise click.UsageError("say how many savepoints stay, --keep, or how long, --max-age")
    wanted = snapshot_commands.Retention(
        keep=keep,
        max_age=timedelta(days=max_age) if max_age else None,
        needed=needed,
        known_ids=known_ids,
        dry_run=dry_run,
    )
    return snapshot_commands.dispose(_start(mounts, options), name, wanted).as_dict()


def _manifest(file: str) -> str:
    if file == "-":
        data = bounded(standard_input(), RECORD, "the standard input")
        return decoded(data, "the manifest", error=SealedStateError)
    return read_text(file, "the manifest", RECORD, error=SealedStateError)
