# SPDX-License-Identifier: Apache-2.0
"""Differential fuzzing of sealed files: Java, Python and ``cryptography`` on the same bytes.

``make fuzz`` runs it for as long as it is told. The same seed gives the same cases.
"""

from __future__ import annotations

import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from tests.differential.cases import Case, as_json, draw, from_json
from tests.differential.compare import Comparison
from tests.differential.shrink import smallest

_BATCH = 100


@dataclass(frozen=True)
class Failure:
    """A case on which not all agree, made as small as possible, and what is wrong with it."""

    number: int
    case: Case
    wrong: str


def fuzz(comparison: Comparison, seed: int, go_on: Callable[[int], bool]) -> Failure | None:
    """Compares case after case of a seed until one fails, or ``go_on(cases so far)`` says no."""
    number = 0
    while go_on(number):
        cases = [draw(seed, number + i) for i in range(_BATCH)]
        for i, wrong in enumerate(comparison.differences(cases)):
            if wrong:
                case = smallest(cases[i], lambda c: bool(comparison.differences([c])[0]))
                return Failure(number + i, case, comparison.differences([case])[0])
        number += _BATCH
    return None


def memory() -> str | None:
    """Where files cost no disk, if there is such a place."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


@click.command(help=__doc__)
@click.option("--minutes", type=click.FloatRange(min=0), default=5, show_default=True)
@click.option("--seed", type=int, help="Repeat a run; without it a new one.")
@click.option("--case", "again", type=click.Path(path_type=Path), help="Run one case of a file.")
@click.option(
    "--failure",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("fuzz-failure.json"),
    show_default=True,
    help="Where a failing case is written, as small as it can be made.",
)
def main(minutes: float, seed: int | None, again: Path | None, failure: Path) -> None:
    """Fuzz, or run one case again."""
    seed = secrets.randbelow(1 << 32) if seed is None else seed
    with tempfile.TemporaryDirectory(dir=memory()) as directory:
        comparison = Comparison(Path(directory))
        try:
            if again:
                _once(comparison, from_json(again.read_text()))
                return
            click.echo(f"fuzz: seed {seed}, {minutes:g} minutes; the same seed, the same cases")
            found = fuzz(comparison, seed, _Progress(comparison, minutes * 60))
        finally:
            comparison.close()
    if found is None:
        click.echo(f"fuzz: all agree on {comparison.verdicts.total():,} cases of seed {seed}")
        return
    failure.write_text(as_json(found.case))
    click.echo(f"fuzz: case {found.number} of seed {seed} FAILED\n{found.wrong}")
    click.echo(f"the smallest like it is in {failure}; again: scripts/fuzz.sh --case {failure}")
    sys.exit(1)


def _once(comparison: Comparison, case: Case) -> None:
    (wrong,) = comparison.differences([case])
    click.echo(wrong or "fuzz: all agree on this case")
    sys.exit(1 if wrong else 0)


class _Progress:
    """Says once a second how far it got, until the time is over."""

    def __init__(self, comparison: Comparison, seconds: float) -> None:
        self._comparison = comparison
        self._start = self._told = time.monotonic()
        self._end = self._start + seconds

    def __call__(self, cases: int) -> bool:
        now = time.monotonic()
        if now - self._told >= 1 and cases:
            self._told = now
            counts = self._comparison.verdicts.most_common()
            shares = ", ".join(f"{name.lower()} {100 * n // cases} %" for name, n in counts)
            rate = cases / (now - self._start)
            left = max(0, self._end - now)
            line = f"fuzz: {cases:,} cases, {rate:,.0f}/s, {left:.0f} s left; {shares}"
            on_terminal = sys.stderr.isatty()
            click.echo(f"\r{line}\033[K" if on_terminal else line, err=True, nl=not on_terminal)
        return now < self._end


if __name__ == "__main__":
    main()
