# SPDX-License-Identifier: Apache-2.0
"""The tables, in Markdown, and the same figures as one JSON object."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from bench.functions import figures
from bench.functions.figures import Figures
from bench.functions.latency import PHASES
from bench.functions.ways import MEASURE, Way

LATENCY = "latency"
"""What stands for the workload where latency is measured."""
CAPTION = (
    "Every record that came out was compared with a plain pass in Python, or its way is not in the "
    "tables. Warm: records that went in, divided by the time of the second half of the outputs by "
    "the broker's clock; the multiples of raw PyFlink are of this rate. First to last: of all "
    "outputs; a JVM still compiles its code then, for some 20 seconds. CPU s: of all processes of "
    "the way, a million records, for these two spans, and with the start and the end of the "
    "processes. The broker's own is in none. MB: the most that they held. Only figures of one "
    "table compare."
)


def machine() -> str:
    """The machine, in a line."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    named = [line.partition(":")[2] for line in text.splitlines() if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    kind = " ".join(named[0].split()) if named else platform.machine()
    return f"{os.cpu_count()} processors ({kind}), {memory:.0f} GiB, Linux {platform.release()}"


Runs = Mapping[tuple[str, int, str], Sequence[Figures]]
"""The figures of all rounds by workload, parallelism and the way's name."""


def workload_table(
    workload: str,
    parallelism: int,
    ways: Sequence[Way],
    runs: Runs,
    reasons: Mapping[tuple[str, int, str], str],
) -> Table:
    """One workload: a line for each way, the quickest first, and those that have no figures.

    Args:
        workload: a name of `WORKLOADS`.
        parallelism: of the runs.
        ways: that were asked for.
        runs: the figures.
        reasons: why others have none.
    """
    made = Table(box=box.MARKDOWN)
    made.add_column(f"{workload}, parallelism {parallelism}", no_wrap=True)
    headings = (
        *("/ raw", "warm, records/s", "first to last", "CPU s, warm", "first to last"),
        *("with start", "MB", "warm, all rounds"),
    )
    for heading in headings:
        made.add_column(heading, justify="right")
    found = {
        way.title: runs[workload, parallelism, way.name]
        for way in ways
        if (workload, parallelism, way.name) in runs
    }
    medians = {title: figures.median(several) for title, several in found.items()}
    measure = next((medians[w.title] for w in ways if w.name == MEASURE and w.title in found), None)
    for title, one in sorted(medians.items(), key=lambda item: -item[1].second_half):
        ratio = f"{one.second_half / measure.second_half:.2f}" if measure else "-"
        rounds = " ".join(f"{run.second_half / 1000:.0f}" for run in found[title])
        made.add_row(
            title,
            ratio,
            f"{one.second_half:,.0f}",
            f"{one.rate:,.0f}",
            f"{one.warm_cpu:.1f}",
            f"{one.run_cpu:.1f}",
            f"{one.cpu:.1f}",
            f"{one.memory_mb:,.0f}",
            f"{rounds} k",
        )
    for way in ways:
        if reason := reasons.get((workload, parallelism, way.name)):
            made.add_row(way.title, reason, *["-"] * 7)
    return made


def latency_table(
    ways: Sequence[Way],
    found: Mapping[str, Mapping[int, tuple[int, int]]],
    reasons: Mapping[tuple[str, int, str], str],
) -> Table:
    """Median and 99th percentile of each way and rate.

    Args:
        ways: that were asked for.
        found: by the way's name: by the rate: both in ms.
        reasons: why others have none, by ``LATENCY``, 1 and the way's name.
    """
    rates = [phase.rate for phase in PHASES if phase.counted]
    made = Table(box=box.MARKDOWN)
    made.add_column("keyed, ms: p50 / p99", no_wrap=True)
    for rate in rates:
        made.add_column(f"{rate:,}/s", justify="right")
    for way in ways:
        if way.name in found:
            cells = [f"{p50} / {p99}" for p50, p99 in (found[way.name][rate] for rate in rates)]
            made.add_row(way.title, *cells)
        elif reason := reasons.get((LATENCY, 1, way.name)):
            made.add_row(way.title, reason, *["-"] * (len(rates) - 1))
    return made


def as_json(
    records: int,
    protocol: str,
    runs: Runs,
    latencies: Mapping[str, Mapping[int, tuple[int, int]]],
    reasons: Mapping[tuple[str, int, str], str],
) -> dict[str, Any]:
    """All figures of a run of the bench, as one object."""
    return {
        "machine": machine(),
        "records": records,
        "protocol": protocol,
        "runs": [
            {
                "workload": workload,
                "parallelism": parallelism,
                "way": way,
                "rounds": [asdict(one) for one in several],
                "median": asdict(figures.median(several)),
            }
            for (workload, parallelism, way), several in runs.items()
        ],
        "latency_ms": [
            {"way": way, "rate": rate, "p50": p50, "p99": p99}
            for way, rates in latencies.items()
            for rate, (p50, p99) in rates.items()
        ],
        "without_figures": [
            {"workload": workload, "parallelism": parallelism, "way": way, "reason": reason}
            for (workload, parallelism, way), reason in reasons.items()
        ],
    }
