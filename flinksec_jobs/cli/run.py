# SPDX-License-Identifier: Apache-2.0
"""``flinksec run``: a job on this machine, with errors told in two lines."""

from __future__ import annotations

import logging
import os
import runpy
import sys
from pathlib import Path

import click

from flinksec_jobs.cli.program import check_program
from flinksec_jobs.resume import of_job


@click.command()
@click.argument("job", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--settings",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The settings file. Default: the one beside JOB (job.py: job.toml).",
)
@click.option(
    "--from-savepoint",
    metavar="PATH",
    help="Start from this checkpoint or savepoint, and not from the job's newest.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run(
    job: Path, settings: Path | None, from_savepoint: str | None, arguments: tuple[str, ...]
) -> None:
    """Run the PyFlink program JOB in this process, with ARGUMENTS as its own.

    It is the same as ``python JOB``, but for how an error is told.
    """
    check_program(job)
    _show_warnings()
    if settings is not None:
        os.environ["FLINKSEC_SETTINGS"] = str(settings.absolute())
    if from_savepoint is not None:
        of_job.start_from(from_savepoint)
    sys.argv = [str(job), *arguments]
    sys.path.insert(0, str(job.parent.absolute()))
    runpy.run_path(str(job), run_name="__main__")


def _show_warnings() -> None:
    """Print what the library warns of, such as a connection that its settings leave open."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("warning: %(message)s"))
    handler.setLevel(logging.WARNING)
    logging.getLogger("flinksec_jobs").addHandler(handler)
