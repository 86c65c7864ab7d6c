# SPDX-License-Identifier: Apache-2.0
"""Group flights by aircraft with PyFlink's key_by(lambda), or with key_by_field.

Behind both stands the same keyed function in Python, which remembers a number for each aircraft.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pyflink.common import Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext
from pyflink.datastream.state import ValueStateDescriptor

from bench.side_by_side import TOPIC, Comparison, Way, command
from flinksec_jobs import key_by_field
from jobs.flight_delays import Flight

if TYPE_CHECKING:
    from pyflink.datastream import DataStream, KeyedStream

    from flinksec_jobs import SecureJob


class SinceTheFlightBefore(KeyedProcessFunction):  # type: ignore[misc]
    """The milliseconds between an aircraft's flight and the one before; 0 for its first."""

    def open(self, runtime_context: RuntimeContext) -> None:
        """Get the state: when the flight before was scheduled."""
        self._before = runtime_context.get_state(ValueStateDescriptor("before", Types.LONG()))

    def process_element(self, flight: Any, _ctx: KeyedProcessFunction.Context) -> Iterator[int]:
        """Read the state and replace it."""
        before = self._before.value()
        self._before.update(flight.scheduled_at)
        yield 0 if before is None else flight.scheduled_at - before


def flights(job: SecureJob) -> DataStream:
    """The flights as rows."""
    return job.from_kafka(TOPIC, Flight, bounded=True)


def _process(keyed: KeyedStream) -> DataStream:
    return keyed.process(SinceTheFlightBefore(), Types.LONG())


def by_selector(job: SecureJob) -> DataStream:
    """The key is what a Python function returns for each row."""
    return _process(flights(job).key_by(lambda row: row.tail_number or row.id, Types.STRING()))


def by_field(job: SecureJob) -> DataStream:
    """The key is read from the row in the JVM."""
    return _process(key_by_field(flights(job), "tail_number", "id"))


COMPARISONS = [
    Comparison(
        "group by aircraft, then a keyed function",
        [
            Way("key_by_field, thread mode", by_field),
            Way("key_by(lambda), thread mode", by_selector),
        ],
    )
]

main = command(__doc__, COMPARISONS)

if __name__ == "__main__":
    main()
