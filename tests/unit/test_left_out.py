# SPDX-License-Identifier: Apache-2.0
"""What was left out is told at the end of a local run. The JVM is replaced by a dictionary."""

from types import SimpleNamespace
from typing import Any

import pytest
from py4j.protocol import Py4JNetworkError

from flinksec_jobs import left_out
from flinksec_jobs.runtime import jvm


@pytest.fixture
def properties(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The system properties of the JVM."""
    values = {"java.version": "17"}
    java = SimpleNamespace(
        getProperties=lambda: SimpleNamespace(
            stringPropertyNames=lambda: set(values), getProperty=values.get
        ),
        clearProperty=values.pop,
    )
    monkeypatch.setattr(jvm, "view", lambda: SimpleNamespace(System=java))
    return values


def warned(caplog: pytest.LogCaptureFixture, job: str) -> list[str]:
    # A job that another test left in the background may end meanwhile.
    messages = [record.getMessage() for record in caplog.records]
    return [message for message in messages if message.startswith(f"job {job} ")]


def test_each_topic_and_index_has_its_line_however_the_job_ends(
    properties: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ValueError, match="it failed"), left_out.told("late"):
        properties["flinksec.skipped.records of the Kafka topic orders"] = "3"
        properties["flinksec.skipped.documents for the Elasticsearch index i"] = "12"
        properties["flinksec.skipped.records of the HDFS path /in"] = "1"
        properties["flinksec.deadletters.the Elasticsearch index dead"] = "2"
        properties["flinksec.deadletters.the Kafka topic dead"] = "1"
        raise ValueError("it failed")
    assert warned(caplog, "late") == [
        'job late left out 12 documents for the Elasticsearch index i, as "skip" says; its log has '
        "reasons",
        'job late left out 1 record of the HDFS path /in, as "skip" says; its log has reasons',
        'job late left out 3 records of the Kafka topic orders, as "skip" says; its log has '
        "reasons",
        "job late wrote 2 dead letters to the Elasticsearch index dead; its log has reasons",
        "job late wrote 1 dead letter to the Kafka topic dead; its log has reasons",
    ]


def test_a_second_job_of_the_same_jvm_begins_at_none(
    properties: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    properties["flinksec.skipped.records of the Kafka topic orders"] = "3"
    with left_out.told("second"):
        assert properties == {"java.version": "17"}
    assert warned(caplog, "second") == []


def test_a_jvm_that_is_gone_tells_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def gone() -> Any:
        raise Py4JNetworkError("the JVM has ended")

    monkeypatch.setattr(jvm, "view", gone)
    with left_out.told("lost"):
        pass
    assert warned(caplog, "lost") == []
