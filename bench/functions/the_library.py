# SPDX-License-Identifier: Apache-2.0
"""The library: rows that the JVM decodes, keys that it finds; a record at a time, or in batches."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.functions import logic
from bench.functions.task import Task, given
from flinksec_jobs import SecureJob, key_by_field, record, row_type
from flinksec_jobs.sandbox import Sandbox

if TYPE_CHECKING:
    from pyflink.datastream import DataStream

    from flinksec_jobs import Settings


@record
class Payment:
    """A payment."""

    id: int
    user: str
    amount: int
    quantity: int
    currency: str
    country: str
    channel: str
    time: int
    note: str


@record
class Enriched:
    """A payment with a field more."""

    id: int
    user: str
    amount: int
    quantity: int
    currency: str
    country: str
    channel: str
    time: int
    note: str
    total: int


@record
class Amounts:
    """A part of a document."""

    amount: int
    quantity: int
    currency: str


@record
class Where:
    """A part of a document."""

    country: str
    channel: str


@record
class Reshaped:
    """A document of another shape."""

    id: int
    user: str
    payment: Amounts
    where: Where
    words: list[str]


@record
class Scored:
    """A payment's score."""

    id: int
    score: float


@record
class Amount:
    """What the keyed functions need of a payment."""

    id: int
    user: str
    amount: int
    time: int


@record
class Update:
    """How a user stands."""

    id: int
    user: str
    total: int
    count: int


@record
class Window:
    """A user's minute."""

    user: str
    end: int
    total: int
    count: int


def settings_of(task: Task) -> Settings:
    """The sandbox's settings, with the options that all ways have."""
    flink: dict[str, Any] = {"pipeline.object-reuse": True}
    if task.prompt:
        flink["execution.buffer-timeout.interval"] = "5 ms"
    state = {
        "directory": str(Path(task.directory) / "checkpoints"),
        "checkpoint_interval": "5 s",
        "backend": task.backend,
    }
    return Sandbox.attach(Path(task.sandbox)).settings(
        login="scram-sha-256",
        overrides={
            "kafka": {
                "bootstrap_servers": [task.bootstrap],
                "security_protocol": task.protocol,
            },
            "state": state,
            "job": {"parallelism": task.parallelism, "resume": "never"},
            "python": {"batch_execution_mode": task.mode},
            "flink": flink,
        },
    )


def enriched(row: Any) -> Any:
    """The stateless function on rows."""
    if row.amount >= logic.KEPT_FROM:
        yield Enriched(**row.as_dict(), total=row.amount * row.quantity)


def reshaped(row: Any) -> Reshaped:
    """The same document, of rows."""
    return Reshaped(
        row.id,
        row.user,
        Amounts(row.amount, row.quantity, row.currency),
        Where(row.country, row.channel),
        row.note.split(" "),
    )


def flow(job: SecureJob, task: Task) -> DataStream:
    """The job, up to the stream that goes to Kafka."""
    if task.workload == "windows":
        amounts = job.from_kafka(task.source, Amount, event_time="time", bounded=task.bounded)
        return _with(task, key_by_field(amounts, "user")).process(_windows(), row_type(Window))
    if task.workload == "keyed":
        amounts = job.from_kafka(task.source, Amount, bounded=task.bounded)
        return _with(task, key_by_field(amounts, "user")).process(_totals(), row_type(Update))
    rows = _with(task, job.from_kafka(task.source, Payment, bounded=task.bounded))
    if task.workload == "stateless":
        return rows.flat_map(enriched, row_type(Enriched))
    if task.workload == "json":
        return rows.map(reshaped, row_type(Reshaped))
    model = logic.Model()

    def scored(row: Any) -> Scored:
        return Scored(row.id, model.score(logic.features(row.as_dict())))

    return rows.map(scored, row_type(Scored))


def _with(task: Task, stream: DataStream) -> Any:
    """The stream, whose functions run as the task says."""
    if task.variant == "batches":
        from flinksec_jobs import fast

        return fast(stream)
    return stream


def _totals() -> Any:
    from bench.functions.keyed_functions import Totals

    return Totals(lambda row: (row.user, row.id, row.amount), Update)


def _windows() -> Any:
    from bench.functions.keyed_functions import Windows

    return Windows(lambda row: (row.user, row.time, row.amount), Window)


def main() -> None:
    """Run it."""
    task = given()
    with SecureJob("flink-bench", settings=settings_of(task)) as job:
        made = flow(job, task)
        made.sink_to(job.to_kafka(task.sink, delivery="at_least_once"))


if __name__ == "__main__":
    main()
