# SPDX-License-Identifier: Apache-2.0
"""Run Python functions on Kafka's records: PyFlink, the library, other engines, a bare loop.

Every way reads the same topic of JSON (about 200 bytes, 1000 users), computes the same, and writes
to a topic of one partition, at least once, with checkpoints or commits every 5 seconds; all log in
by SCRAM over TLS at one broker, that of the sandbox. Whatever comes out is compared record by
record with a plain pass. The ways take turns, a program of its own for each run, every other round
backwards. The other engines are installed into an environment of their own.
"""

from __future__ import annotations

import json
import signal
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bench.functions import broker, table
from bench.functions.data import USERS
from bench.functions.figures import Figures
from bench.functions.measure import Bench, peer_python
from bench.functions.picture import drawn
from bench.functions.ways import WAYS, WORKLOADS, Way, chosen, in_turn
from flinksec_jobs import FlinkSecError

Key = tuple[str, int, str]
_ONE_WORKLOAD = ("keyed",)


def _listed(_context: Any, _parameter: Any, text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


@click.command(help=__doc__, epilog=f"The ways: {', '.join(way.name for way in WAYS)}.")
@click.option(
    "--records",
    type=click.IntRange(10 * USERS),
    default=2_000_000,
    show_default=True,
    help="Records that each run reads; of slow ways a half or less. With less than a million the "
    "JVM is cold for most of them, and rates say little.",
)
@click.option(
    "--rounds", type=click.IntRange(1), default=1, show_default=True, help="Runs of each way."
)
@click.option("--ways", callback=_listed, metavar="NAMES", help="Only these, with commas between.")
@click.option(
    "--workloads",
    callback=_listed,
    metavar="NAMES",
    help=f"Only these, with commas between: {', '.join(WORKLOADS)}.",
)
@click.option(
    "--parallelism",
    callback=_listed,
    default="1",
    show_default=True,
    metavar="NUMBERS",
    help="Of source and functions, such as 1,2; above 1 only keyed is run, unless --workloads "
    "names others.",
)
@click.option(
    "--latency/--no-latency",
    default=False,
    show_default=True,
    help="Measure how long a record takes at 1, 100 and 10,000 records a second.",
)
@click.option(
    "--protocol",
    type=click.Choice(list(broker.PORTS)),
    default="SASL_SSL",
    show_default=True,
    help="Kafka's security.protocol, the same for all ways.",
)
@click.option(
    "--limit",
    type=click.FloatRange(10),
    default=300.0,
    show_default=True,
    help="Seconds after which a run is given up.",
)
@click.option(
    "--keep-logs", type=click.Path(path_type=Path), help="A new directory for their logs."
)
@click.option(
    "--picture",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Draw the rates into this SVG file, too.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object in place of tables.")
def main(  # noqa: PLR0917  click passes them by name
    records: int,
    rounds: int,
    ways: list[str],
    workloads: list[str],
    parallelism: list[str],
    latency: bool,
    protocol: str,
    limit: float,
    keep_logs: Path | None,
    picture: Path | None,
    as_json: bool,
) -> None:
    """Run all ways in turn, print the tables, and end with 1 if one of them failed."""
    if unknown := sorted(set(workloads) - WORKLOADS.keys()):
        raise click.BadParameter(f"no workload {', '.join(unknown)}: {', '.join(WORKLOADS)}")
    if not all(number.isdigit() and int(number) for number in parallelism):
        raise click.BadParameter("--parallelism takes numbers with commas between, such as 1,2")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that all is ended, as by Ctrl-C
    progress = Console(stderr=True, highlight=False)
    try:
        asked = chosen(ways)
    except FlinkSecError as error:
        raise click.BadParameter(f"{error.message}: {error.hint}") from error
    numbers = [int(number) for number in parallelism]
    with tempfile.TemporaryDirectory(prefix="flinksec-bench-") as temporary:
        directory = keep_logs or Path(temporary)
        directory.mkdir(exist_ok=keep_logs is None, parents=True)
        with broker.started(progress.print, protocol) as started:
            bench = Bench(
                started,
                records,
                limit,
                directory.absolute(),
                progress.print,
                keep_logs is not None,
                peer_python(progress.print),
            )
            rounded = _Rounds(bench, progress)
            plan = rounded.plan(asked, workloads, numbers)
            for number in range(rounds):
                for at, run in enumerate(in_turn(plan, number), 1):
                    rounded.run(f"round {number + 1}, {at} of {len(plan)}", *run)
            if latency:
                rounded.measure_latencies(asked)
    _print(rounded, asked, plan, as_json=as_json, latency=latency, protocol=protocol)
    if picture and rounded.runs:
        picture.write_text(drawn(asked, rounded.runs), encoding="utf-8")
    sys.exit(1 if rounded.failed else 0)


class _Rounds:
    """The runs, and what became of them."""

    def __init__(self, bench: Bench, progress: Console) -> None:
        self.bench = bench
        self.runs: dict[Key, list[Figures]] = {}
        self.latencies: dict[str, dict[int, tuple[int, int]]] = {}
        self.reasons: dict[Key, str] = {}
        self.failed = False
        self._progress = progress

    def plan(
        self, ways: list[Way], workloads: list[str], numbers: list[int]
    ) -> list[tuple[str, int, Way]]:
        """Return the runs of a round, and note which there cannot be."""
        found = []
        for instances in numbers:
            default = WORKLOADS if instances == 1 else _ONE_WORKLOAD
            for workload in workloads or default:
                for way in ways:
                    key = workload, instances, way.name
                    if workload in way.lacks:
                        self.reasons[key] = "cannot"
                    if workload not in way.workloads or (instances > 1 and not way.parallel):
                        continue
                    if way.peer and self.bench.peer_python is None:
                        self.reasons[key] = "cannot be installed here"
                    else:
                        found.append((workload, instances, way))
        return found

    def run(self, when: str, workload: str, instances: int, way: Way) -> None:
        """Run a way once, unless it has failed before."""
        key = workload, instances, way.name
        if key in self.reasons:
            return
        what = f"{when}: {workload}, parallelism {instances}, {way.title}"
        try:
            one = self.bench.once(way, workload, instances)
        except FlinkSecError as error:
            self._fails(key, what, error)
            return
        self.runs.setdefault(key, []).append(one)
        self._progress.print(
            f"{what}: warm {one.second_half:,.0f}/s with {one.warm_cpu:.1f} s of CPU a million, "
            f"first to last {one.rate:,.0f}/s with {one.run_cpu:.1f} s, "
            f"other work {self.bench.load[-1]:.1f} processors",
            soft_wrap=True,
        )

    def measure_latencies(self, ways: list[Way]) -> None:
        """Measure the latency of those ways for which it is asked."""
        for way in (way for way in ways if way.timed):
            what = f"latency: {way.title}"
            try:
                found = self.latencies[way.name] = self.bench.latencies(way)
            except FlinkSecError as error:
                self._fails((table.LATENCY, 1, way.name), what, error)
                continue
            told = ", ".join(f"{p50}/{p99} ms at {rate}/s" for rate, (p50, p99) in found.items())
            self._progress.print(f"{what}: {told}", soft_wrap=True)

    def _fails(self, key: Key, what: str, error: FlinkSecError) -> None:
        self.failed = True
        self.reasons[key] = "failed"
        self.runs.pop(key, None)
        self._progress.print(f"{what}: {error.message}", markup=False, soft_wrap=True)


def _print(
    rounded: _Rounds,
    asked: list[Way],
    plan: list[tuple[str, int, Way]],
    *,
    as_json: bool,
    latency: bool,
    protocol: str,
) -> None:
    records = rounded.bench.records
    if as_json:
        found = table.as_json(records, protocol, rounded.runs, rounded.latencies, rounded.reasons)
        click.echo(json.dumps(found))
        return
    console = Console(width=150)
    for workload, instances in dict.fromkeys((workload, number) for workload, number, _ in plan):
        listed = [way for way in asked if instances == 1 or way.parallel]
        made = table.workload_table(workload, instances, listed, rounded.runs, rounded.reasons)
        console.print(f"\n{workload}: {WORKLOADS[workload]}", highlight=False)
        console.print(made, highlight=False)
    if latency:
        made = table.latency_table(asked, rounded.latencies, rounded.reasons)
        console.print(made, highlight=False)
    load = statistics.median(rounded.bench.load) if rounded.bench.load else 0.0
    console.print(
        f"\n{records:,} records, {protocol}. {table.machine()}; besides the ways and the broker, "
        f"other work took {load:.1f} processors (median of the runs). {table.CAPTION}",
        highlight=False,
    )


if __name__ == "__main__":
    main()
