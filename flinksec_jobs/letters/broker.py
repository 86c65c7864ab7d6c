# SPDX-License-Identifier: Apache-2.0
"""Clients of kafka-python for one command, and what their errors mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from flinksec_jobs import kafka_python
from flinksec_jobs.errors import FlinkSecError, JobError, SettingsError
from flinksec_jobs.settings import KafkaSettings

if TYPE_CHECKING:
    from flinksec_jobs.settings import Settings

_TIMEOUT_MS = 30_000
# The class of an error, what it means, and what to do about it.
_MEANS: tuple[tuple[str, str, str], ...] = (
    (
        "SaslAuthenticationFailedError",
        "the brokers refuse the login",
        "`flinksec doctor` tells which setting is wrong",
    ),
    (
        "TopicAuthorizationFailedError",
        "the login lacks READ, WRITE or DESCRIBE on a topic, or the topic does not exist",
        "have the rights granted: kafka-acls --add --topic …",
    ),
    (
        "GroupAuthorizationFailedError",
        "the login lacks READ on the consumer group that remembers what was replayed",
        "have READ granted on groups with the job's name for a prefix: kafka-acls --add --group …",
    ),
    (
        "TransactionalIdAuthorizationFailedError",
        "the login lacks WRITE and DESCRIBE on the transactional id of the replay",
        "have them granted on ids with the job's name for a prefix: kafka-acls --add "
        "--transactional-id …",
    ),
    (
        "UnknownTopicOrPartitionError",
        "a topic or a partition does not exist",
        "look at the topic's name; `flinksec dead-letters ls` shows where letters came from",
    ),
    (
        "ProducerFencedError",
        "another replay of this topic has begun, and goes on in the place of this one",
        "wait for the other, then start again: nothing is sent twice",
    ),
    (
        "InvalidProducerEpochError",
        "another replay of this topic has begun, and goes on in the place of this one",
        "wait for the other, then start again: nothing is sent twice",
    ),
    (
        "MessageSizeTooLargeError",
        "a record is larger than the brokers take",
        "raise max.message.bytes of the topic that it goes to",
    ),
    ("Error", "Kafka does not answer as it should", "`flinksec doctor` asks it as a job does"),
)


class Broker:
    """Makes clients that connect as the settings say; made by `connected`.

    Args:
        options: of kafka-python's clients; they may hold a password.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        self._open: list[Any] = []

    def consumer(self, **more: Any) -> Any:
        """Return a ``KafkaConsumer`` of no group that reads what is committed."""
        from kafka import KafkaConsumer

        return self._opened(
            KafkaConsumer,
            group_id=None,
            enable_auto_commit=False,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            **more,
        )

    def producer(self, transactional_id: str) -> Any:
        """Return a ``KafkaProducer`` of transactions."""
        from kafka import KafkaProducer

        return self._opened(
            KafkaProducer, transactional_id=transactional_id, acks="all", enable_idempotence=True
        )

    def admin(self) -> Any:
        """Return a ``KafkaAdminClient``."""
        from kafka import KafkaAdminClient

        return self._opened(KafkaAdminClient)

    def _opened(self, kind: Any, **more: Any) -> Any:
        made = kind(**self._options, **more)
        self._open.append(made)
        return made

    def close(self) -> None:
        """Close all clients, without waiting for what was not sent."""
        for client in self._open:
            with suppress(Exception):  # what ends the command has been told
                client.close(timeout_ms=0) if hasattr(client, "poll") else client.close()


@contextmanager
def connected(settings: Settings) -> Iterator[Broker]:
    """Give clients of the cluster of ``[kafka]``; they are closed at the end of the block.

    Raises:
        SettingsError: kafka-python is missing, or a file cannot be used.
        JobError: Kafka refuses, or cannot be reached; names what it is about.
    """
    try:
        from kafka.errors import KafkaError
    except ImportError as error:
        raise SettingsError(
            "dead letters are read by kafka-python, which is not installed",
            hint="pip install 'flinksec-jobs[tools]'",
        ) from error
    servers = ",".join(settings.need(KafkaSettings).bootstrap_servers)
    with kafka_python.client_options(settings) as options:
        broker = Broker(options)
        try:
            yield broker
        except KafkaError as error:
            raise _told(error, servers) from error
        finally:
            broker.close()


def _told(error: Exception, servers: str) -> FlinkSecError:
    names = [kind.__name__ for kind in type(error).__mro__]
    for name, means, fix in _MEANS:
        if name in names or name == "Error":
            return JobError(
                f"Kafka at {servers}: {means} ({type(error).__name__})",
                hint=fix,
            )
    raise AssertionError("the last line fits every error")
