# SPDX-License-Identifier: Apache-2.0
"""What a job uses is noted as it is built, and each server is asked about it. Nobody answers."""

from typing import Any

import pytest

from flinksec_jobs import SecureJob, preflight
from flinksec_jobs.settings import load
from flinksec_jobs.used import Used

GIVEN = {
    "kerberos": {"principal": "flink@EXAMPLE.COM", "keytab": "file:/etc/flink.keytab"},
    "kafka": {"bootstrap_servers": ["a:1"]},
    "elasticsearch": {"hosts": ["https://a:1"]},
    "hdfs": {"uri": "hdfs://a:1"},
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The questions, each as the server and what is asked for."""
    questions: list[Any] = []
    for name in ("kafka", "elasticsearch", "hdfs"):
        monkeypatch.setattr(
            preflight,
            f"check_{name}",
            lambda *given, name=name: questions.append((name, given[-1])),
        )
    return questions


def test_each_server_is_asked_for_what_the_job_uses(asked: list[Any]) -> None:
    settings = load(overrides=GIVEN, environ={})
    job = SecureJob("j", settings=settings)
    job.to_kafka("alerts")
    job.to_elasticsearch("flights")
    job.to_elasticsearch("late-flights")
    job.to_hdfs("/flights")
    job._used.ask_the_servers(settings)
    assert asked == [
        ("kafka", {"alerts"}),
        ("elasticsearch", {"flights", "late-flights"}),
        ("hdfs", {"/flights"}),
    ]


def test_what_is_not_used_is_not_asked(asked: list[Any]) -> None:
    Used().ask_the_servers(load(overrides=GIVEN, environ={}))
    assert asked == []


def test_each_sink_to_a_topic_has_transactions_of_its_own_in_the_order_of_the_job() -> None:
    used = Used()
    topics = ("a", "b", "a", "a")
    made = [used.next_transactional_id_prefix("job", topic) for topic in topics]
    assert made == ["job:a", "job:b", "job:a:#2", "job:a:#3"]


def test_the_properties_of_a_job_s_own_kafka_clients_are_those_it_connects_with() -> None:
    job = SecureJob("j", settings=load(overrides=GIVEN, environ={}))
    properties = job.kafka_properties()
    assert properties["bootstrap.servers"] == "a:1"
    assert properties["security.protocol"] == "SASL_SSL"
    assert "/etc/flink.keytab" in properties["sasl.jaas.config"]
