# SPDX-License-Identifier: Apache-2.0
"""What a table uses is asked for, recorded and delivered as if a stream used it."""

from __future__ import annotations

from typing import Any

import pytest

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.settings import Settings, load_settings
from flinksec_jobs.sql import table_uses
from flinksec_jobs.sql.gate import Used

BROKERS = {"bootstrap_servers": ["a:1"], "security_protocol": "SSL"}


def settings(**more: Any) -> Settings:
    given = {"kafka": {**BROKERS, **more, "east": BROKERS}}
    return load_settings(overrides=given, environ={})


def uses(reads: bool, options: dict[str, str], of: Settings | None = None) -> list[Any]:
    used = Used("default_catalog.default_database.t", reads, options)
    return list(table_uses.uses_of(used, of or settings(), "job"))


def kafka(**options: str) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in options.items()}
    return {"connector": "flinksec-kafka", "format": "json"} | named


def test_clusters_are_those_of_the_settings() -> None:
    assert set(table_uses.clusters(settings())) == {"", "east"}
    assert table_uses.clusters(load_settings(overrides={}, environ={})) == {}


def test_a_topic_that_is_read_is_asked_for_and_recorded_by_its_cluster() -> None:
    (use,) = uses(True, kafka(topic="a"))
    assert use.name == "reads Kafka topic a"
    assert [question.about for question in use.questions] == [("READ a", "group job")]
    assert use.delivery is None
    (east,) = uses(True, kafka(topic="a;b", cluster="east"))
    assert east.name == "reads Kafka topic a, b of east"
    assert east.questions[0].about == ("READ a", "READ b", "group job")
    assert east.questions[0].id != use.questions[0].id


def test_a_topic_that_is_written_is_committed_by_checkpoints_unless_it_says_otherwise() -> None:
    (use,) = uses(False, kafka(topic="a"))
    assert use.name == "writes Kafka topic a"
    assert use.delivery.by_checkpoint
    said = kafka(topic="a") | {"sink.delivery-guarantee": "at-least-once"}
    (least,) = uses(False, said)
    assert not least.delivery.by_checkpoint


@pytest.mark.parametrize(
    ("reads", "asked"), [(True, ("pattern a.*", "group job")), (False, ())], ids=["in", "out"]
)
def test_topics_of_a_pattern_are_asked_for_where_they_are_read(
    reads: bool, asked: tuple[str, ...]
) -> None:
    (use,) = uses(reads, kafka() | {"topic-pattern": "a.*"})
    assert use.questions[0].about == asked
    assert "/a.*/" in use.name


OFFSETS = "partition:0,offset:42;partition:3,offset:300"


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        (
            {"scan.startup.mode": "group-offsets"},
            ("READ a", "committed job", "start-committed a job"),
        ),
        (
            {"scan.bounded.mode": "group-offsets"},
            ("READ a", "committed job", "stop-committed a job"),
        ),
        (
            {
                "scan.startup.mode": "specific-offsets",
                "scan.startup.specific-offsets": OFFSETS,
            },
            ("READ a", "group job", "start a 0 42", "start a 3 300"),
        ),
        (
            {
                "scan.startup.mode": "latest-offset",
                "scan.bounded.mode": "specific-offsets",
                "scan.bounded.specific-offsets": OFFSETS,
                # Which its mode makes nothing of.
                "scan.startup.specific-offsets": "partition:7,offset:7",
            },
            ("READ a", "group job", "stop a 0 42", "stop a 3 300"),
        ),
        (
            {"scan.startup.mode": "timestamp", "scan.startup.timestamp-millis": "5"},
            ("READ a", "group job"),
        ),
    ],
    ids=["from a group", "up to a group", "from offsets", "up to offsets", "from a time"],
)
def test_the_offsets_at_which_a_table_begins_and_ends_are_asked_for_as_those_of_a_stream(
    said: dict[str, str], asked: tuple[str, ...]
) -> None:
    (use,) = uses(True, kafka(topic="a") | said)
    assert use.questions[0].about == asked


def test_ids_that_are_pooled_need_one_topic() -> None:
    pooled = settings(transaction_naming="pooling")
    assert uses(False, kafka(topic="a"), pooled)
    with pytest.raises(SettingsError, match="pooling"):
        uses(False, kafka(topic="a;b"), pooled)


def test_tables_of_other_connectors_are_recorded_if_they_may_have_state() -> None:
    assert uses(True, {"connector": "datagen"})[0].name is None
    (use,) = uses(False, {"connector": "filesystem"})
    assert use.name == "writes filesystem table default_catalog.default_database.t"
