# SPDX-License-Identifier: Apache-2.0
"""Clients of kafka-python for dead letters: what they are told, and what their errors mean."""

import logging
from typing import Any

import pytest
from kafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    ProducerFencedError,
    TopicAuthorizationFailedError,
    UnsupportedCodecError,
)
from kafka.record.default_records import DefaultRecordBatch

from flinksec_jobs.dead_letter_topics.broker import LARGEST_REQUEST, Broker, _told, connected
from flinksec_jobs.errors import JobError
from flinksec_jobs.kafka import letters
from flinksec_jobs.settings import Settings, load_settings


def settings() -> Settings:
    kafka = {"bootstrap_servers": ["a:1"], "security_protocol": "SSL"}
    return load_settings(overrides={"kafka": kafka}, environ={})


def test_a_replay_sends_letters_as_large_as_jobs_write_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: dict[str, Any] = {}
    monkeypatch.setattr("kafka.KafkaProducer", lambda **given: made.update(given))
    Broker({"bootstrap_servers": ["a:1"]}).producer("flink-orders:dead#replay:")
    written = letters.properties(settings())
    assert made["max_request_size"] == LARGEST_REQUEST == int(written["max.request.size"])


@pytest.mark.parametrize(
    ("said", "setting"),
    [
        (
            "[SSL: SSLV3_ALERT_BAD_CERTIFICATE] sslv3 alert bad certificate (_ssl.c:2580)",
            "kafka.client_cert",
        ),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)", "kafka.bootstrap_ser"),
    ],
)
def test_a_handshake_that_fails_is_told_by_the_setting_behind_it(said: str, setting: str) -> None:
    with (
        pytest.raises(JobError, match=rf"^{setting}.*a:1 cannot be reached over TLS: \[SSL: "),
        connected(settings()),
    ):
        # As the client logs what it tries again and again.
        logging.getLogger("kafka.net.manager").error("Connection failed: %s", said)
        raise KafkaTimeoutError


@pytest.mark.parametrize(("codec", "package"), [(2, "snappy"), (3, "lz4"), (4, "zstd")])
def test_letters_that_cannot_be_unpacked_are_told_by_the_package_that_is_missing(
    monkeypatch: pytest.MonkeyPatch, codec: int, package: str
) -> None:
    monkeypatch.setattr(f"kafka.codec.has_{package}", lambda: False)
    batch = object.__new__(DefaultRecordBatch)
    with (
        pytest.raises(JobError, match=f"compressed with {package}, for which") as caught,
        connected(settings()),
    ):
        batch._assert_has_codec(codec)
    assert caught.value.hint == f"pip install 'kafka-python[{package}]'"
    assert isinstance(caught.value.__cause__, UnsupportedCodecError)


@pytest.mark.parametrize(
    ("error", "means"),
    [
        (ProducerFencedError(), "another replay of this topic has begun"),
        # As the producer wraps it when it is used again.
        (KafkaError("Cannot perform send", ProducerFencedError()), "another replay"),
        (KafkaError("Cannot perform send", TopicAuthorizationFailedError()), "lacks READ, WRITE"),
        (MessageSizeTooLargeError(), "larger than the brokers take"),
        (KafkaError("anything"), "does not answer as it should"),
    ],
)
def test_an_error_is_told_by_the_one_inside_it(error: Exception, means: str) -> None:
    told = _told(error, settings(), "a:1")
    assert told.message.startswith("Kafka at a:1: ")
    assert means in told.message
    assert "Cannot perform" not in told.message
