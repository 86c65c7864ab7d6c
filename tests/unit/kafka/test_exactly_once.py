# SPDX-License-Identifier: Apache-2.0
"""How transactions are named, and what a job does when one is lost: what the settings take."""

import pytest

from flinksec_jobs import load_settings
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.kafka import exactly_once
from flinksec_jobs.settings import KafkaSettings
from flinksec_jobs.settings.weak import weaknesses


def kafka(**more: str) -> dict[str, object]:
    protocol = {"bootstrap_servers": ["broker:9092"], "security_protocol": "SSL"}
    files = {"client_cert": "/a.pem", "client_key": "file:/a.key"}
    return {"kafka": protocol | files | more}


def settings(**more: str) -> KafkaSettings:
    return load_settings(overrides=kafka(**more), environ={}).need(KafkaSettings)


def test_a_lost_transaction_ends_a_job_unless_the_settings_say_otherwise() -> None:
    assert settings().on_lost_transaction == "fail"
    assert weaknesses(load_settings(overrides=kafka(), environ={})) == []
    (warned,) = weaknesses(load_settings(overrides=kafka(on_lost_transaction="log"), environ={}))
    assert warned.id == "kafka-goes-on-without-records"
    assert "Kafka at broker:9092 has lost" in warned.why


def test_pooled_ids_take_topics_that_are_known_before_the_records() -> None:
    pooling = settings(transaction_naming="pooling")
    exactly_once.check(pooling, "the Kafka topic a", "a")
    exactly_once.check(settings(), "the Kafka topic a", None)
    with pytest.raises(SettingsError, match="transaction_naming is pooling") as refused:
        exactly_once.check(pooling, "the Kafka topic a", None)
    assert refused.value.hint == 'set kafka.transaction_naming = "incrementing"'


@pytest.mark.parametrize("setting", ["transaction_naming", "on_lost_transaction"])
def test_another_choice_is_refused_by_name(setting: str) -> None:
    with pytest.raises(SettingsError, match=f"kafka.{setting}"):
        settings(**{setting: "never"})
