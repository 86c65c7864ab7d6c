# SPDX-License-Identifier: Apache-2.0
"""Clients of kafka-python for one command, and what their errors mean."""

from __future__ import annotations

import logging
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from flinksec_jobs import kafka_python, logins
from flinksec_jobs.dead_letter_topics import handshake
from flinksec_jobs.errors import FlinkSecError, JobError, SettingsError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.settings import KafkaSettings

if TYPE_CHECKING:
    from flinksec_jobs.settings import Settings

_TIMEOUT_MS = 15_000
_PATIENCE_SECONDS = 30.0
_PAUSE_SECONDS = 0.2
_NO_ANSWER = frozenset({"KafkaTimeoutError", "KafkaConnectionError"})
_CERTIFICATE = re.compile(r"certificate verify failed: (.+?)(?: \(_ssl|$)")
_OF_OPENSSL = re.compile(r"\[SSL: [^\n]{1,200}?(?= \(_ssl\.c)")
_CODEC = re.compile(r"Libraries for (lz4|snappy|zstd) compression")
LARGEST_REQUEST = 32 * 1024 * 1024
"""As of the producer that writes letters: each topic says what is too large for it."""

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
        self._reader: Any = None
        self._admin: Any = None

    def reader(self) -> Any:
        """Return the one ``KafkaConsumer``, of no group, which reads what is committed."""
        from kafka import KafkaConsumer

        if self._reader is None:
            self._reader = self._opened(
                KafkaConsumer,
                group_id=None,
                enable_auto_commit=False,
                isolation_level="read_committed",
                auto_offset_reset="earliest",
            )
        return self._reader

    def producer(self, transactional_id: str) -> Any:
        """Return a ``KafkaProducer`` of transactions."""
        from kafka import KafkaProducer

        return self._opened(
            KafkaProducer,
            transactional_id=transactional_id,
            acks="all",
            enable_idempotence=True,
            max_request_size=LARGEST_REQUEST,
        )

    def offsets(self, group: str, topic: str) -> dict[int, int]:
        """Return what a consumer group has noted of a topic: an offset by partition.

        Brokers that never had a group make their topic for it first.
        """
        from kafka import KafkaAdminClient
        from kafka.errors import KafkaError

        if self._admin is None:
            self._admin = self._opened(KafkaAdminClient)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                found = self._admin.list_group_offsets({group: None}).get(group, {})
            except KafkaError as error:
                if not getattr(error, "retriable", False) or time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE_SECONDS)
            else:
                return {
                    one.partition: at.offset
                    for one, at in found.items()
                    if one.topic == topic and at.offset >= 0
                }

    def _opened(self, kind: Any, **more: Any) -> Any:
        made = kind(**self._options, bootstrap_timeout_ms=_TIMEOUT_MS, **more)
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
    with (
        kafka_python.client_options(settings) as options,
        handshake.bounded(_TIMEOUT_MS / 1000),
        _overhearing() as overheard,
    ):
        broker = Broker(options)
        try:
            yield broker
        except KafkaError as error:
            if overheard.ours is not None:
                raise overheard.ours from error
            if overheard.certificate is not None:
                raise _not_trusted(settings, servers, overheard.certificate) from error
            if overheard.handshake and type(error).__name__ in _NO_ANSWER:
                raise _no_handshake(settings, servers, overheard.handshake) from error
            if overheard.ended and type(error).__name__ == "KafkaTimeoutError":
                raise _refused(settings, servers) from error
            raise _told(error, settings, servers) from error
        finally:
            broker.close()


class _Overheard(logging.Handler):
    """What kafka-python logs while it tries again and again, and does not raise.

    Attributes:
        ours: an error of a login of ours, such as that of a missing file.
        ended: whether the brokers have ended a connection, as they do with a login that they
            refuse.
        certificate: what is wrong with the brokers' certificate, in OpenSSL's words.
        handshake: what OpenSSL said of one that failed.
    """

    ours: FlinkSecError | None = None
    ended = False
    certificate: str | None = None
    handshake = ""

    def emit(self, record: logging.LogRecord) -> None:
        for part in record.args if isinstance(record.args, tuple) else ():
            if isinstance(part, FlinkSecError):
                self.ours = part
        message = record.getMessage()
        self.ended |= "socket disconnected" in message
        if found := _CERTIFICATE.search(message):
            self.certificate = found[1]
        raised = record.exc_info[1] if record.exc_info else None
        said = str(raised) if isinstance(raised, ssl.SSLError) else message
        if found := _OF_OPENSSL.search(said):
            self.handshake = found[0]


@contextmanager
def _overhearing() -> Iterator[_Overheard]:
    """Take in what kafka-python logs, none of which is for the user of a command."""
    logger, overheard = logging.getLogger("kafka"), _Overheard(logging.WARNING)
    propagates = logger.propagate
    logger.propagate = False
    logger.addHandler(overheard)
    try:
        yield overheard
    finally:
        logger.removeHandler(overheard)
        logger.propagate = propagates


def _no_handshake(settings: Settings, servers: str, said: str) -> FlinkSecError:
    is_refused = "ALERT" in said
    setting = "kafka.client_cert" if is_refused else "kafka.bootstrap_servers"
    return JobError(
        f"{settings.spelling.setting(setting)}: Kafka at {servers} cannot be reached over TLS: "
        f"{escaped(said)}",
        hint="the brokers refuse the job's certificate, or it has none: ask why, or have it renewed"
        if is_refused
        else "check that this is the listener for kafka.security_protocol",
    )


def _refused(settings: Settings, servers: str) -> FlinkSecError:
    setting, who = logins.of(settings).who()
    return JobError(
        f"{setting}: Kafka at {servers} ends each connection of {who}, which it does where it "
        "refuses the login",
        hint="`flinksec doctor` tells which setting is wrong",
    )


def _not_trusted(settings: Settings, servers: str, why: str) -> FlinkSecError:
    of_the_name = "mismatch" in why
    setting = "kafka.bootstrap_servers" if of_the_name else "kafka.ca_certs"
    return JobError(
        f"{settings.spelling.setting(setting)}: the certificate of Kafka at {servers} is not "
        f"accepted: {escaped(why)}",
        hint="use the name that stands in the certificate"
        if of_the_name
        else "name the file with the certificate of the CA that signed the server's",
    )


def _cannot_unpack(error: Exception, servers: str) -> FlinkSecError:
    found = _CODEC.search(str(error))
    extra = found[1] if found else "lz4,snappy,zstd"
    return JobError(
        f"Kafka at {servers}: records are compressed with {extra.replace(',', ', ')}, for which "
        "kafka-python lacks a package",
        hint=f"pip install 'kafka-python[{extra}]'",
    )


def _told(error: Exception, settings: Settings, servers: str) -> FlinkSecError:
    # What a producer says after a failure has the failure for an argument.
    inside = next((one for one in error.args if isinstance(one, Exception)), None)
    if inside is not None:
        return _told(inside, settings, servers)
    names = [kind.__name__ for kind in type(error).__mro__]
    if not _NO_ANSWER.isdisjoint(names):
        setting = settings.spelling.setting("kafka.bootstrap_servers")
        return JobError(
            f"{setting}: no answer from Kafka at {servers} ({type(error).__name__})",
            hint="check that the broker is up, and that this is the listener for "
            f"{settings.spelling.setting('kafka.security_protocol')}; `flinksec doctor` asks it "
            "as a job does",
        )
    if "UnsupportedCodecError" in names:
        return _cannot_unpack(error, servers)
    for name, means, fix in _MEANS:
        if name in names or name == "Error":
            return JobError(
                f"Kafka at {servers}: {means} ({type(error).__name__})",
                hint=fix,
            )
    raise AssertionError("the last line fits every error")
