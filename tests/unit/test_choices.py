# SPDX-License-Identifier: Apache-2.0
"""Arguments that take one of a few values say which, and which was meant."""

from typing import Any

import pytest

from flinksec_jobs import choices, elasticsearch
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.formats.json import Json
from flinksec_jobs.kafka import sink, source, topics
from flinksec_jobs.records import record
from flinksec_jobs.settings import load_settings


@record
class Event:
    id: str


@pytest.mark.parametrize("value", ["fail", "skip"])
def test_what_an_argument_takes_passes(value: str) -> None:
    choices.require("on_error", value, ("fail", "skip"))


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("exactly-once", 'did you mean delivery="exactly_once"?'),
        ("Exactly_Once", 'did you mean delivery="exactly_once"?'),
        ("none", 'choose from "exactly_once", "at_least_once"'),
        (None, 'choose from "exactly_once", "at_least_once"'),
        (["exactly_once"], 'did you mean delivery="exactly_once"?'),
    ],
)
def test_anything_else_is_refused_with_the_nearest(value: Any, hint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        choices.require("delivery", value, ("exactly_once", "at_least_once"))
    assert caught.value.message == (
        f'delivery={value!r} is not one of "exactly_once", "at_least_once"'
    )
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("value", "told"),
    [("", "is empty"), (" \n", "is empty"), (5, "is of the type int"), ([], "is of the type list")],
)
def test_an_empty_text_is_not_taken_for_none(value: Any, told: str) -> None:
    choices.require_text("key_field", None)
    choices.require_text("key_field", "id")
    with pytest.raises(SettingsError, match=f"key_field {told}: it must be a text"):
        choices.require_text("key_field", value)


def test_sources_and_sinks_ask_before_anything_else() -> None:
    kafka_ = {"bootstrap_servers": ["a:1"], "security_protocol": "SSL"}
    es = {"hosts": ["https://a:1"]}
    settings = load_settings(overrides={"kafka": kafka_, "elasticsearch": es}, environ={})
    odd: Any = "ignore"
    with pytest.raises(SettingsError, match="on_error='ignore'"):
        source.source(
            settings, "g", source.SourceOptions(topics.chosen("t"), Event, Json(), on_error=odd)
        )
    with pytest.raises(SettingsError, match="key_field is empty"):
        sink.sink(settings, sink.SinkOptions("t", Json(), key_field=""), lambda: "p")
    with pytest.raises(SettingsError, match="delivery='ignore'"):
        sink.sink(settings, sink.SinkOptions("t", Json(), delivery=odd), lambda: "p")
    with pytest.raises(SettingsError, match="on_error='ignore'"):
        elasticsearch.sink(settings, "i", elasticsearch.Documents(), sink.Bad(odd))
