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

from flinksec_jobs import sql_job
from flinksec_jobs.cli.exit_codes import ExitCode, leave
from flinksec_jobs.cli.output import say_json, say_lines
from flinksec_jobs.cli.program import check_program
from flinksec_jobs.cli.run_output import Show
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.resume import of_job
from flinksec_jobs.runtime import jvm, local


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("job", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--settings",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The settings file. Default: the one that FLINKSEC_SETTINGS names, else the one beside "
    "JOB (job.py: job.toml).",
)
@click.option(
    "--from-savepoint",
    metavar="PATH",
    help="Start from this checkpoint or savepoint instead of the job's newest.",
)
@click.option("--explain", is_flag=True, help="Print the plan of a job of SQL, and run nothing.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print the result as one JSON object, the last line of stdout.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run(  # noqa: PLR0917  click calls it by name
    job: Path,
    settings: Path | None,
    from_savepoint: str | None,
    explain: bool,
    as_json: bool,
    arguments: tuple[str, ...],
) -> None:
    """Run the PyFlink program JOB with its ARGUMENTS on this machine.

    JOB.sql is a job of SQL alone. Like `python JOB`, but it prints on stderr where the log is, how
    the job progresses, what it has done, and errors in two lines. Options of the job go after JOB;
    those that flinksec has too, such as --settings, go after `--`.
    """
    is_sql = job.suffix == sql_job.SUFFIX
    _check(job, arguments, is_sql=is_sql, explain=explain)
    _show_warnings()
    if settings is not None:
        os.environ["FLINKSEC_SETTINGS"] = str(settings.absolute())
    if from_savepoint is not None:
        of_job.start_from(from_savepoint)
    sys.argv = [str(job), *arguments]
    sys.path.insert(0, str(job.parent.absolute()))
    signal.signal(signal.SIGTERM, _terminate)
    if explain:
        plan = sql_job.read(job).explain()
        if as_json:
            say_json({"plan": plan})
        else:
            say_lines(plan.rstrip())
        return
    with Show() as show:
        local.listen(show)
        failure: BaseException | None = None
        try:
            if is_sql:
                sql_job.read(job).run()
            else:
                runpy.run_path(str(job), run_name="__main__")
                _warn_of_no_job(job)
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


def _check(job: Path, arguments: tuple[str, ...], *, is_sql: bool, explain: bool) -> None:
    """Refuse a program that is none, and what is said of one that it does not take."""
    if is_sql and arguments:
        raise click.UsageError(f"{job.name} is SQL, and takes no arguments: {arguments[0]}")
    if explain and not is_sql:
        raise click.UsageError(f"--explain is for a job of SQL, and {job.name} is a program")
    if not is_sql:
        check_program(job)


def _warn_of_no_job(job: Path) -> None:
    """Warn of a program that has come to its end without Flink, such as one without a call."""
    if not jvm.is_there():
        logging.getLogger("flinksec_jobs").warning(
            "%s has come to its end and has run no job: does it call the function that has the "
            "block `with SecureJob(…)`?",
            escaped(job.name),
        )


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
