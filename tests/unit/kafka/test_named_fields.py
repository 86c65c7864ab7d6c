# SPDX-License-Identifier: Apache-2.0
"""Fields that a job names for the key and for metadata: what says nothing is not passed over."""

from typing import Any

import pytest

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.formats.raw import Raw
from flinksec_jobs.kafka import named_fields


def test_metadata_maps_fields_to_what_they_stand_for() -> None:
    assert named_fields.metadata(None) == {}
    assert named_fields.metadata({"a": "key"}) == named_fields.written({"a": "key"}) == {"a": "key"}


@pytest.mark.parametrize("given", [["id"], {1: "topic"}, {"id": None}, "id"])
def test_metadata_of_anything_else_is_refused(given: Any) -> None:
    with pytest.raises(SettingsError, match="is no mapping of fields"):
        named_fields.metadata(given)


def test_several_fields_may_be_filled_from_one_place_but_not_written_to_it() -> None:
    both = {"a": "topic", "b": "topic"}
    assert named_fields.metadata(both) == both
    with pytest.raises(SettingsError, match="several fields as 'topic': a, b"):
        named_fields.written(both)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ("id", "key_fields='id' is no list of names"),
        ([1], "is no list of names"),
        (["a", "a"], "names a field twice"),
    ],
)
def test_the_fields_of_a_key_are_a_list_of_names(fields: Any, why: str) -> None:
    assert named_fields.of_key(["a", "b"], "raw", in_value=False) == ("a", "b")
    with pytest.raises(SettingsError, match=why):
        named_fields.of_key(fields)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"form": "avro"}, "key_format='avro' is about key_fields"),
        ({"form": Raw()}, "key_format='raw' is about key_fields"),
        ({"in_value": False}, "key_in_value=False is about key_fields"),
    ],
)
def test_what_is_said_about_key_fields_needs_some(said: Any, why: str) -> None:
    assert named_fields.of_key(()) == ()
    with pytest.raises(SettingsError, match=why):
        named_fields.of_key((), **said)
