# SPDX-License-Identifier: Apache-2.0
"""What the job should find: one plain pass over the CSV rows, sharing no code with the job."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from flinksec_jobs.demo.flights import Row, flight_id, minutes, scheduled_at, text

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS


@dataclass
class Expected:
    """The figures, as mappings from document id to what the document should say.

    Attributes:
        flights: the ids of all flights.
        cancelled: the ids of flights without a departure.
        delayed: departures over 15 minutes late: (delay, part inherited) in minutes.
        alerts: the ids of departures over two hours late.
        hourly: for each airport and hour: (departures, mean delay in minutes).
        tail_numbers: the aircraft that the job must remember.
    """

    flights: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)
    delayed: dict[str, tuple[int, int]] = field(default_factory=dict)
    alerts: set[str] = field(default_factory=set)
    hourly: dict[str, tuple[int, float]] = field(default_factory=dict)
    tail_numbers: set[str] = field(default_factory=set)


def expected_figures(rows: Iterable[Row]) -> Expected:
    """Go once through the flights, in time order."""
    result = Expected()
    last_flight: dict[str, tuple[int, int]] = {}
    sums: dict[str, list[int]] = {}
    for row in rows:
        identity = flight_id(row)
        result.flights.add(identity)
        delay = minutes(row, "dep_delay")
        if delay is None:
            result.cancelled.add(identity)
            continue
        inherited = _inherited(row, delay, last_flight)
        if delay > 15:  # noqa: PLR2004
            result.delayed[identity] = (delay, inherited)
        if delay > 120:  # noqa: PLR2004
            result.alerts.add(identity)
        hour = scheduled_at(row) // _HOUR_MS * _HOUR_MS
        group = sums.setdefault(f"{row['origin']}-{hour}", [0, 0])
        group[0] += 1
        group[1] += delay
    result.hourly = {key: (count, total / count) for key, (count, total) in sums.items()}
    result.tail_numbers = set(last_flight)
    return result


def _inherited(row: Row, delay: int, last_flight: dict[str, tuple[int, int]]) -> int:
    tail_number = text(row, "tailnum")
    if tail_number is None:
        return 0
    time = scheduled_at(row)
    before = last_flight.get(tail_number)
    last_flight[tail_number] = (time, minutes(row, "arr_delay") or 0)
    if before is None or time - before[0] > _DAY_MS:
        return 0
    return max(0, min(delay, before[1]))
