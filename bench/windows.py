# SPDX-License-Identifier: Apache-2.0
"""Departures and mean delay of each airport and hour, in SQL or in Python windows.

SQL is that of the job flight_delays; Python is PyFlink's TumblingEventTimeWindows with an
AggregateFunction, behind key_by_field and behind key_by.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from pyflink.datastream import AggregateFunction, ProcessWindowFunction

from bench.side_by_side import TOPIC, Comparison, Way, command
from flinksec_jobs import key_by_field, record, row_type
from jobs.flight_delays import HOURLY_DEPARTURES, Flight, with_event_time

if TYPE_CHECKING:
    from pyflink.datastream import DataStream, KeyedStream, TimeWindow

    from flinksec_jobs import SecureJob

Sums = tuple[int, int]


@record
class Hour:
    """An hour of an airport, with the columns of the SQL."""

    id: str
    origin: str
    hour_start: int
    departures: int
    mean_delay: float


class Delays(AggregateFunction):  # type: ignore[misc]
    """Number and sum of the delays of the flights that left."""

    def create_accumulator(self) -> Sums:
        """No departure yet."""
        return 0, 0

    def add(self, flight: Any, sums: Sums) -> Sums:
        """Count a flight, unless it was cancelled."""
        if flight.dep_delay is None:
            return sums
        return sums[0] + 1, sums[1] + flight.dep_delay

    def get_result(self, sums: Sums) -> Sums:
        """Hand the sums on."""
        return sums

    def merge(self, one: Sums, other: Sums) -> Sums:
        """Add up two parts of an hour."""
        return one[0] + other[0], one[1] + other[1]


class ToHour(ProcessWindowFunction):  # type: ignore[misc]
    """The sums of a window with the window's airport and hour."""

    def process(
        self, key: Any, context: ProcessWindowFunction.Context, elements: Iterable[Sums]
    ) -> Iterator[Hour]:
        """Make one record, or none for an hour in which nothing left."""
        # key_by_field's key is a row of one field.
        origin = key if isinstance(key, str) else key[0]
        window: TimeWindow = context.window()
        for departures, delay in elements:
            if departures:
                start = window.start
                yield Hour(f"{origin}-{start}", origin, start, departures, delay / departures)

    def clear(self, context: ProcessWindowFunction.Context) -> None:
        """There is nothing to clear."""


def flights(job: SecureJob) -> DataStream:
    """The flights with their time, as the job has them."""
    return job.from_kafka(
        TOPIC, Flight, event_time="scheduled_at", out_of_orderness="5 min", bounded=True
    )


def in_sql(job: SecureJob) -> DataStream:
    """The job's own way, all of it in the JVM."""
    from pyflink.table import StreamTableEnvironment

    tables = StreamTableEnvironment.create(job.env)
    tables.create_temporary_view("flights", flights(job), with_event_time())
    return tables.to_data_stream(tables.sql_query(HOURLY_DEPARTURES))


def _in_windows(keyed: KeyedStream) -> DataStream:
    from pyflink.common import Time, Types
    from pyflink.datastream.window import TumblingEventTimeWindows

    sums = Types.TUPLE([Types.LONG(), Types.LONG()])
    return keyed.window(TumblingEventTimeWindows.of(Time.hours(1))).aggregate(
        Delays(), ToHour(), accumulator_type=sums, output_type=row_type(Hour)
    )


def in_windows_by_field(job: SecureJob) -> DataStream:
    """PyFlink's windows, with the key read in the JVM."""
    return _in_windows(key_by_field(flights(job), "origin"))


def in_windows_by_selector(job: SecureJob) -> DataStream:
    """PyFlink's windows, with the key from a Python function."""
    from pyflink.common import Types

    return _in_windows(flights(job).key_by(lambda flight: flight.origin, Types.STRING()))


COMPARISONS = [
    Comparison(
        "count and average by airport and hour",
        [
            Way("SQL, no Python", in_sql),
            Way("Python windows, key_by_field, thread mode", in_windows_by_field),
            Way("Python windows, key_by(lambda), thread mode", in_windows_by_selector),
        ],
    )
]

main = command(__doc__, COMPARISONS)

if __name__ == "__main__":
    main()
