# SPDX-License-Identifier: Apache-2.0
"""Tables of our formats on real servers, by SQL alone: read and written by others, letters kept.

One job does it all. Records are fastavro's and Google's; the registry is Apicurio.
"""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from flinksec_jobs import kafka_python
from flinksec_jobs.sandbox import Sandbox
from tests.formats.registry_client import Registry, framed, unframed, written
from tests.patience import PATIENCE
from tests.servers.conftest import Ended, StartedJob

DESCRIPTORS = Path(__file__).parents[1] / "vectors" / "protobuf" / "shop.desc"
SECRET_VALUE = "hunter2-in-a-record"
# Statements that read `orders` by one hint share a source.
SOURCES = 1
# No other test of these servers has topics of these names.
TOPICS = (
    "shop-orders orders-out shop-items shop-changes shop-counted per-city letters casts castable"
)
POOL = descriptor_pool.DescriptorPool()
for _file in descriptor_pb2.FileDescriptorSet.FromString(DESCRIPTORS.read_bytes()).file:
    POOL.Add(_file)
ITEM: Any = message_factory.GetMessageClass(POOL.FindMessageTypeByName("shop.Item"))
ORDER: dict[str, Any] = {
    "type": "record",
    "name": "Order",
    "fields": [
        {"name": "city", "type": ["null", "string"]},
        {"name": "id", "type": "long"},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {
            "name": "price",
            "type": {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2},
        },
        {
            "name": "lines",
            "type": {
                "type": "array",
                "items": {
                    "type": "record",
                    "name": "Line",
                    "fields": [
                        {"name": "sku", "type": "string"},
                        {"name": "count", "type": "int"},
                    ],
                },
            },
        },
    ],
}
AT = datetime(2024, 2, 29, 23, 59, 59, 999000, UTC)
ORDERS: list[dict[str, Any]] = [
    {"city": "Köln", "id": 1, "at": AT, "price": Decimal("12.30"), "lines": []},
    {
        "city": None,
        "id": 2,
        "at": AT,
        "price": Decimal("-0.01"),
        "lines": [{"sku": "a", "count": 3}, {"sku": "b", "count": -1}],
    },
    {"city": "Köln", "id": 3, "at": AT, "price": Decimal("0.00"), "lines": []},
]

STATEMENTS = """
-- All formats of ours, and what Flink's tables have around them.
SET 'table.exec.source.idle-timeout' = '1 s';
CREATE TABLE orders (
    id BIGINT NOT NULL,
    city STRING,
    price DECIMAL(10, 2),
    `at` TIMESTAMP_LTZ(3),
    lines ARRAY<ROW<sku STRING, `count` INT>>,
    `partition` INT METADATA VIRTUAL,
    `offset` BIGINT METADATA VIRTUAL,
    headers MAP<STRING, BYTES> METADATA VIRTUAL,
    written_at TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
    twice AS price * 2,
    WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH (
    'connector' = 'flinksec-kafka',
    'topic' = 'shop-orders',
    'format' = 'avro',
    'on-error' = 'dead_letter'
);
CREATE TABLE orders_out (
    id    BIGINT NOT NULL,
    city  STRING,
    place STRING,
    twice DECIMAL(12, 2)
) WITH (
    'connector' = 'flinksec-kafka',
    'topic' = 'orders-out',
    'key.format' = 'avro',
    'key.fields' = 'id',
    'key.avro.record-name' = 'com.example.OrderKey',
    'value.format' = 'avro',
    'value.avro.record-name' = 'com.example.Order'
);
CREATE TABLE items (sku STRING NOT NULL, `count` INT NOT NULL) WITH (
    'connector' = 'flinksec-kafka',
    'topic' = 'shop-items',
    'format' = 'protobuf',
    'protobuf.descriptor-file' = 'shop.desc',
    'protobuf.message' = 'shop.Item'
);
CREATE TABLE changes (id BIGINT, name STRING) WITH (
    'connector' = 'flinksec-kafka', 'topic' = 'shop-changes', 'format' = 'debezium',
    'scan.bounded.mode' = 'latest-offset'
);
CREATE TABLE counted (name STRING, n BIGINT) WITH (
    'connector' = 'flinksec-kafka', 'topic' = 'shop-counted', 'format' = 'debezium'
);
CREATE TABLE per_city (city STRING, n BIGINT NOT NULL, PRIMARY KEY (city) NOT ENFORCED) WITH (
    'connector' = 'flinksec-upsert-kafka',
    'topic' = 'per-city',
    'key.format' = 'avro',
    'value.format' = 'avro'
);
EXECUTE STATEMENT SET BEGIN
INSERT INTO orders_out
    SELECT id, city, CAST(`partition` AS STRING) || '/' || CAST(`offset` AS STRING)
        || '/' || COALESCE(CAST(CARDINALITY(headers) AS STRING), '-'), twice
    FROM orders /*+ OPTIONS('scan.bounded.mode' = 'latest-offset') */
    WHERE written_at > TO_TIMESTAMP_LTZ(0, 3);
INSERT INTO items
    SELECT sku, `count` FROM orders /*+ OPTIONS('scan.bounded.mode' = 'latest-offset') */
    CROSS JOIN UNNEST(lines) AS line (sku, `count`);
INSERT INTO counted SELECT name, COUNT(*) FROM changes GROUP BY name;
INSERT INTO per_city SELECT city, COUNT(*) FROM orders
    /*+ OPTIONS('scan.bounded.mode' = 'latest-offset') */
    WHERE city IS NOT NULL GROUP BY city HAVING COUNT(*) <> 2;
END;
"""


def change(op: str, before: Any, after: Any) -> str:
    return json.dumps({"before": before, "after": after, "op": op, "ts_ms": 2})


def run(sandbox: Sandbox, directory: Path, name: str, text: str) -> tuple[Ended, str]:
    """What the job said, and its logs."""
    settings = directory / "settings.toml"
    sandbox.write_settings(settings)
    job = directory / f"{name}.sql"
    job.write_text(text.replace("shop.desc", str(directory / "shop.desc")))
    variables = {
        "FLINKSEC_LOG_DIR": str(directory / "logs"),
        "FLINKSEC_JOB__DEAD_LETTERS": "letters",
        "FLINKSEC_SCHEMA_REGISTRY__AUTO_REGISTER": "true",
    }
    ended = StartedJob(settings, variables, job).end(PATIENCE)
    return ended, "".join(path.read_text() for path in (directory / "logs").rglob("*.log*"))


@pytest.fixture(scope="module")
def ran(
    sandbox: Sandbox, registry: Registry, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Ended, str]:
    directory = tmp_path_factory.mktemp("sql-formats")
    shutil.copy(DESCRIPTORS, directory)
    sandbox.create_topics(dict.fromkeys(TOPICS.split(), 1))
    number = registry.register("shop-orders-value", ORDER)
    schema = fastavro.parse_schema(ORDER)
    good = [framed(number, schema, one) for one in ORDERS]
    with kafka_python.client_options(sandbox.settings(login="certificate")) as options:
        producer = KafkaProducer(**options)
        for value in (good[0], good[1], good[0][:-1], good[2]):
            producer.send("shop-orders", value)
        producer.close()
    ann, bob = {"id": 1, "name": "Ann"}, {"id": 1, "name": "Bob"}
    lines = [change("c", None, ann), change("u", ann, bob), change("d", bob, None)]
    sandbox.produce("shop-changes", [f"1\t1\t{line}" for line in lines])
    return run(sandbox, directory, "sql-formats", STATEMENTS)


def test_a_table_reads_avro_of_others_and_others_read_what_it_writes(
    ran: tuple[Ended, str], sandbox: Sandbox, registry: Registry
) -> None:
    assert ran[0].code == 0, ran[0].err
    found = written(sandbox, registry, "orders-out")
    assert [value for value, _ in found] == [
        {"id": 1, "city": "Köln", "place": "0/0/0", "twice": Decimal("24.60")},
        {"id": 2, "city": None, "place": "0/1/0", "twice": Decimal("-0.02")},
        {"id": 3, "city": "Köln", "place": "0/3/0", "twice": Decimal("0.00")},
    ]
    assert {schema["name"] for _, schema in found} == {"com.example.Order"}
    keys = [unframed(registry, one.key) for one in sandbox.records("orders-out")]
    assert [(key, schema["name"]) for key, schema in keys] == [
        ({"id": number}, "com.example.OrderKey") for number in (1, 2, 3)
    ]


def test_a_bad_record_of_a_table_becomes_a_dead_letter_with_its_bytes(
    ran: tuple[Ended, str], sandbox: Sandbox
) -> None:
    assert ran[0].code == 0, ran[0].err
    with kafka_python.client_options(sandbox.settings(login="certificate")) as options:
        consumer = KafkaConsumer(**options, isolation_level="read_committed")
        consumer.assign([TopicPartition("letters", 0)])
        consumer.seek_to_beginning()
        letters: list[Any] = []
        while len({one.offset for one in letters}) < SOURCES:
            letters += [one for found in consumer.poll(1000).values() for one in found]
        consumer.close()
    bad = next(one for one in letters if one.value)
    assert len({one.offset for one in letters}) == SOURCES
    headers = dict(bad.headers)
    assert headers["__connect.errors.topic"] == b"shop-orders"
    assert headers["__connect.errors.offset"] == b"2"
    assert b"ends too early" in headers["__connect.errors.exception.message"]
    assert "dead letter" in ran[0].err


def test_a_table_writes_protobuf(ran: tuple[Ended, str], sandbox: Sandbox) -> None:
    assert ran[0].code == 0, ran[0].err
    found = [ITEM.FromString(one.value or b"") for one in sandbox.records("shop-items")]
    assert found == [ITEM(sku="a", count=3), ITEM(sku="b", count=-1)]


def test_changes_of_debezium_are_counted_and_written_as_changes(
    ran: tuple[Ended, str], sandbox: Sandbox
) -> None:
    assert ran[0].code == 0, ran[0].err
    found = [json.loads(one.value or b"") for one in sandbox.records("shop-counted")]
    assert [(one["op"], one["before"], one["after"]) for one in found] == [
        ("c", None, {"name": "Ann", "n": 1}),
        ("d", {"name": "Ann", "n": 1}, None),
        ("c", None, {"name": "Bob", "n": 1}),
        ("d", {"name": "Bob", "n": 1}, None),
    ]


def test_an_upsert_table_has_keys_and_tombstones_in_avro(
    ran: tuple[Ended, str], sandbox: Sandbox, registry: Registry
) -> None:
    assert ran[0].code == 0, ran[0].err
    records = list(sandbox.records("per-city"))
    assert {unframed(registry, one.key)[0]["city"] for one in records} == {"Köln"}
    assert unframed(registry, records[0].value)[0] == {"city": "Köln", "n": 1}
    assert records[-1].value is None


@pytest.mark.usefixtures("ran")
def test_what_a_cast_fails_with_is_told_by_the_record_and_not_by_its_value(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.produce("casts", [f'1\tk\t{{"id": 1, "name": "{SECRET_VALUE}"}}'])
    kafka = "'connector' = 'flinksec-kafka', 'format' = 'json'"
    ended, logs = run(
        sandbox,
        tmp_path,
        "casts",
        f"CREATE TABLE a (name STRING) WITH ({kafka}, 'topic' = 'casts',"
        " 'scan.bounded.mode' = 'latest-offset');"
        f"CREATE TABLE b (id INT) WITH ({kafka}, 'topic' = 'castable');"
        "INSERT INTO b SELECT CAST(name AS INT) FROM a;",
    )
    assert ended.code == 1
    said = "a statement fails on the Kafka record at topic casts, partition 0, offset 0"
    assert said in ended.err
    assert said in logs
    assert SECRET_VALUE not in logs + ended.err + ended.out
