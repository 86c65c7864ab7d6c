# SPDX-License-Identifier: Apache-2.0
"""How late flights leave New York, and how much of it their aircraft brought along.

Reads all departures of 2013 from the Kafka topic ``flights`` and writes
- every flight to HDFS, as Parquet below ``/data/flights``,
- departures over 15 minutes late to the Elasticsearch index ``flight-delays``, with the part of
  the delay that the aircraft inherited from its previous flight,
- number and mean delay of the departures of each airport and hour to ``departures-hourly``,
- cancelled flights, which have no departure, to ``flight-cancellations``,
- departures over two hours late to the Kafka topic ``delay-alerts``, exactly once.

Run it with ``flinksec run jobs/flight_delays.py``; ``flight_delays.toml`` says where.
"""

from collections.abc import Iterator

from pyflink.common import Types
from pyflink.datastream import KeyedProcessFunction, OutputTag, RuntimeContext
from pyflink.datastream.state import ValueStateDescriptor
from pyflink.table import Schema, StreamTableEnvironment

from flinksec_jobs import SecureJob, fast, key_by_field, record, row_type

DELAYED_MINUTES = 15
ALERT_MINUTES = 120
SAME_ROTATION_MS = 24 * 60 * 60 * 1000


@record
class Flight:
    """A scheduled departure; times are epoch milliseconds, delays are minutes."""

    id: str
    carrier: str
    number: int
    tail_number: str | None
    origin: str
    destination: str
    scheduled_at: int
    dep_delay: int | None
    arr_delay: int | None


@record
class Departure:
    """A flight that left, beside what its aircraft brought along from the one before."""

    id: str
    flight: str
    tail_number: str | None
    origin: str
    destination: str
    scheduled_at: int
    dep_delay: int
    inherited_delay: int
    own_delay: int


CANCELLED = OutputTag("cancelled", row_type(Flight))
ALERTS = OutputTag("alerts", row_type(Departure))

# What SQL can say runs in the JVM, without a way into Python for each flight.
HOURLY_DEPARTURES = """
    SELECT
        CONCAT(origin, '-', CAST(hour_start AS STRING)) AS id,
        origin,
        hour_start,
        COUNT(dep_delay) AS departures,
        CAST(SUM(dep_delay) AS DOUBLE) / COUNT(dep_delay) AS mean_delay
    FROM (
        SELECT *, scheduled_at - MOD(scheduled_at, 3600000) AS hour_start
        FROM TABLE(TUMBLE(TABLE flights, DESCRIPTOR(event_time), INTERVAL '1' HOUR))
    )
    GROUP BY origin, hour_start, window_start, window_end
    HAVING COUNT(dep_delay) > 0
"""


class LateDepartures(KeyedProcessFunction):  # type: ignore[misc]
    """Pick the late departures and tell their delay from the one the aircraft arrived with.

    Its state is, for each aircraft, when its previous flight was scheduled and how late that
    arrived. Cancelled flights leave by the side output ``CANCELLED``, and what is over two hours
    late by ``ALERTS`` as well.
    """

    def open(self, runtime_context: RuntimeContext) -> None:
        self._previous = runtime_context.get_state(
            ValueStateDescriptor("previous-flight", Types.TUPLE([Types.LONG(), Types.LONG()]))
        )

    def process_element(
        self, flight: Flight, _ctx: KeyedProcessFunction.Context
    ) -> Iterator[Departure | tuple[OutputTag, Flight | Departure]]:
        if flight.dep_delay is None:
            yield CANCELLED, flight
            return
        previous = self._previous.value()
        self._previous.update((flight.scheduled_at, flight.arr_delay or 0))
        if flight.dep_delay > DELAYED_MINUTES:
            late = departure(flight, inherited_delay(flight, previous))
            yield late
            if late.dep_delay > ALERT_MINUTES:
                yield ALERTS, late


def inherited_delay(flight: Flight, previous: tuple[int, int] | None) -> int:
    """The part of a delay that the aircraft brought along, within a day, from its last flight."""
    if previous is None or flight.scheduled_at - previous[0] > SAME_ROTATION_MS:
        return 0
    return max(0, min(flight.dep_delay or 0, previous[1]))


def departure(flight: Flight, inherited: int) -> Departure:
    """A late flight as it goes to Elasticsearch and Kafka."""
    delay = flight.dep_delay or 0
    return Departure(
        id=flight.id,
        flight=f"{flight.carrier}{flight.number}",
        tail_number=flight.tail_number,
        origin=flight.origin,
        destination=flight.destination,
        scheduled_at=flight.scheduled_at,
        dep_delay=delay,
        inherited_delay=inherited,
        own_delay=delay - inherited,
    )


def with_event_time() -> Schema:
    """The columns of a stream, and its timestamps and watermarks as one more."""
    return (
        Schema.new_builder()
        .column_by_metadata("event_time", "TIMESTAMP_LTZ(3)", "rowtime")
        .watermark("event_time", "SOURCE_WATERMARK()")
        .build()
    )


def main() -> None:
    with SecureJob("flight-delays") as job:
        flights = job.from_kafka(
            "flights", Flight, event_time="scheduled_at", out_of_orderness="5 min", bounded=True
        )
        flights.sink_to(job.to_hdfs("/data/flights", format="parquet")).name("HDFS: all flights")

        tables = StreamTableEnvironment.create(job.env)
        tables.create_temporary_view("flights", flights, with_event_time())
        hourly = tables.to_data_stream(tables.sql_query(HOURLY_DEPARTURES))
        hourly.sink_to(job.to_elasticsearch("departures-hourly", id_field="id")).name(
            "Elasticsearch: hours"
        )

        # A flight of unknown aircraft stands for itself.
        by_aircraft = key_by_field(flights, "tail_number", "id")
        late = fast(by_aircraft).process(LateDepartures(), row_type(Departure))
        late.sink_to(job.to_elasticsearch("flight-delays", id_field="id")).name(
            "Elasticsearch: late departures"
        )
        late.get_side_output(CANCELLED).sink_to(
            job.to_elasticsearch("flight-cancellations", id_field="id")
        ).name("Elasticsearch: cancelled flights")
        late.get_side_output(ALERTS).sink_to(job.to_kafka("delay-alerts", key_field="id")).name(
            "Kafka: alerts"
        )


if __name__ == "__main__":
    main()
