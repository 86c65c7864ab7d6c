# SPDX-License-Identifier: Apache-2.0
"""How every command shows findings: two lines each for people, one shape for programs.

A command that checks ends with 0 if there is no problem and with 1 if there is one; warnings and
notes do not count. What cannot be checked at all is an error: 1 too, or 2 for a wrong command line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from flinksec_jobs.cli.exit_codes import ExitCode
from flinksec_jobs.cli.output import say
from flinksec_jobs.findings import SEVERITIES, Finding, problems


def show(found: Iterable[Finding], *, err: bool = False, indent: int = 0) -> None:
    """Print findings, the worst first.

    Args:
        found: what checkers found.
        err: on stderr, for a command whose output is something else.
        indent: how many spaces stand before each line.
    """
    before = " " * indent
    for one in sorted(found):
        say(f"{before}{one.severity}: {one} [{one.id}]", err=err)
        say(f"{before}  hint: {one.fix}", err=err)


def as_dicts(found: Iterable[Finding]) -> list[dict[str, object]]:
    """Return findings as ``--json`` prints them, the worst first."""
    return [one.as_dict() for one in sorted(found)]


def counted(found: Iterable[Finding]) -> str:
    """Return how many there are: ``1 problem, 2 warnings``, or ``no problems``."""
    counts = Counter(one.severity for one in found)
    told = [f"{counts[one]} {one}{'s' * (counts[one] != 1)}" for one in SEVERITIES if counts[one]]
    return ", ".join(told) or "no problems"


def exit_code(found: Collection[Finding]) -> ExitCode:
    """Return the exit code of a command that checks: 1 if there is a problem, else 0."""
    return ExitCode.WRONG if problems(found) else ExitCode.WELL
