# SPDX-License-Identifier: Apache-2.0
"""Group flights by aircraft with PyFlink's key_by(lambda), or with key_by_field.

Behind both stands the keyed function of the job flight_delays, with its state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.side_by_side import TOPIC, Comparison, Way, command
from flinksec_jobs import key_by_field, row_type
from jobs.flight_delays import Departure, Flight, LateDepartures

if TYPE_CHECKING:
    from pyflink.datastream import DataStream

    from flinksec_jobs import SecureJob


def by_selector(job: SecureJob) -> DataStream:
    """The key is what a Python function returns for each row."""
    from pyflink.common import Types

    flights = job.from_kafka(TOPIC, Flight, bounded=True)
    keyed = flights.key_by(lambda flight: flight.tail_number or flight.id, Types.STRING())
    return keyed.process(LateDepartures(), row_type(Departure))


def by_field(job: SecureJob) -> DataStream:
    """The key is read from the row in the JVM."""
    flights = job.from_kafka(TOPIC, Flight, bounded=True)
    keyed = key_by_field(flights, "tail_number", "id")
    return keyed.process(LateDepartures(), row_type(Departure))


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
