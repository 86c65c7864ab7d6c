# SPDX-License-Identifier: Apache-2.0
"""Run a keyed job with functions in batches for long, and see that its memory stays as it is.

Kafka is the sandbox's. Records come at a fixed rate, five times as many for five seconds of each
minute. In the end all totals and windows must be right, and the last quarter of the looks at the
job's memory must not be above the second by more than 3 % and 8 MiB (heap after a collection), 5 %
and 48 MiB (memory of the whole process), 3 % and 20,000 (blocks that Python holds). With kills each
run between two of them is judged for itself, if it has 12 looks.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from flinksec_jobs.sandbox import Sandbox
from tests.hdfs.reading_jobs import Job, Readings
from tests.patience import PATIENCE
from tests.servers.numbered import (
    Keyed,
    end_all_windows,
    windows_of,
    wrong_totals,
    wrong_windows,
)

PROGRAM = Path(__file__).parent / "programs" / "soaking.py"
TOPIC = "soak"
_MIB = 1 << 20
_LOOKS = 60
_FEWEST_LOOKS = 12
_BURST = 5


@dataclass(frozen=True)
class Bound:
    """How much more something may be: a part of it, and so much besides."""

    name: str
    unit: int
    part: float
    more: int

    def allowed(self, before: float) -> float:
        """Return the most that it may become."""
        return before * (1 + self.part) + self.more


BOUNDS = (
    Bound("heap", _MIB, 0.03, 8 * _MIB),
    Bound("resident", _MIB, 0.05, 48 * _MIB),
    Bound("blocks", 1, 0.03, 20_000),
)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def grown(looks: list[dict[str, float]]) -> Iterator[tuple[Bound, float, float]]:
    """Yield for each bound what was there in the second quarter, and in the last."""
    quarter = len(looks) // 4
    for bound in BOUNDS:
        values = [look[bound.name] for look in looks]
        second = statistics.median(values[quarter : 2 * quarter])
        yield bound, second, statistics.median(values[-quarter:])


def judge(runs: list[list[dict[str, float]]]) -> bool:
    """Print a table of all runs that are long enough, and tell whether none has grown too much."""
    say(f"{'run':>4} {'looks':>6} {'of':>9} {'2nd quarter':>12} {'last':>10} {'allowed':>10}")
    well, judged = True, 0
    for number, looks in enumerate(runs, 1):
        if len(looks) < _FEWEST_LOOKS:
            continue
        judged += 1
        for bound, second, last in grown(looks):
            allowed = bound.allowed(second)
            well = well and last <= allowed
            figures = "".join(f"{value / bound.unit:>11,.0f}" for value in (last, allowed))
            mark = "" if last <= allowed else "  GROWN"
            name = f"{bound.name:>9} {second / bound.unit:>12,.0f}"
            say(f"{number:>4} {len(looks):>6} {name}{figures}{mark}")
    if not judged:
        say(f"no run has {_FEWEST_LOOKS} looks: let it take longer")
    return well and judged > 0


def looks_in(path: Path) -> list[dict[str, float]]:
    """Return what the job has seen so far."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@click.command(help=__doc__)
@click.option("--minutes", type=float, default=60.0, show_default=True, help="How long.")
@click.option("--rate", type=int, default=2000, show_default=True, help="Records a second.")
@click.option("--kills", type=int, default=0, show_default=True, help="SIGKILLs on the way.")
@click.option("--parallelism", type=int, default=2, show_default=True, help="Of the job.")
@click.option("--backend", type=click.Choice(["hashmap", "rocksdb"]), default="hashmap")
def main(minutes: float, rate: int, kills: int, parallelism: int, backend: str) -> None:
    """Run it, print how it gets on, and exit with 1 if something is wrong."""
    span = minutes * 60
    every = max(span / (kills + 1) / _LOOKS, 2.0)

    def rate_at(seconds: float) -> float:
        return rate * (_BURST if seconds % 60 >= 60 - _BURST else 1)

    with (
        tempfile.TemporaryDirectory(prefix="flinksec-soak-") as name,
        Sandbox(only=["kafka"]) as sandbox,
    ):
        directory = Path(name)
        variables = {"TOPIC": TOPIC, "EVERY_SECONDS": str(every)}
        variables |= {"SAMPLES": str(directory / "looks"), "FLINKSEC_STATE__BACKEND": backend}
        job = Job(sandbox, directory, PROGRAM, variables)
        sandbox.create_topics({TOPIC: 2, f"{TOPIC}-totals": 1, f"{TOPIC}-windows": 1})
        runs: list[list[dict[str, float]]] = []
        begin = time.monotonic()
        try:
            with Keyed(sandbox, TOPIC, rate_at) as readings:
                for run in range(1, kills + 2):
                    samples = directory / f"looks-{run}"
                    job.start(parallelism, SAMPLES=str(samples))
                    runs.append(_watch(job, samples, begin, span * run / (kills + 1), readings))
                    if run <= kills:
                        job.wait_for_checkpoints(1)
                        job.kill()
            wrong = _wrong(sandbox, job, readings.numbers)
        finally:
            job.kill()
        well = judge(runs)
        say(f"{len(readings.numbers):,} records; {wrong or 'all totals and windows are right'}")
    sys.exit(0 if well and not wrong else 1)


def _watch(
    job: Job, samples: Path, begin: float, until: float, readings: Readings
) -> list[dict[str, float]]:
    """Tell what the job sees of itself, until so many seconds after the begin of all."""
    told = 0

    def is_over() -> bool:
        nonlocal told
        looks = looks_in(samples)
        for look in looks[told:]:
            parts = [f"{bound.name} {look[bound.name] / bound.unit:,.0f}" for bound in BOUNDS]
            passed, written = time.monotonic() - begin, len(readings.numbers)
            say(f"{passed:7.0f} s  {written:>10,} records  {'  '.join(parts)}")
        told = len(looks)
        return time.monotonic() - begin >= until

    job.wait_for("the end", is_over, pause=1, seconds=until + PATIENCE)
    return looks_in(samples)


def _wrong(sandbox: Sandbox, job: Job, numbers: range) -> str | None:
    end_all_windows(sandbox, TOPIC)
    windows = len(windows_of(numbers))

    def is_all_there() -> bool:
        return sandbox.topic_size(f"{TOPIC}-windows") >= windows and is_written()

    def is_written() -> bool:
        return sum(1 for _ in sandbox.records(f"{TOPIC}-windows")) >= windows

    job.wait_for("all windows", is_all_there, pause=5)
    job.kill()

    def came(topic: str) -> Iterator[dict[str, object]]:
        return (json.loads(one.value or b"") for one in sandbox.records(topic))

    return wrong_totals(numbers, came(f"{TOPIC}-totals")) or wrong_windows(
        numbers, came(f"{TOPIC}-windows")
    )


if __name__ == "__main__":
    main()
