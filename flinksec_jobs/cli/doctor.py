# SPDX-License-Identifier: Apache-2.0
"""``flinksec doctor``: everything that a job with some settings needs, checked in turn."""

from __future__ import annotations

import re
import sys
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import click
from rich.console import Console
from rich.status import Status
from rich.text import Text

from flinksec_jobs.cli import findings_output
from flinksec_jobs.cli.chosen import chosen
from flinksec_jobs.cli.exit_codes import ExitCode, leave, leave_unless
from flinksec_jobs.cli.output import say, say_error, say_json, say_lines
from flinksec_jobs.doctor.checks import RESULTS, Check, Checked
from flinksec_jobs.doctor.examination import CATEGORIES, Listener, examine
from flinksec_jobs.doctor.patient import Patient
from flinksec_jobs.doctor.settings_checks import unreadable
from flinksec_jobs.doctor.wanted import Wanted, pattern_of, split
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.kafka.topics import is_name
from flinksec_jobs.settings import load_settings, refuse_nothing

_WIDTH = max(map(len, RESULTS))

_SHORT_HELP = "Check everything that a job with these settings needs."
_HELP = """Check everything that a job with these settings needs.

\b
The categories, in their order:
{categories}

The checks run in the JVM that a job would have. Settings do not name topics, indices and paths:
name those whose rights you want checked. Nothing is written to a server, and no secret is printed.

Exit codes: 0 if there is no problem (with --strict: no warning either), 1 if there is one or
something could not be examined, 2 if the command line is wrong or the settings cannot be read.
"""


class Show(Listener):
    """Tells of each check, on a terminal also while it runs.

    Args:
        quiet: for `--json`, where nothing but the object is printed.
        verbose: whether the traceback of a check that broke is shown.
    """

    def __init__(self, *, quiet: bool, verbose: bool) -> None:
        self._quiet, self._verbose = quiet, verbose
        self._is_live = sys.stdout.isatty() and not quiet
        self._console = Console()
        self._status: Status | None = None
        self._category = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def begun(self, check: Check) -> None:
        """Name what is looked at."""
        self._head(check.category)
        if self._is_live:
            self._status = self._console.status(Text(escaped(check.about)))
            self._status.start()

    def ended(self, checked: Checked) -> None:
        """Tell what came of it."""
        self._stop()
        if checked.broken is not None and self._verbose:
            say_lines("".join(traceback.format_exception(checked.broken)).rstrip(), err=True)
        if self._quiet:
            return
        self._head(checked.category)
        told = f": {checked.detail}" if checked.detail else ""
        say(f"  {checked.result:<{_WIDTH}}  {checked.about}{told}")
        findings_output.show(checked.findings, indent=4)

    def _head(self, category: str) -> None:
        if category != self._category and not self._quiet:
            say(category)
        self._category = category

    def _stop(self) -> None:
        """Leave the live line."""
        if self._status is not None:
            self._status.stop()
            self._status = None


def _help() -> str:
    width = max(map(len, CATEGORIES))
    lines = [f"  {name:<{width}}  {category.about}" for name, category in CATEGORIES.items()]
    return _HELP.format(categories="\n".join(lines))


def _read(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> Any:
    """Refuse patterns that cannot be read."""
    for text in given:
        try:
            re.compile(pattern_of(split(text)[0]) or "")
        except (re.error, OverflowError, RecursionError) as error:
            raise click.BadParameter(f"{text} is no pattern: {error}") from None
    return _named(given)


def _written(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> Any:
    """Refuse patterns: a topic that is written has a name."""
    for text in given:
        if pattern_of(split(text)[0]) is not None:
            raise click.BadParameter(f"{text} is a pattern; name each topic that the job writes")
    return _named(given)


def _named(given: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse names that no topic can have, such as half of a pattern: brokers deny them."""
    for text in given:
        name = split(text)[0]
        if pattern_of(name) is None and not is_name(name):
            raise click.BadParameter(
                f"{text} is no topic: letters of ASCII, digits, dots, dashes and underscores, or "
                "/PATTERN/ of those that are read"
            )
    return given


@click.command(short_help=_SHORT_HELP, help=_help())
@click.option(
    "--settings",
    "file",
    type=click.Path(path_type=Path),
    help="The settings file. Default: the one that FLINKSEC_SETTINGS names.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="CATEGORIES",
    help="The categories to check, separated by commas: kafka,state.",
)
@click.option(
    "--read-topic",
    "reads",
    multiple=True,
    metavar="TOPIC",
    callback=_read,
    help="A topic that the job reads, or /PATTERN/ for all whose whole names it matches; "
    "orders@east for one of [kafka.east]; may be repeated.",
)
@click.option(
    "--write-topic",
    "writes",
    multiple=True,
    metavar="TOPIC",
    callback=_written,
    help="A topic that the job writes; may be repeated.",
)
@click.option(
    "--job", metavar="NAME", help="The job's name, for its consumer group and transactional ids."
)
@click.option(
    "--index",
    "indices",
    multiple=True,
    help="An index of Elasticsearch that it writes; may be repeated.",
)
@click.option(
    "--path", "paths", multiple=True, help="A directory of HDFS that it writes; may be repeated."
)
@click.option(
    "--read-path",
    "read_paths",
    multiple=True,
    metavar="PATH",
    help="A directory or file of HDFS that it reads; may be repeated.",
)
@click.option(
    "--flink-config",
    "config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Flink's config.yaml. Default: that of the container, if this is one.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def doctor(
    *, file: Path | None, only: tuple[str, ...], as_json: bool, strict: bool, **wanted: Any
) -> None:
    """Diagnose; `_help` is what it says of itself."""
    categories = chosen(only, CATEGORIES, "category")
    try:
        settings = load_settings(file)
        refuse_nothing(settings)
    except SettingsError as error:
        _tell_unreadable(error, file, as_json=as_json)
        leave(ExitCode.USAGE)
    verbose = bool(click.get_current_context().find_root().params.get("verbose"))
    with Show(quiet=as_json, verbose=verbose) as show:
        done = examine(Patient(settings, Wanted(**wanted)), categories, show)
    if as_json:
        say_json(_as_dict(done, settings.source))
    else:
        say(_summary(done))
    leave_unless(_is_well(done, strict=strict))


def _tell_unreadable(error: SettingsError, file: Path | None, *, as_json: bool) -> None:
    if as_json:
        say_json(_as_dict([unreadable(error)], file))
        return
    say_error(error.message, error.hint)


def _is_well(done: Sequence[Checked], *, strict: bool) -> bool:
    bad = {"problem", "not asked"} | ({"warning"} if strict else set())
    return not any(one.result in bad for one in done)


def _as_dict(done: Sequence[Checked], source: object) -> dict[str, Any]:
    return {
        "well": _is_well(done, strict=False),
        "settings": str(source) if source else None,
        "counts": Counter(one.result for one in done),
        "checks": [one.as_dict() for one in done],
    }


def _summary(done: Sequence[Checked]) -> str:
    counts = Counter(one.result for one in done)
    told = ", ".join(f"{counts[one]} {one}" for one in RESULTS if counts[one])
    return f"{len(done)} checks: {told}"
