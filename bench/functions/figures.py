# SPDX-License-Identifier: Apache-2.0
"""Figures of a run: rates by the broker's clock, seconds of CPU, latencies."""

from __future__ import annotations

import statistics
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from flinksec_jobs import FlinkSecError

_FEWEST = 2


@dataclass(frozen=True)
class Sample:
    """What a run had used at a moment.

    Attributes:
        at: seconds since the epoch.
        cpu: seconds of CPU of all its processes so far.
    """

    at: float
    cpu: float


@dataclass(frozen=True)
class Figures:
    """The figures of one run.

    Attributes:
        rate: records a second that went in, from the first to the last output.
        second_half: the same of the second half of the outputs, when all is warm.
        cpu: seconds of CPU a million records, start and end of the processes included.
        run_cpu: the same from the first to the last output.
        warm_cpu: the same of the second half of the outputs alone.
        memory_mb: the most that its processes held.
    """

    rate: float
    second_half: float
    cpu: float
    run_cpu: float
    warm_cpu: float
    memory_mb: float


def of_run(
    records: int, stamps: Sequence[int], samples: Sequence[Sample], memory_mb: float
) -> Figures:
    """Return the figures of one run.

    Args:
        records: how many went in.
        stamps: when the broker appended each output, in ms, in any order.
        samples: of the run's CPU, in their order.
        memory_mb: the most that its processes held.

    Raises:
        FlinkSecError: it is too short to be measured.
    """
    ordered = sorted(stamps)
    if len(ordered) < _FEWEST or ordered[0] == ordered[-1] or not samples:
        raise FlinkSecError(
            f"a run with {len(ordered)} outputs is too short to be measured",
            hint="let it have more --records",
        )
    half = ordered[len(ordered) // 2]
    part = (len(ordered) - len(ordered) // 2) / len(ordered) * records
    last = max(ordered[-1], half + 1)
    first_cpu, half_cpu, last_cpu = (
        cpu_at(samples, stamp / 1000) for stamp in (ordered[0], half, ordered[-1])
    )
    return Figures(
        rate=1000 * records / (ordered[-1] - ordered[0]),
        second_half=1000 * part / (last - half),
        cpu=samples[-1].cpu / records * 1e6,
        run_cpu=(last_cpu - first_cpu) / records * 1e6,
        warm_cpu=(last_cpu - half_cpu) / part * 1e6,
        memory_mb=memory_mb,
    )


def cpu_at(samples: Sequence[Sample], moment: float) -> float:
    """Return the seconds of CPU that were used up to a moment, between two samples in part."""
    after = bisect_left(samples, moment, key=lambda sample: sample.at)
    if after == 0:
        return samples[0].cpu
    if after == len(samples):
        return samples[-1].cpu
    one, next_ = samples[after - 1], samples[after]
    return one.cpu + (next_.cpu - one.cpu) * (moment - one.at) / (next_.at - one.at)


def median(runs: Sequence[Figures]) -> Figures:
    """Return the median of each figure."""
    names = Figures.__dataclass_fields__
    return Figures(
        **{name: statistics.median(getattr(run, name) for run in runs) for name in names}
    )


def percentile(values: Sequence[int], percent: int) -> int:
    """Return the smallest of the values that so many percent of them do not exceed.

    Raises:
        FlinkSecError: there are none.
    """
    if not values:
        raise FlinkSecError(
            "no output came while the latency was measured",
            hint="the log of the way tells why, with --keep-logs",
        )
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
