# SPDX-License-Identifier: Apache-2.0
"""Which topics a source reads: names that Kafka takes, or a pattern."""

import re
from typing import Any

import pytest

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.kafka import topics


def test_a_source_reads_one_topic_several_or_those_of_a_pattern() -> None:
    assert topics.chosen("orders") == topics.Chosen(("orders",))
    assert str(topics.chosen(["orders", "returns"])) == "orders, returns"
    pattern = topics.chosen(re.compile("orders-.*"))
    assert (pattern.names, pattern.pattern, str(pattern)) == ((), "orders-.*", "/orders-.*/")


@pytest.mark.parametrize("name", ["", ".", "..", "a b", "a/b", "zakaz\u044b", "a" * 250, None, 1])
def test_what_kafka_knows_no_topic_by_is_refused(name: Any) -> None:
    with pytest.raises(SettingsError, match="cannot be the name of a topic"):
        topics.chosen([name])
    if isinstance(name, str):
        with pytest.raises(SettingsError, match="cannot be the name of a topic"):
            topics.named(name)


@pytest.mark.parametrize("topic", [None, 5])
def test_what_names_no_topic_at_all_is_refused_by_the_same_rule(topic: Any) -> None:
    with pytest.raises(SettingsError, match=f"topic={topic} cannot be the name of a topic"):
        topics.chosen(topic)


def test_a_pattern_is_of_text() -> None:
    with pytest.raises(SettingsError, match="is a pattern of bytes"):
        topics.chosen(re.compile(b"orders-.*"))  # type: ignore[arg-type]


def test_a_topic_is_named_once() -> None:
    with pytest.raises(SettingsError, match="names a topic twice"):
        topics.chosen(["a", "a"])
    with pytest.raises(SettingsError, match="names no topic"):
        topics.chosen([])


def test_flags_of_a_pattern_are_refused_since_the_jvm_would_not_see_them() -> None:
    with pytest.raises(SettingsError, match="has flags") as caught:
        topics.chosen(re.compile("orders-.*", re.IGNORECASE))
    assert "(?i)" in str(caught.value.hint)
