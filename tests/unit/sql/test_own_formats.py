# SPDX-License-Identifier: Apache-2.0
"""The options of our formats in tables: as those of streams, and the same in Python and Java."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flinksec_jobs import formats
from flinksec_jobs.sql import allowed, own_formats
from flinksec_jobs.sql.refusal import Refusal

JAVA = (
    Path(__file__).parents[3]
    / "connectors/secure-connectors/src/main/java/org/flinksec/tables/OwnFormats.java"
)


def first(**options: str) -> Refusal | None:
    said = {"connector": "flinksec-kafka", "topic": "t"}
    said |= {name.replace("__", ".").replace("_", "-"): value for name, value in options.items()}
    return next(allowed.refusals(said), None)


@pytest.mark.parametrize("name", own_formats.NAMES)
def test_java_reads_the_options_that_python_takes(name: str) -> None:
    (method,) = re.findall(rf"RecordFormat {name}\(.*?\n  }}", JAVA.read_text(), re.DOTALL)
    for option in own_formats.options_of(name):
        assert f'"{option}"' in method, option


def test_a_format_of_ours_is_in_java_and_the_others_are_flinks() -> None:
    (line,) = re.findall(r"PLACEHOLDERS =\s+Map\.of\((.*?)\);", JAVA.read_text(), re.DOTALL)
    named = re.findall(r'"([\w-]+)"', line)[::2]
    assert sorted(named) == sorted(own_formats.NAMES)
    assert set(named) <= set(formats.all_formats())


def test_options_of_our_formats_are_taken() -> None:
    assert first(format="avro") is None
    assert first(format="avro", avro__schema_file="a.avsc", avro__registry="true") is None
    assert (
        first(format="protobuf", protobuf__descriptor_file="a.desc", protobuf__message="a.B")
        is None
    )
    assert first(format="debezium", debezium__time_unit="us") is None
    assert first(key__format="avro", key__avro__subject="s", value__format="json") is None


def test_an_unknown_option_is_told_with_the_one_that_is_meant() -> None:
    found = first(format="avro", avro__schema_fiel="a.avsc")
    assert found is not None
    assert found.why == "'avro.schema-fiel' is no option of the format 'avro'"
    assert found.fix == "did you mean 'avro.schema-file'?"
    of_streams = first(format="debezium", debezium__op_field="op")
    assert of_streams is not None
    assert of_streams.key == "debezium.op-field"


def test_an_option_that_is_missing_or_wrong_is_told() -> None:
    missing = first(format="protobuf", protobuf__message="a.B")
    assert missing is not None
    assert missing.why == "'format' = 'protobuf' needs 'protobuf.descriptor-file'"
    truth = first(format="avro", avro__use_latest="yes")
    assert truth is not None
    assert truth.why == "'avro.use-latest' = 'yes' is neither 'true' nor 'false'"
    unit = first(format="debezium", debezium__time_unit="s")
    assert unit is not None
    assert "time_unit" in unit.why


def test_a_key_has_no_envelope() -> None:
    found = first(key__format="debezium", value__format="json")
    assert found is not None
    assert found.key == "key.format"


def test_a_hint_may_change_an_option_without_saying_them_all() -> None:
    assert list(allowed.refusals({"protobuf.message": "a.B"})) == []


def test_dead_letters_are_taken_and_anything_else_is_told() -> None:
    assert first(on_error="dead_letter") is None
    found = first(on_error="ignore")
    assert found is not None
    assert found.fix == "choose from 'fail', 'skip', 'dead_letter'"


def test_the_formats_of_a_confluent_registry_are_told_what_is_there_for_them() -> None:
    found = first(format="avro-confluent")
    assert found is not None
    assert found.fix == "write 'format' = 'avro', which asks the registry of [schema_registry]"
