# SPDX-License-Identifier: Apache-2.0
"""The examples of docs/formats.md, run on records that others wrote, in one JVM.

    formats.py SETTINGS EXAMPLES

EXAMPLES is a directory of programs, which are run in the order of their names. Prints what they
wrote as JSON.
"""

import datetime
import decimal
import enum
import json
import sys
import uuid
from pathlib import Path
from typing import Any

from flinksec_jobs import SecureJob, field, record, row_type
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.formats.debezium import Debezium
from flinksec_jobs.formats.protobuf import Protobuf
from flinksec_jobs.runtime import jvm

SETTINGS, EXAMPLES = sys.argv[1:]
INPUT = json.loads((Path(EXAMPLES) / "input.json").read_text(encoding="utf-8"))
SHADED = "org.apache.flink.kafka.shaded.org.apache.kafka.common.serialization"


@record
class Customer:
    id: int
    name: str | None
    kind: str


@record
class Item:
    sku: int


class Status(enum.Enum):
    UNKNOWN = "STATUS_UNKNOWN"
    PAID = "PAID"


@record
class Part:
    sku: str
    count: int


@record
class Everything:
    at: datetime.datetime
    day: datetime.date | None
    price: decimal.Decimal
    id: uuid.UUID = field(alias="id_bytes")
    status: Status
    items: list[Part]
    items_by_sku: dict[str, Part]
    card: str | None
    cash: int | None
    maybe_int: int | None = 7


def job(name: str, mode: str = "thread") -> SecureJob:
    overrides = {"job.resume": "never", "python.execution_mode": mode}
    return SecureJob(name, settings=SETTINGS, overrides=overrides)


def produce(made: SecureJob) -> None:
    kafka = jvm.view().org.apache.flink.kafka.shaded.org.apache.kafka.clients.producer
    properties = made.kafka_properties() | {
        f"{part}.serializer": f"{SHADED}.ByteArraySerializer" for part in ("key", "value")
    }
    producer = kafka.KafkaProducer(jvm.properties(properties))
    for topic, values in INPUT["inputs"].items():
        for value in values:
            record_bytes = None if value is None else bytes.fromhex(value)
            producer.send(kafka.ProducerRecord(topic, b"k", record_bytes))
    producer.close()


def consumed(made: SecureJob, topic: str) -> list[tuple[str | None, str | None]]:
    """Key and value of every record of a topic, in hexadecimal."""
    shaded = jvm.view().org.apache.flink.kafka.shaded.org.apache.kafka
    properties = made.kafka_properties() | {
        f"{part}.deserializer": f"{SHADED}.ByteArrayDeserializer" for part in ("key", "value")
    }
    properties["isolation.level"] = "read_committed"
    consumer = shaded.clients.consumer.KafkaConsumer(jvm.properties(properties))
    partition = shaded.common.TopicPartition(topic, 0)
    partitions = jvm.view().java.util.List.of(partition)
    consumer.assign(partitions)
    consumer.seekToBeginning(partitions)
    end = consumer.endOffsets(partitions).get(partition)
    found = []
    while consumer.position(partition) < end:
        for one in consumer.poll(jvm.view().java.time.Duration.ofMillis(500)).records(partition):
            key, value = one.key(), one.value()
            found.append(
                (
                    None if key is None else bytes(key).hex(),
                    None if value is None else bytes(value).hex(),
                )
            )
    consumer.close()
    return found


def kinds(mode: str) -> None:
    """Send changes through Python in every way, and out again as what they are there."""
    with job(f"kinds-{mode}", mode) as made:
        if mode == "thread":
            produce(made)
        customer = row_type(Customer)
        changes = made.from_kafka(
            "shop.customers",
            Customer,
            format=Debezium(updates="both"),
            metadata={"kind": "debezium.kind"},
            bounded=True,
        )
        for name, stream in {
            "filtered": changes.filter(lambda row: row.id > 0),
            "handed-on": changes.map(lambda row: row, customer),
            "made": changes.map(Customer.of, customer),  # type: ignore[attr-defined]
        }.items():
            stream.sink_to(made.to_kafka(f"{name}-{mode}", key_field="id"))


def every_type() -> None:
    """Send messages through Python and out again, by way of records with every type."""
    with job("every-type") as made:
        form = Protobuf("shop.desc", "shop.Everything")
        everything = made.from_kafka("everything", Everything, format=form, bounded=True)
        made_anew = everything.map(Everything.of, row_type(Everything))  # type: ignore[attr-defined]
        made_anew.sink_to(made.to_kafka("everything-again", format=form))


def table_of_changes() -> None:
    """Count in a table that rows go away from, and write what changes in the result."""
    with job("table") as made:
        metadata = {"kind": "debezium.kind"}
        both = Debezium(updates="both")
        made.table(
            "customers",
            Customer,
            topic="shop.customers",
            format=both,
            metadata=metadata,
            bounded=True,
        )
        counted = made.tables.sql_query("SELECT name, COUNT(*) AS n FROM customers GROUP BY name")
        changes = made.tables.to_changelog_stream(counted)
        changes.sink_to(made.to_kafka("counted", format=both))


def refused(name: str, **options: Any) -> str:
    try:
        job("refused").from_kafka(name, Item, bounded=True, **options).print()
    except FlinkSecError as error:
        return str(error)
    return "taken"


def main() -> None:
    kinds("thread")
    kinds("process")
    table_of_changes()
    every_type()
    for example in sorted(Path(EXAMPLES).glob("*.py")):
        exec(compile(example.read_text(encoding="utf-8"), str(example), "exec"), {})
    made = job("consumer")
    results: dict[str, Any] = {topic: consumed(made, topic) for topic in INPUT["outputs"]}
    results["a field of another type"] = refused("items", format=Protobuf("shop.desc", "shop.Item"))
    results["an unknown message"] = refused("items", format=Protobuf("shop.desc", "shop.Itm"))
    results["no descriptor file"] = refused("items", format=Protobuf("none.desc", "shop.Item"))
    results["no options"] = refused("items", format="protobuf")
    sys.stdout.write(f"RESULTS {json.dumps(results)}\n")


if __name__ == "__main__":
    main()
