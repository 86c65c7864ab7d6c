# SPDX-License-Identifier: Apache-2.0
"""Every type and keys in Avro, each login to the registry, and a registry that fails in mid-job.

Records are fastavro's; the registry is Apicurio, where it matters through doors of these tests.
"""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import fastavro
import pytest

from flinksec_jobs.sandbox import Sandbox
from tests.formats.avro_programs import ran
from tests.formats.registry_client import Registry, framed, unframed, written
from tests.formats.registry_door import DROPPED, RegistryDoor
from tests.patience import PATIENCE

PROGRAM = Path(__file__).parent / "programs" / "avro_records.py"
CANARY = "hunter2-in-a-record"
PRICE = {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}
LINE: dict[str, Any] = {
    "type": "record",
    "name": "Line",
    "fields": [{"name": "price", "type": PRICE}, {"name": "article", "type": "string"}],
}
# What its record class has a default for is not in it; fields stand in another order.
ORDER: dict[str, Any] = {
    "type": "record",
    "name": "Bestellung",
    "namespace": "org.example",
    "fields": [
        {"name": "unknown", "type": {"type": "array", "items": LINE}},
        {"name": "id", "type": {"type": "string", "logicalType": "uuid"}},
        {"name": "placed_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "lines", "type": {"type": "array", "items": "org.example.Line"}},
        {"name": "by_shop", "type": {"type": "map", "values": "org.example.Line"}},
        {"name": "customer_number", "type": "string"},
        {"name": "first", "type": ["null", "org.example.Line"]},
        {"name": "paid", "type": "boolean"},
        {"name": "weight", "type": ["float", "null"]},
        {"name": "raw", "type": "bytes"},
        {
            "name": "nested",
            "type": {"type": "array", "items": {"type": "array", "items": "int"}},
        },
        {"name": "notes", "type": {"type": "map", "values": ["null", "string"]}},
        {"name": "deliver_on", "type": ["null", {"type": "int", "logicalType": "date"}]},
        {
            "name": "state",
            "type": {"type": "enum", "name": "Zustand", "symbols": ["open", "paid", "lost"]},
        },
    ],
}
REGION = {
    "type": "record",
    "name": "Region",
    "fields": [{"name": "region", "type": "string"}, {"name": "more", "type": "int"}],
}
KEY: dict[str, Any] = {
    "type": "record",
    "name": "Key",
    "fields": [
        {"name": "region", "type": ["null", "string"]},
        {"name": "id", "type": {"type": "fixed", "name": "U", "size": 16, "logicalType": "uuid"}},
    ],
}
KEYED: dict[str, Any] = {
    "type": "record",
    "name": "Keyed",
    "fields": [
        {"name": "id", "type": {"type": "string", "logicalType": "uuid"}},
        {"name": "region", "type": "string"},
        {"name": "count", "type": "long"},
    ],
}
ONE, TWO = UUID(int=2**127 + 5), UUID(int=7)
A_LINE = {"article": "Äpfel", "price": Decimal("-12.30")}
ORDERS: list[dict[str, Any]] = [
    {
        "unknown": [A_LINE],
        "id": ONE,
        "placed_at": datetime(2024, 2, 29, 23, 59, 59, 999000, UTC),
        "lines": [A_LINE, {"article": "", "price": Decimal("9999999999.99")}],
        "by_shop": {"eins": A_LINE},
        "customer_number": "c-1",
        "first": A_LINE,
        "paid": True,
        "weight": 1.5,
        "raw": b"\0\xff",
        "nested": [[1, -2], []],
        "notes": {"a": None, "b": "x"},
        "deliver_on": date(1969, 12, 31),
        "state": "paid",
    },
    {
        "unknown": [],
        "id": TWO,
        "placed_at": datetime(1969, 12, 31, tzinfo=UTC),
        "lines": [],
        "by_shop": {},
        "customer_number": "",
        "first": None,
        "paid": False,
        "weight": None,
        "raw": b"",
        "nested": [],
        "notes": {},
        "deliver_on": None,
        "state": "open",
    },
]
REGIONS = ("north", "süd")


TOPICS = (
    "orders orders-again by-file by-file-again orders-strict unknown-id copies keyed "
    "token certificate no-certificate away-a-while away refuses"
)


@pytest.fixture(scope="module")
def door(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryDoor]:
    with RegistryDoor(tmp_path_factory.mktemp("door"), registry.url, registry.context) as opened:
        yield opened


@pytest.fixture(scope="module")
def strict_door(
    sandbox: Sandbox, registry: Registry, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RegistryDoor]:
    """One that asks for a client certificate."""
    directory = tmp_path_factory.mktemp("strict-door")
    with RegistryDoor(directory, registry.url, registry.context, sandbox.ca_certs) as opened:
        yield opened


def ways(sandbox: Sandbox, door: RegistryDoor, strict: RegistryDoor) -> dict[str, dict[str, Any]]:
    """The settings by which the registry is reached."""
    nobody = {"schema_registry.username": None, "schema_registry.password": None}
    at_strict = {
        "schema_registry.urls": [strict.url("strict")],
        "schema_registry.ca_certs": str(strict.ca_certs),
    }
    token = sandbox.directory / "secrets" / "schema-registry-token"
    certificate = {
        "schema_registry.client_cert": str(sandbox.client_cert),
        "schema_registry.client_key": f"file:{sandbox.client_key}",
    }
    through = {"schema_registry.ca_certs": str(door.ca_certs)}
    return {
        "token": nobody | {"schema_registry.token": f"file:{token}"},
        "certificate": at_strict | certificate,
        "no-certificate": at_strict,
        "away-a-while": through
        | {"schema_registry.urls": [door.url("away-a-while")]}
        | {"schema_registry.retry_timeout": "60 s"},
        "away": through
        | {"schema_registry.urls": [door.url("away")]}
        | {"schema_registry.retry_timeout": "2 s"},
        "refuses": through | {"schema_registry.urls": [door.url("refuses")]},
    }


def inputs(registry: Registry) -> dict[str, list[Any]]:
    """What others have written, and registered."""
    value = registry.register("orders-value", ORDER)
    key = registry.register("orders-key", REGION)
    keyed = registry.register("keyed-value", KEYED)
    schema, region = fastavro.parse_schema(ORDER), fastavro.parse_schema(REGION)
    orders = [
        (framed(key, region, {"region": at, "more": 1}).hex(), framed(value, schema, one).hex())
        for at, one in zip(REGIONS, ORDERS, strict=True)
    ]
    record = {"id": ONE, "region": CANARY, "count": 3}
    good = framed(keyed, fastavro.parse_schema(KEYED), record)
    unknown = struct.pack(">bI", 0, 2**31 - 1) + good[5:]
    return {
        "orders": orders,
        "keyed": [(None, good.hex())],
        "unknown-id": [(None, good.hex()), (None, unknown.hex())],
    }


@pytest.fixture(scope="module")
def told(
    sandbox: Sandbox,
    registry: Registry,
    door: RegistryDoor,
    strict_door: RegistryDoor,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    """What the jobs of the program came to, by their names."""
    directory = tmp_path_factory.mktemp("avro-records")
    sandbox.create_topics(dict.fromkeys(TOPICS.split(), 1))
    registry.ask("/config/orders-strict-value", {"compatibility": "FULL"}, "PUT")
    strict = {**KEYED, "fields": [*KEYED["fields"], {"name": "gone", "type": "string"}]}
    registry.register("orders-strict-value", strict)
    registry.register("unknown-id-value", KEYED)
    (directory / "key.avsc").write_text(json.dumps(KEY))
    given = {"records": inputs(registry), "ways": ways(sandbox, door, strict_door)}
    return ran(PROGRAM, sandbox, directory, given)


def test_every_type_comes_from_a_schema_of_others_and_goes_to_one_of_the_class(
    told: dict[str, Any], sandbox: Sandbox, registry: Registry
) -> None:
    assert told["every-type"]["error"] is None
    found = written(sandbox, registry, "orders-again")
    added = {"way": "post", "count": 7, "tags": ["new"]}
    assert [value for value, _ in found] == [
        {name: value for name, value in order.items() if name not in {"unknown", "id"}} | added
        for order in ORDERS
    ]
    (schema,) = {json.dumps(schema, sort_keys=True) for _, schema in found}
    types = {field["name"]: field["type"] for field in json.loads(schema)["fields"]}
    assert json.loads(schema)["name"] == "com.example.Order"
    assert types["customer_number"] == "string"
    assert types["placed_at"] == {"logicalType": "timestamp-micros", "type": "long"}
    assert types["by_shop"]["values"] == "com.example.Line"


def test_keys_are_read_by_their_schema_and_written_under_a_subject_of_their_own(
    told: dict[str, Any], sandbox: Sandbox, registry: Registry
) -> None:
    assert told["every-type"]["error"] is None
    found = [unframed(registry, one.key) for one in sandbox.records("orders-again")]
    assert [key for key, _ in found] == [
        {"id": ONE, "region": REGIONS[0]},
        {"id": TWO, "region": REGIONS[1]},
    ]
    assert {schema["name"] for _, schema in found} == {"com.example.OrderKey"}
    assert registry.ask("/subjects/orders-again-key/versions") == [1]


def test_keys_of_a_schema_in_a_file_are_written_and_read(
    told: dict[str, Any], sandbox: Sandbox
) -> None:
    assert told["keys-by-file"]["error"] is None
    schema = fastavro.parse_schema(KEY)
    keys = [one.key or b"" for one in sandbox.records("by-file")]
    ids = zip((ONE, TWO), REGIONS, strict=True)
    wanted: list[dict[str, Any]] = [{"id": one, "region": at} for one, at in ids]
    assert [fastavro.schemaless_reader(io.BytesIO(key), schema, None) for key in keys] == [
        {**one, "id": one["id"].bytes} for one in wanted
    ]
    again = [json.loads(line) for line in sandbox.consume("by-file-again")]
    assert again == [{**one, "id": str(one["id"]), "count": 7} for one in wanted]


def test_a_schema_against_the_subjects_rule_keeps_the_job_from_starting(
    told: dict[str, Any], registry: Registry
) -> None:
    refused = told["incompatible"]
    assert "orders-strict-value" in refused["error"]
    assert "not compatible with its newest" in refused["error"]
    assert "[schema-incompatible]" in refused["error"]
    assert registry.ask("/subjects/orders-strict-value/versions") == [1]


def test_an_id_that_the_registry_does_not_have_is_the_fault_of_its_record(
    told: dict[str, Any],
) -> None:
    refused = told["unknown-id"]["error"]
    assert "topic unknown-id, partition 0, offset 1" in refused
    assert "the schema registry has no schema of the id 2147483647" in refused


@pytest.mark.parametrize("way", ["token", "certificate", "away-a-while"])
def test_the_registry_is_reached_by_each_login_and_waited_for(
    told: dict[str, Any], sandbox: Sandbox, door: RegistryDoor, way: str
) -> None:
    assert told[way]["error"] is None
    (line,) = sandbox.consume(way)
    assert json.loads(line) == {"id": str(ONE), "region": CANARY, "count": 3}
    assert door.asked["away-a-while"] == DROPPED + 1


@pytest.mark.parametrize(
    ("way", "said", "hint"),
    [
        ("no-certificate", "[client-certificate-wanted]", "get a client certificate"),
        ("away", "no answer from https://localhost:", "check that it is up"),
        ("refuses", "refuses the credentials (status 401)", "check user name and password"),
    ],
)
def test_a_registry_that_does_not_serve_the_job_fails_it_by_the_setting(
    told: dict[str, Any], sandbox: Sandbox, way: str, said: str, hint: str
) -> None:
    assert said in told[way]["error"]
    assert hint in f"{told[way]['hint']} {told[way]['error']}"
    assert sandbox.consume(way) == []


def test_no_value_of_a_record_is_told_by_any_of_them(told: dict[str, Any]) -> None:
    assert CANARY not in json.dumps(told)


def test_the_doctor_asks_the_registry_whether_it_lets_the_job_in(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    settings = tmp_path / "settings.toml"
    sandbox.write_settings(settings)
    wrong = tmp_path / "wrong"
    wrong.write_text(CANARY)
    wrong.chmod(0o600)

    def diagnosis(**variables: str) -> tuple[int, list[dict[str, Any]]]:
        done = subprocess.run(
            [sys.executable, "-m", "flinksec_jobs", "doctor", "--json", "--settings", settings],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env=os.environ | {"FLINKSEC_LOG_DIR": str(tmp_path / "logs")} | variables,
            check=False,
        )
        assert CANARY not in done.stdout + done.stderr
        checks = json.loads(done.stdout)["checks"]
        return done.returncode, [c for c in checks if c["category"] == "schema_registry"]

    code, checks = diagnosis()
    assert code == 0
    assert [check["result"] for check in checks] == ["ok"] * len(checks)
    assert checks
    code, checks = diagnosis(FLINKSEC_SCHEMA_REGISTRY__PASSWORD=f"file:{wrong}")
    assert code == 1
    assert [one["id"] for check in checks for one in check["findings"]] == [
        "schema-registry-login-refused"
    ]
