# SPDX-License-Identifier: Apache-2.0
"""How late flights leave New York, and how much of it their aircraft brought along.

Reads all departures of 2013 from the Kafka topic ``flights`` and writes
- every flight to HDFS, below ``/data/flights``,
- departures over 15 minutes late to the Elasticsearch index ``flight-delays``, with the part of
  the delay that the aircraft inherited from its previous flight,
- number and mean delay of the departures of each airport and hour to ``departures-hourly``,
- cancelled flights, which have no departure, to ``flight-cancellations``,
- departures over two hours late to the Kafka topic ``delay-alerts``, exactly once.

Run it with ``flinksec run jobs/flight_delays.py``; ``flight_delays.toml`` says where.
"""

from collections.abc import Iterable, Iterator

from pyflink.common import Row, Time, Types
from pyflink.datastream import (
    AggregateFunction,
    KeyedProcessFunction,
    OutputTag,
    RuntimeContext,
)
from pyflink.datastream.functions import ProcessWindowFunction
from pyflink.datastream.state import ValueStateDescriptor
from pyflink.datastream.window import TimeWindow, TumblingEventTimeWindows

from flinksec_jobs import SecureJob, record, row_type

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


@record
class HourlyDepartures:
    """The departures of an airport in an hour."""

    id: str
    origin: str
    hour_start: int
    departures: int
    mean_delay: float


CANCELLED = OutputTag("cancelled", row_type(Flight))


class LateDepartures(KeyedProcessFunction):  # type: ignore[misc]
    """Pick the late departures and tell their delay from the one the aircraft arrived with.

    Its state is, for each aircraft, when its previous flight was scheduled and how late that
    arrived. Cancelled flights leave by the side output ``CANCELLED``.
    """

    def open(self, runtime_context: RuntimeContext) -> None:
        self._previous = runtime_context.get_state(
            ValueStateDescriptor("previous-flight", Types.TUPLE([Types.LONG(), Types.LONG()]))
        )

    def process_element(
        self, flight: Flight, _ctx: KeyedProcessFunction.Context
    ) -> Iterator[Departure | tuple[OutputTag, Flight]]:
        if flight.dep_delay is None:
            yield CANCELLED, flight
            return
        previous = self._previous.value()
        self._previous.update((flight.scheduled_at, flight.arr_delay or 0))
        if flight.dep_delay > DELAYED_MINUTES:
            yield departure(flight, inherited_delay(flight, previous))


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


class CountAndSum(AggregateFunction):  # type: ignore[misc]
    """Count the flights that departed and add up their delays."""

    def create_accumulator(self) -> tuple[int, int]:
        return 0, 0

    def add(self, flight: Flight, accumulator: tuple[int, int]) -> tuple[int, int]:
        if flight.dep_delay is None:
            return accumulator
        return accumulator[0] + 1, accumulator[1] + flight.dep_delay

    def get_result(self, accumulator: tuple[int, int]) -> tuple[int, int]:
        return accumulator

    def merge(self, a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
        return a[0] + b[0], a[1] + b[1]


class ToHourlyDepartures(ProcessWindowFunction):  # type: ignore[misc]
    """Name the hour and the airport of a count and a sum."""

    def process(
        self,
        origin: str,
        context: "ProcessWindowFunction.Context[TimeWindow]",
        elements: Iterable[tuple[int, int]],
    ) -> Iterable[HourlyDepartures]:
        hour_start = context.window().start
        for departures, total_delay in elements:
            if departures == 0:  # all flights of this hour were cancelled
                continue
            yield HourlyDepartures(
                id=f"{origin}-{hour_start}",
                origin=origin,
                hour_start=hour_start,
                departures=departures,
                mean_delay=total_delay / departures,
            )


def aircraft(flight: Row) -> str:
    """What flights are grouped by; a flight of unknown aircraft stands for itself."""
    return str(flight.tail_number or flight.id)


def main() -> None:
    with SecureJob("flight-delays") as job:
        flights = job.from_kafka(
            "flights", Flight, event_time="scheduled_at", out_of_orderness="5 min", bounded=True
        )
        flights.sink_to(job.to_hdfs("/data/flights")).name("All flights")

        hourly = (
            flights.key_by(lambda flight: flight.origin, Types.STRING())
            .window(TumblingEventTimeWindows.of(Time.hours(1)))
            .aggregate(
                CountAndSum(),
                ToHourlyDepartures(),
                accumulator_type=Types.TUPLE([Types.LONG(), Types.LONG()]),
                output_type=row_type(HourlyDepartures),
            )
        )
        hourly.sink_to(job.to_elasticsearch("departures-hourly", id_field="id"))

        late = flights.key_by(aircraft, Types.STRING()).process(
            LateDepartures(), row_type(Departure)
        )
        late.sink_to(job.to_elasticsearch("flight-delays", id_field="id"))
        late.get_side_output(CANCELLED).sink_to(
            job.to_elasticsearch("flight-cancellations", id_field="id")
        )
        late.filter(lambda flight: flight.dep_delay > ALERT_MINUTES).sink_to(
            job.to_kafka("delay-alerts", key_field="id")
        )


if __name__ == "__main__":
    main()
