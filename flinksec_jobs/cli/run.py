# SPDX-License-Identifier: Apache-2.0
"""``flinksec run``: a job on this machine that shows itself, with errors told in two lines."""

from __future__ import annotations

import logging
import os
import runpy
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType

import click

from flinksec_jobs.cli.exit_codes import ExitCode, leave
from flinksec_jobs.cli.output import say_json
from flinksec_jobs.cli.program import check_program
from flinksec_jobs.cli.run_output import Show
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.resume import of_job
from flinksec_jobs.runtime import local


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("job", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--settings",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The settings file. Default: the one beside JOB (job.py: job.toml).",
)
@click.option(
    "--from-savepoint",
    metavar="PATH",
    help="Start from this checkpoint or savepoint instead of the job's newest.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print the result as one JSON object, the last line of stdout.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run(
    job: Path,
    settings: Path | None,
    from_savepoint: str | None,
    as_json: bool,
    arguments: tuple[str, ...],
) -> None:
    """Run the PyFlink program JOB with its ARGUMENTS on this machine.

    Like `python JOB`, but it prints on stderr where the log is, how the job progresses, what it has
    done, and errors in two lines. Options of the job go after JOB; those that flinksec has too,
    such as --settings, go after `--`.
    """
    check_program(job)
    _show_warnings()
    if settings is not None:
        os.environ["FLINKSEC_SETTINGS"] = str(settings.absolute())
    if from_savepoint is not None:
        of_job.start_from(from_savepoint)
    sys.argv = [str(job), *arguments]
    sys.path.insert(0, str(job.parent.absolute()))
    signal.signal(signal.SIGTERM, _terminate)
    with Show() as show:
        local.listen(show)
        failure: BaseException | None = None
        try:
            runpy.run_path(str(job), run_name="__main__")
        except (FlinkSecError, KeyboardInterrupt) as error:
            failure = error
            raise
        except Exception as error:
            failure = error
            show.stop()
            _tell_from(job, error)
            leave(ExitCode.WRONG)
        finally:
            show.stop()
            if as_json:
                say_json(show.as_dict(failure))


def _tell_from(job: Path, error: Exception) -> None:
    """Show the traceback of an error of the program itself, without what has called it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != str(job):
        trace = trace.tb_next
    traceback.print_exception(type(error), error, trace or error.__traceback__)


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    """End as after Ctrl-C: the JVM first, then its files."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough
    leave(ExitCode.TERMINATED)


def _show_warnings() -> None:
    """Print what the library warns of, such as a connection that its settings leave open."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("warning: %(message)s"))
    handler.setLevel(logging.WARNING)
    logging.getLogger("flinksec_jobs").addHandler(handler)
