# SPDX-License-Identifier: Apache-2.0
"""Letters that an index keeps are read as those of a topic are, whatever stands in it."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from flinksec_jobs.cli import letter_lines
from flinksec_jobs.cli.dead_letters import dead_letters
from flinksec_jobs.dead_letter_topics.groups import grouped
from flinksec_jobs.dead_letter_topics.in_index import letter_of
from flinksec_jobs.errors import SettingsError

SOURCE = {
    "@timestamp": "2026-03-01T00:00:01.500Z",
    "job": "documents",
    "stage": "refused",
    "index": "flights",
    "reason": "field 'delay' does not fit its type integer",
    "exception": "org.flinksec.elasticsearch.ElasticsearchSinkException",
    "topic": "in",
    "partition": 2,
    "offset": 17,
    "document": '{"delay":"canary"}',
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def hit(source: dict[str, Any]) -> dict[str, Any]:
    return {"_index": "kept", "_id": "a1", "_source": source}


def test_a_letter_has_its_cause_its_record_of_kafka_and_its_document() -> None:
    letter = letter_of(hit(SOURCE))
    assert letter.place == {"index": "kept", "id": "a1"}
    assert (letter.job, letter.message) == ("documents", SOURCE["reason"])
    assert (letter.cause.source, letter.cause.target) == ("in", "flights")
    assert (letter.cause.stage, letter.timestamp) == ("TASK_PUT", 1_772_323_201_500)
    assert letter.value == b'{"delay":"canary"}'
    assert not letter.holds_a_record  # so that nothing offers to send it back


def test_what_made_no_document_failed_on_its_way_to_a_server_and_to_no_topic() -> None:
    assert letter_of(hit(SOURCE | {"stage": "encode"})).cause.stage == "TASK_PUT"


def test_content_is_shown_only_if_it_is_asked_for() -> None:
    letter = letter_of(hit(SOURCE))
    assert "canary" not in "\n".join(letter_lines.lines(letter, content=False))
    assert "canary" in "\n".join(letter_lines.lines(letter, content=True))
    assert "canary" not in str(letter_lines.as_dict(letter, content=False))


def test_a_document_that_is_no_text_comes_back_byte_for_byte() -> None:
    kept = base64.b64encode(b"\xff\x00").decode()
    assert letter_of(hit({"document_base64": kept})).value == b"\xff\x00"


@given(st.dictionaries(st.sampled_from([*SOURCE, "document_base64", "x"]), JSON))
def test_whatever_stands_in_the_index_is_read_and_grouped(source: dict[str, Any]) -> None:
    letter = letter_of(hit(source))
    assert list(letter_lines.lines(letter, content=True))
    (group,) = grouped([(letter, False)])
    assert list(letter_lines.told(group))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["ls", "--index", "kept", "topic"], "TOPIC is of topics"),
        (["ls", "--index", "kept", "--cluster", "east"], "--cluster is of topics"),
        (["show", "--index", "kept", "--from", "0:1"], "--from is a place in a topic"),
    ],
)
def test_what_only_a_topic_has_is_refused(arguments: list[str], told: str) -> None:
    raised = CliRunner().invoke(dead_letters, arguments).exception
    assert isinstance(raised, SettingsError)
    assert told in raised.message
