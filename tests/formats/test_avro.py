# SPDX-License-Identifier: Apache-2.0
"""Avro with a real schema registry (Apicurio's): what others write is read, and the other way.

The others are fastavro, for the records, and plain HTTPS requests for the registry.
"""

import json
import struct
from pathlib import Path
from typing import Any

import fastavro
import pytest

from flinksec_jobs.sandbox import Sandbox
from tests.formats.avro_programs import ran
from tests.formats.registry_client import Registry, framed, written
from tests.pages import blocks
from tests.patience import PATIENCE
from tests.servers.conftest import StartedJob

PROGRAM = Path(__file__).parent / "programs" / "avro_ways.py"
LEG: dict[str, Any] = {
    "type": "record",
    "name": "Leg",
    "fields": [
        {"name": "minutes", "type": ["double", "null"]},
        {"name": "origin", "type": {"type": "enum", "name": "Port", "symbols": ["EWR", "JFK"]}},
    ],
}
MAPS = {"type": "array", "items": {"type": "map", "values": "long"}}
OLD: dict[str, Any] = {
    "type": "record",
    "name": "Flug",
    "namespace": "org.example",
    "fields": [
        {"name": "raw", "type": ["null", {"type": "fixed", "name": "Two", "size": 2}]},
        {"name": "forgotten", "type": MAPS},
        {"name": "id", "type": "string"},
        {"name": "seats", "type": "int"},
        {"name": "counts", "type": {"type": "map", "values": "long"}},
        {"name": "delay", "type": ["null", "float"]},
        {"name": "tags", "type": {"type": "array", "items": "string"}},
        {"name": "legs", "type": ["null", "org.example.Leg"]},
    ],
}
FLIGHTS: list[dict[str, Any]] = [
    {
        "raw": b"\0\xff",
        "forgotten": [{"a": 1}],
        "id": "ÄÖ😀",
        "seats": -3,
        "counts": {"a": 2**40},
        "delay": 1.5,
        "tags": ["x", ""],
        "legs": {"origin": "JFK", "minutes": None},
    },
    {
        "raw": None,
        "forgotten": [],
        "id": "2",
        "seats": 7,
        "counts": {},
        "delay": None,
        "tags": [],
        "legs": None,
    },
]

EXAMPLE: dict[str, Any] = {
    "type": "record",
    "name": "Departed",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "departed_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "delay", "type": ["null", "double"]},
    ],
}
DEPARTED: list[dict[str, Any]] = [
    {"id": "a", "departed_at": 1, "delay": None},
    {"id": "b", "departed_at": 2, "delay": 16.5},
]


def ours(flight: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in flight.items() if name != "forgotten"}


@pytest.fixture(scope="module")
def told(
    sandbox: Sandbox, registry: Registry, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What the jobs of the program came to, by their names."""
    directory = tmp_path_factory.mktemp("avro")
    topics = ["avro-in", "avro-out", "avro-again", "avro-latest", "flights", "late-flights"]
    sandbox.create_topics(dict.fromkeys(topics, 1))
    leg = registry.register("legs", {**LEG, "namespace": "org.example"})
    reference = [{"name": "org.example.Leg", "subject": "legs", "version": 1}]
    number = registry.register("avro-in-value", OLD, reference)
    named: dict[str, Any] = {}
    fastavro.parse_schema({**LEG, "namespace": "org.example"}, named)
    schema = fastavro.parse_schema(OLD, named)
    good = [framed(number, schema, flight) for flight in FLIGHTS]
    bad = [
        b"{}",  # no magic byte
        struct.pack(">bI", 0, 2**31 - 1) + b"\0",  # an id that is not there
        framed(leg, fastavro.parse_schema(LEG), FLIGHTS[0]["legs"]),  # another record
        good[0][:-1],
        good[0] + b"\0",
        struct.pack(">bI", 0, number) + bytes.fromhex("00 feffffff0f"),  # 2^31 items
    ]
    registry.register(
        "avro-latest",
        {
            "type": "record",
            "name": "Newest",
            "fields": [
                {"name": "note", "type": "string", "default": "none"},
                {"name": "id", "type": "string"},
                {"name": "seats", "type": ["null", "int"]},
                {"name": "delay", "type": ["null", "double"]},
                {"name": "legs", "type": ["null", LEG]},
                {"name": "tags", "type": {"type": "array", "items": "string"}},
                {"name": "counts", "type": {"type": "map", "values": "long"}},
                {"name": "raw", "type": ["null", "bytes"]},
            ],
        },
    )
    example = registry.register("flights-value", EXAMPLE)
    late = [framed(example, fastavro.parse_schema(EXAMPLE), one) for one in DEPARTED]
    (directory / "wrong-password").write_text("secret-and-wrong")
    (directory / "wrong-password").chmod(0o600)
    values = [value.hex() for value in [good[0], *bad, good[1]]]
    records = {"avro-in": values, "flights": [one.hex() for one in late]}
    return ran(PROGRAM, sandbox, directory, records)


def test_records_of_others_are_read_by_their_schemas_and_written_for_others(
    told: dict[str, Any], sandbox: Sandbox, registry: Registry
) -> None:
    assert told["registers"]["error"] is None
    found = written(sandbox, registry, "avro-out")
    assert [value for value, _ in found] == [ours(flight) for flight in FLIGHTS]
    assert {schema["name"] for _, schema in found} == {"com.example.Flight"}


def test_a_schema_that_is_not_registered_keeps_the_job_from_starting(
    told: dict[str, Any],
) -> None:
    refused = told["not-registered"]
    assert "the subject avro-out-value does not have the schema to write with" in refused["error"]
    assert "[schema-not-registered]" in refused["error"]
    assert "schema_registry.auto_register = true" in refused["hint"]


def test_a_job_registers_a_schema_only_if_it_may(told: dict[str, Any], registry: Registry) -> None:
    assert registry.ask("/subjects/avro-out-value/versions") == [1]
    assert "avro-again-value" not in registry.ask("/subjects")
    assert "the subject avro-again-value does not have" in told["registered"]["error"]


def test_the_newest_schema_is_written_with_where_that_is_wanted(
    told: dict[str, Any], sandbox: Sandbox, registry: Registry
) -> None:
    assert told["latest"]["error"] is None
    found = written(sandbox, registry, "avro-latest")
    assert [value for value, _ in found] == [ours(flight) | {"note": "none"} for flight in FLIGHTS]


def test_a_record_class_that_cannot_read_the_newest_schema_keeps_the_job_from_starting(
    told: dict[str, Any],
) -> None:
    refused = told["does-not-fit"]
    assert "field 'id' is string in the schema, and an int in the record" in refused["error"]
    assert "[schema-incompatible]" in refused["error"]


def test_a_refused_login_is_named_and_not_told(told: dict[str, Any]) -> None:
    refused = told["wrong-password"]
    assert "refuses the credentials (status 401)" in refused["error"]
    assert "[schema-registry-login-refused]" in refused["error"]
    assert "secret-and-wrong" not in json.dumps(told)


def test_bad_records_are_left_out_one_by_one_and_their_values_told_nobody(
    told: dict[str, Any],
) -> None:
    for reason in (
        "does not begin with 0 and the id of a schema",
        "the schema registry has no schema of the id 2147483647",
        "is not in the schema as 'id', and has no default",
        "ends too early",
        "goes on after its last field",
        "a list or map of more items than it has bytes",
    ):
        assert reason in told["logs"], reason
    assert "ÄÖ😀" not in json.dumps(told, ensure_ascii=False)


def test_the_example_of_the_page_of_formats_does_what_it_says(
    told: dict[str, Any], sandbox: Sandbox, registry: Registry, tmp_path: Path
) -> None:
    assert told
    (block,) = [one for one in blocks("docs/formats.md", "python") if "class Flight" in one.text]
    job = tmp_path / "late_flights.py"
    job.write_text(block.text)
    settings = tmp_path / "settings.toml"
    sandbox.write_settings(settings)
    started = StartedJob(
        settings,
        {
            "FLINKSEC_LOG_DIR": str(tmp_path / "logs"),
            "FLINKSEC_SCHEMA_REGISTRY__AUTO_REGISTER": "true",
        },
        job,
    )
    ended = started.end(PATIENCE)
    assert ended.code == 0, ended.err
    (late,) = written(sandbox, registry, "late-flights")
    assert late[0] == {"id": "b", "departed_at": 2, "delay": 16.5, "tags": []}
    assert late[1]["name"] == "com.example.Flight"
