# SPDX-License-Identifier: Apache-2.0
"""Small bounded jobs with every type, keys in Avro, and registries that are not as they were.

Arguments: the settings, and a file of JSON: records to write as they are, by topic, as pairs of key
and value in hexadecimal text; and the ways to reach the registry, settings by name. What each job
came to is printed, a line of JSON each.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import field as dataclass_field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

from flinksec_jobs import FlinkSecError, SecureJob, field, load_settings, record, row_type
from flinksec_jobs.formats.avro import Avro

SETTINGS, GIVEN = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text())
KEY_FILE = Path(sys.argv[2]).with_name("key.avsc")


@record
class Blob:
    key: bytes | None
    raw: bytes


class State(Enum):
    OPEN = "open"
    PAID = "paid"


@record
class Line:
    article: str
    price: Annotated[Decimal, field(precision=12, scale=2)]


@record
class Order:
    id: UUID
    region: str
    placed_at: datetime
    lines: list[Line]
    by_shop: dict[str, Line]
    customer: Annotated[str, field(alias="customer_number")]
    first: Line | None
    paid: bool
    weight: float | None
    raw: bytes
    nested: list[list[int]]
    notes: dict[str, str | None]
    deliver_on: date | None = None
    state: State = State.OPEN
    way: Literal["post", "shop"] = "post"
    count: int = 7
    tags: list[str] = dataclass_field(default_factory=lambda: ["new"])


@record
class Keyed:
    id: UUID
    region: str
    count: int


def settings(**more: Any) -> Any:
    return load_settings(SETTINGS, overrides=more)


def tell(name: str, job: Callable[[], None]) -> None:
    found: dict[str, Any] = {"job": name, "error": None, "hint": None}
    try:
        job()
    except FlinkSecError as error:
        found |= {"error": str(error), "hint": error.hint}
    sys.stdout.write(json.dumps(found) + "\n")


def fill(topic: str) -> None:
    with SecureJob(f"fill-{topic}", settings=settings()) as job:
        values = [
            Blob(None if key is None else bytes.fromhex(key), bytes.fromhex(value))
            for key, value in GIVEN["records"][topic]
        ]
        stream = job.env.from_collection(values, row_type(Blob))
        sink = job.to_kafka(
            topic,
            format="raw",
            key_fields=["key"],
            key_format="raw",
            key_in_value=False,
            delivery="at_least_once",
        )
        stream.sink_to(sink)


def every_type() -> None:
    """Records and keys of others in, through Python, and out by the class's own schemas."""
    with SecureJob("every-type", settings=settings(**REGISTERS)) as job:
        orders = job.from_kafka(
            "orders",
            Order,
            format="avro",
            key_fields=["region"],
            key_format="avro",
            bounded=True,
        )
        through = orders.map(lambda order: order, row_type(Order))
        sink = job.to_kafka(
            "orders-again",
            format=Avro(record_name="com.example.Order"),
            key_fields=["id", "region"],
            key_format=Avro(record_name="com.example.OrderKey"),
            key_in_value=False,
        )
        through.sink_to(sink)


def keys_by_file() -> None:
    """Keys of one schema that stands in a file, written and read."""
    key = Avro(schema_file=KEY_FILE)
    with SecureJob("keys-by-file", settings=settings()) as job:
        orders = job.from_kafka(
            "orders-again",
            Keyed,
            format="avro",
            key_fields=["id", "region"],
            key_format="avro",
            bounded=True,
        )
        sink = job.to_kafka("by-file", key_fields=["id", "region"], key_format=key)
        orders.sink_to(sink)
    with SecureJob("keys-by-file-again", settings=settings()) as job:
        again = job.from_kafka(
            "by-file",
            Keyed,
            key_fields=["id", "region"],
            key_format=key,
            bounded=True,
        )
        again.sink_to(job.to_kafka("by-file-again"))


def copy(name: str, topic: str, target: str, **more: Any) -> None:
    with SecureJob(name, settings=settings(**more)) as job:
        found = job.from_kafka(topic, Keyed, format="avro", bounded=True)
        found.sink_to(job.to_kafka(target))


def incompatible() -> None:
    with SecureJob("incompatible", settings=settings(**REGISTERS)) as job:
        found = job.from_kafka("by-file", Keyed, bounded=True)
        found.sink_to(job.to_kafka("orders-strict", format=Avro(record_name="com.example.Order")))


REGISTERS = {"schema_registry.auto_register": True}


def main() -> None:
    for topic in GIVEN["records"]:
        fill(topic)
    tell("every-type", every_type)
    tell("keys-by-file", keys_by_file)
    tell("incompatible", incompatible)
    tell("unknown-id", lambda: copy("unknown-id", "unknown-id", "copies"))
    for way, changed in GIVEN["ways"].items():
        tell(way, partial(copy, way, "keyed", way, **changed))


if __name__ == "__main__":
    main()
