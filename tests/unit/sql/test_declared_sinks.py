# SPDX-License-Identifier: Apache-2.0
"""A record class becomes the statement that a person would write."""

from __future__ import annotations

import pytest

from flinksec_jobs import record
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.sql import declared_sinks
from flinksec_jobs.sql.statements import options, statements, table_name
from flinksec_jobs.sql.tokens import Text


@record
class Delay:
    carrier: str
    minutes: int


def test_names_and_options_are_what_they_were_whatever_they_hold() -> None:
    given = {"index": "it's", "script": "a;--'b", "connector": "c"}
    made = declared_sinks.create_table("a`b", {"x`y": "BIGINT", "z": "STRING"}, ["x`y"], given)
    (statement,) = statements(Text("SQL", made))
    assert table_name(statement) == ("a`b",)
    assert {one.key: one.value for one in options(statement)} == given
    assert "PRIMARY KEY (`x``y`) NOT ENFORCED" in made


def test_without_a_key_there_is_none() -> None:
    assert "PRIMARY" not in declared_sinks.create_table("a", {"x": "INT"}, [], {"b": "c"})


def test_arguments_are_options_with_dashes() -> None:
    given = {
        "routing_field": "carrier",
        "exclude": ["a", "b"],
        "require_alias": True,
        "pipeline": None,
        "dynamic_templates": {"place": "geo"},
    }
    assert declared_sinks.options_of(given) == {
        "routing-field": "carrier",
        "exclude": "a;b",
        "require-alias": "true",
        "dynamic-templates.place": "geo",
    }


def test_a_key_is_of_fields_of_the_record() -> None:
    assert declared_sinks.key_of(Delay, "carrier") == ["carrier"]
    assert declared_sinks.key_of(Delay, ["carrier", "minutes"]) == ["carrier", "minutes"]
    with pytest.raises(SettingsError, match="names 'id', which is no field of Delay"):
        declared_sinks.key_of(Delay, "id")
