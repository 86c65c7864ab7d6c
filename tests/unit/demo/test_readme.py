# SPDX-License-Identifier: Apache-2.0
"""The README shows what `flinksec demo` prints."""

import io
import re

from rich.console import Console

from flinksec_jobs.cli.demo import _STAGES, _WIDTH, _print_table
from flinksec_jobs.demo.demo import Result
from flinksec_jobs.demo.expectations import Check
from tests.pages import blocks

(PICTURE,) = (block.text for block in blocks("README.md", "text"))
LINE = re.compile(r"^  (\S.*?)  +(\S.*?)  +(\S.*?)   ✓$", re.MULTILINE)


def shown_in_the_readme() -> list[Check]:
    """The checks in the README's picture, with their figures."""
    found = LINE.findall(PICTURE)
    return [Check(name, _figure(expected), _figure(actual)) for name, expected, actual in found]


def _figure(text: str) -> str | int:
    return int(text.replace(",", "")) if re.fullmatch(r"[\d,]+", text) else text


def test_the_picture_has_the_form_that_the_demo_prints() -> None:
    seconds = dict(re.findall(r"(\w+) (\d+) s[,;]", PICTURE))
    result = Result(shown_in_the_readme(), {name: float(value) for name, value in seconds.items()})
    printed = io.StringIO()
    _print_table(Console(file=printed, width=_WIDTH), result)
    table = "\n".join(line.rstrip() for line in printed.getvalue().splitlines())
    shown = PICTURE[PICTURE.index(table.splitlines()[0]) :].rstrip("\n")
    assert re.sub(r"together \d+ s", "", shown) == re.sub(r"together \d+ s", "", table)


def test_the_picture_begins_with_the_stages_of_the_demo() -> None:
    before = PICTURE.partition("What arrived")[0]
    stages = [line for line in before.splitlines() if line.strip() and not line.startswith("  ")]
    assert stages == list(_STAGES.values())
