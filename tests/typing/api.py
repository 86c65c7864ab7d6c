# SPDX-License-Identifier: Apache-2.0
"""Jobs as a type checker sees them: checked by mypy, and never run.

A line that must not pass has ``type: ignore`` with the reason; mypy tells of one that is unused.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, assert_type
from uuid import UUID

import flinksec_jobs
from flinksec_jobs import (
    FlinkSecError,
    JavaNotFoundError,
    JobError,
    ResumeError,
    Sandbox,
    SealedStateError,
    SecureJob,
    Settings,
    SettingsError,
    fast,
    field,
    key_by_field,
    load_settings,
    map_batches,
    process_batches,
    record,
    row_type,
)


@record
class Flight:
    """A record: its fields keep their types."""

    id: str
    delay: int | None = None


@record
class Order:
    """A record of other kinds, with names outside and digits beside the types."""

    id: UUID
    placed_at: datetime
    total: Annotated[Decimal, field(precision=12, scale=2)]
    tail: Annotated[str, field(alias="tail-number")]
    discount: Decimal = field(scale=2, default=Decimal(0))
    flights: list[Flight] = field(default_factory=list)


def fields_keep_their_names_and_types() -> None:
    """An alias beside the type is no name of a parameter; behind `=` it would be one (PEP 681)."""
    order = Order(id=UUID(int=1), placed_at=datetime.now(UTC), total=Decimal(1), tail="N1")
    assert_type(order.total, Decimal)
    assert_type(order.flights, list[Flight])
    Order(id=UUID(int=1), placed_at=datetime.now(UTC), total=Decimal(1))  # type: ignore[call-arg]  # tail is missing


def a_record() -> None:
    """What `record` gives is still the class."""
    flight = Flight("a", delay=3)
    assert_type(flight, Flight)
    assert_type(flight.id, str)
    assert_type(flight.delay, int | None)
    Flight(1)  # type: ignore[arg-type]
    row_type(Flight)


def settings() -> None:
    """Settings come from a file, the environment and arguments."""
    found = load_settings("job.toml", overrides={"job.parallelism": 2}, environ={})
    assert_type(found, Settings)
    assert_type(found.job.parallelism, int)
    if found.kafka is not None:
        assert_type(found.kafka.transaction_timeout, timedelta)
    load_settings(Path("job.toml"))


def of_flights(flights: list[Flight]) -> list[Flight]:
    """A function of a whole batch."""
    return flights


def with_state(flights: list[Flight], held: Order | None) -> tuple[list[Flight], Order | None]:
    """One with the state of a key."""
    return flights, held


def in_a_block() -> None:
    """A job that runs when its block ends."""
    with SecureJob("flights") as job:
        assert_type(job, SecureJob)
        flights = job.from_kafka(
            "flights",
            Flight,
            event_time="at",
            out_of_orderness=timedelta(seconds=5),
            idleness="1 min",
            start=datetime(2026, 1, 1, tzinfo=UTC),
            metadata={"written_at": "timestamp"},
        )
        fast(key_by_field(flights, "id")).map(lambda row: row)
        map_batches(flights, of_flights, Flight)
        process_batches(key_by_field(flights, "id"), of_flights, Flight)
        process_batches(key_by_field(flights, "id"), with_state, Flight, state=Order)
        process_batches(flights, with_state, Flight)  # type: ignore[arg-type]  # takes a state
        flights.sink_to(job.to_elasticsearch("flights", id_field="id"))
        flights.sink_to(job.to_kafka("late", delivery="at_least_once"))
        flights.sink_to(job.to_hdfs("/flights"))
        assert_type(job.kafka_properties(), dict[str, str])
        assert_type(job.log_file, Path)
        job.to_kafka("late", delivery="perhaps")  # type: ignore[arg-type]
        job.prepare()  # type: ignore[attr-defined]


def without_a_block(found: Settings) -> None:
    """A job that is run by a call, and one that is left running."""
    job = SecureJob("flights", settings=found)
    job.from_kafka("flights", Flight, start="latest", bounded=True).print()
    job.execute().get_net_runtime()
    client = job.execute_async()
    client.get_job_execution_result().result()
    SecureJob(name=1)  # type: ignore[arg-type]


def errors() -> None:
    """Callers branch on these; all others are a `FlinkSecError`."""
    try:
        in_a_block()
    except (SettingsError, JavaNotFoundError, ResumeError, SealedStateError, JobError) as error:
        assert_type(error.message, str)
        assert_type(error.hint, str | None)
    except FlinkSecError:
        raise


def servers(directory: Path) -> None:
    """The sandbox gives settings for its servers."""
    with Sandbox(only=["kafka"], directory=directory) as sandbox:
        assert_type(sandbox.settings(), Settings)


assert_type(flinksec_jobs.__version__, str)
