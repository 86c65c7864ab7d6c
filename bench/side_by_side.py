# SPDX-License-Identifier: Apache-2.0
"""What the comparisons share: ways of doing the same, run in turn, in a table of ratios."""

from __future__ import annotations

import re
import statistics
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from flinksec_jobs import FlinkSecError, SecureJob
from flinksec_jobs.demo import flights
from flinksec_jobs.runtime import jvm
from flinksec_jobs.sandbox import Sandbox

if TYPE_CHECKING:
    from pyflink.datastream import DataStream

    from flinksec_jobs import Settings

TOPIC = "flights"
CAPTION = (
    "Seconds are those of the running job, from the moment when its source begins to read until "
    "the job is FINISHED, by the JVM's log: without the start of JVM, tasks and Python, and "
    "without asking Kafka for the partitions. A ratio is a median divided by the table's smallest. "
    "Only ratios of one table compare: the seconds are those of one machine and its load."
)

_TIME = r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) "
_SOURCE_READS = re.compile(rf"^{_TIME}.* Starting split fetcher 0$", re.MULTILINE)
_JOB_ENDED = re.compile(rf"^{_TIME}.* switched from state RUNNING to FINISHED\.$", re.MULTILINE)


@dataclass(frozen=True)
class Way:
    """One way of doing it.

    Attributes:
        name: as the table has it.
        flow: builds the job, up to the stream that a sink then takes.
        execution_mode: of its Python functions.
    """

    name: str
    flow: Callable[[SecureJob], DataStream]
    execution_mode: str = "thread"


@dataclass(frozen=True)
class Comparison:
    """Ways that all find the same, one table."""

    title: str
    ways: Sequence[Way]


def command(about: str | None, comparisons: Sequence[Comparison]) -> click.Command:
    """The command of a bench: it runs the comparisons and prints their tables."""

    @click.command(help=about)
    @click.option(
        "--flights",
        "records",
        type=click.IntRange(1, flights.ALL_FLIGHTS),
        default=100_000,
        show_default=True,
        help="How many flights to read from Kafka.",
    )
    @click.option(
        "--rounds",
        type=click.IntRange(1),
        default=3,
        show_default=True,
        help="How often to run each way, after one round that warms up and compares results.",
    )
    def bench(records: int, rounds: int) -> None:
        run(comparisons, records, rounds)

    return bench


def run(comparisons: Sequence[Comparison], records: int, rounds: int) -> None:
    """Run all ways in turn, round by round, and print a table for each comparison."""
    progress = Console(stderr=True)
    with Sandbox(only=["kafka"], progress=progress.print) as sandbox:
        sandbox.create_topics({TOPIC: 1})
        sandbox.produce(TOPIC, flights.kafka_lines(flights.read_rows(records)))
        settings = for_benches(sandbox.settings())
        for comparison in comparisons:
            _check_results(comparison, settings, progress)
        seconds: dict[Way, list[float]] = {}
        for number in range(rounds):
            for way in _in_turn(comparisons, number):
                took = _run(way, settings, _discard)
                seconds.setdefault(way, []).append(took)
                progress.print(f"round {number + 1}: {way.name}: {took:.2f} s", highlight=False)
    console = Console(width=110)
    for comparison in comparisons:
        console.print(table(comparison.title, {w.name: seconds[w] for w in comparison.ways}))
    console.print(f"\nFlights: {records:,}. {CAPTION}", highlight=False)


def for_benches(settings: Settings) -> Settings:
    """The settings of the sandbox, for jobs that are timed."""
    # A bounded job waits for its last checkpoint, which comes when the interval is over.
    # And Kafka's clients of one job still log when the next one runs, which Flink complains of.
    flink = {**settings.flink, "classloader.check-leaked-classloader": False}
    return settings.model_copy(update={"state": None, "flink": flink})


def _in_turn(comparisons: Iterable[Comparison], number: int) -> list[Way]:
    """All ways, every other round backwards: what grows with time then favours none."""
    ways = [way for comparison in comparisons for way in comparison.ways]
    return ways if number % 2 == 0 else ways[::-1]


def _check_results(comparison: Comparison, settings: Settings, progress: Console) -> None:
    """Run each way once and compare what comes out, so that none is quick by doing less.

    Raises:
        FlinkSecError: two ways find different things, or nothing.
    """
    found: dict[str, list[str]] = {}
    for way in comparison.ways:
        with tempfile.TemporaryDirectory(prefix="flinksec-bench-") as directory:
            _run(way, settings, partial(_write, Path(directory)))
            found[way.name] = sorted(_lines(Path(directory)))
        progress.print(f"warm-up: {way.name}: {len(found[way.name]):,} results", highlight=False)
    first, *others = found.values()
    if not first or any(other != first for other in others):
        counts = ", ".join(f"{name}: {len(lines)}" for name, lines in found.items())
        raise FlinkSecError(
            f"the ways of the comparison {comparison.title!r} find different things ({counts})",
            hint="A comparison of their times would mean nothing: mend the bench.",
        )


def _run(way: Way, settings: Settings, sink: Callable[[DataStream], None]) -> float:
    python = settings.python.model_copy(update={"execution_mode": way.execution_mode})
    # One name, so that all jobs of the one JVM have its log for theirs.
    job = SecureJob("bench", settings=settings.model_copy(update={"python": python}))
    start = job.log_file.stat().st_size if job.log_file.exists() else 0
    with job:
        sink(way.flow(job))
    with job.log_file.open(encoding="utf-8", errors="replace") as log:
        log.seek(start)
        return running_seconds(log.read())


def running_seconds(log: str) -> float:
    """How long the one job ran that this piece of a JVM's log is about.

    Raises:
        FlinkSecError: the log does not tell.
    """
    starts, ends = (_times(pattern, log) for pattern in (_SOURCE_READS, _JOB_ENDED))
    if (len(starts), len(ends)) != (1, 1):
        raise FlinkSecError(
            f"the log tells of {len(starts)} sources that read and of {len(ends)} jobs that ended",
            hint="It should tell of one each; is its level INFO, and no other bench running?",
        )
    return (ends[0] - starts[0]).total_seconds()


def _times(pattern: re.Pattern[str], log: str) -> list[datetime]:
    found = (match["time"].replace(",", ".") for match in pattern.finditer(log))
    return [datetime.fromisoformat(time) for time in found]


def _discard(stream: DataStream) -> None:
    from pyflink.datastream.connectors.base import Sink

    sinks = jvm.view().org.apache.flink.streaming.api.functions.sink.v2
    stream.sink_to(Sink(sinks.DiscardingSink()))


def _write(directory: Path, stream: DataStream) -> None:
    from pyflink.common import Encoder
    from pyflink.datastream.connectors.file_system import FileSink

    encoder = Encoder.simple_string_encoder()
    stream.sink_to(FileSink.for_row_format(str(directory), encoder).build())


def _lines(directory: Path) -> Iterator[str]:
    for path in directory.rglob("*"):
        if path.is_file() and path.suffix != ".crc":
            yield from path.read_text(encoding="utf-8").splitlines()


def table(title: str, seconds: Mapping[str, Sequence[float]]) -> Any:
    """A table, in Markdown, of ways by their ratio to the quickest.

    Args:
        title: what all ways do.
        seconds: of each way, those of each round.
    """
    made = Table(title, box=box.MARKDOWN)
    for heading in ("ratio", "median, s", "rounds, s"):
        made.add_column(heading, justify="right")
    medians = {name: statistics.median(rounds) for name, rounds in seconds.items()}
    quickest = min(medians.values())
    for name, median in sorted(medians.items(), key=lambda item: item[1]):
        rounds = " ".join(f"{one:.2f}" for one in seconds[name])
        made.add_row(name, f"{median / quickest:.2f}", f"{median:.2f}", rounds)
    return made
