# SPDX-License-Identifier: Apache-2.0
"""Whether the brokers let the job do what it will do there, and within which limits.

They are asked by requests that write nothing: for a producer's id, as a sink begins; and to commit
the offset of a topic that cannot exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from flinksec_jobs.errors import JobError
from flinksec_jobs.findings import Finding, Where, problem, warning
from flinksec_jobs.refusals import TOPIC_FORBIDDEN
from flinksec_jobs.runtime import jvm

if TYPE_CHECKING:
    from flinksec_jobs.logins import Login

GROUP_FORBIDDEN = problem(
    "kafka-group-not-authorized", "the job begins at offsets of a group that it may not read"
)
NOT_COMMITTED = warning(
    "kafka-offsets-not-committed", "the job cannot write its offsets into its consumer group"
)
TRANSACTIONS_FORBIDDEN = problem(
    "kafka-transactions-not-authorized", "the job has no right on its transactional ids"
)
NOTHING_MATCHES = warning(
    "kafka-pattern-matches-nothing", "no topic that the job may see has a name of the pattern"
)
TIMEOUT_TOO_LONG = problem(
    "kafka-transaction-timeout-too-long", "the brokers allow no transaction to last so long"
)
TOO_LARGE = warning(
    "kafka-records-may-be-too-large", "a topic takes smaller records than the job may send"
)

# As Kafka's producer words its InvalidTxnTimeoutException, whose name is not told.
_TIMEOUT = "transaction timeout is larger than the maximum value allowed by the broker"
_FIX = "have the rights granted: kafka-acls --add --allow-principal …"
_NAMED = 3
_LARGEST_REQUEST = "max.request.size"
_KAFKAS_LARGEST_REQUEST = 1024 * 1024
# No topic can have this name, so nothing is ever committed for it.
_NO_TOPIC = "flinksec:no-topic"

Operation = Literal["READ", "WRITE"]


@dataclass(frozen=True)
class Use:
    """What a job does with something of Kafka; questions are told it as a text.

    Attributes:
        kind: ``READ`` and ``WRITE``, of a topic; ``pattern``: read the topics that it matches;
            ``group``: commit offsets into it; ``committed``: begin at its offsets;
            ``start`` and ``stop``: begin or end at an offset, as `offsets.Place` names it;
            ``start-committed`` and ``stop-committed``: begin or end to read a topic at the offsets
            of a group, both named; ``transactions``: write in those whose ids begin so; ``topic``:
            nothing that is known.
        name: of the topic or group, the pattern, the beginning of the ids, or the place.
    """

    kind: str
    name: str

    def __str__(self) -> str:
        """Return the text: ``READ orders``, or a topic alone."""
        return self.name if self.kind == "topic" else f"{self.kind} {self.name}"

    @classmethod
    def parse(cls, text: str) -> Use:
        """Return what a text says; names of topics have no blanks, and patterns have a kind."""
        kind, blank, name = text.partition(" ")
        return cls(kind, name) if blank else cls("topic", text)


def of_topic(
    topic: str, wanted: Sequence[str], allowed: frozenset[str], login: Login
) -> Iterator[Finding]:
    """Yield what the job may not do with a topic.

    Args:
        topic: its name.
        wanted: what the job does, as Kafka calls it.
        allowed: what the brokers say it may.
        login: of the job.
    """
    missing = [name for name in (*wanted, "DESCRIBE") if name not in allowed]
    if missing:
        setting, who = login.who()
        why = f"{who} lacks {' and '.join(missing)} on the topic {topic}"
        yield TOPIC_FORBIDDEN.at(Where(setting=setting, object=f"the topic {topic}"), why, fix=_FIX)


def of_pattern(
    pattern: str, found: Mapping[str, frozenset[str]], login: Login
) -> Iterator[Finding]:
    """Yield what the job may not read of what a pattern matches, or that it matches nothing.

    Args:
        pattern: of the names of topics.
        found: what the brokers say that the job may do with each topic that it matches. They tell
            of none that the job may not describe.
        login: of the job.
    """
    setting, who = login.who()
    where = Where(setting=setting, object=f"the topics that {pattern} matches")
    if not found:
        yield NOTHING_MATCHES.at(
            where,
            f"the brokers show {who} no topic that {pattern} matches: the job waits for one, or "
            "ends without a record if it is bounded",
            fix="compare the pattern with whole names, and have READ and DESCRIBE granted on the "
            "topics: brokers do not show others",
        )
    missing = sorted(name for name, allowed in found.items() if "READ" not in allowed)
    if missing:
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        named = ", ".join(missing[:_NAMED])
        why = f"{who} lacks READ on topics that {pattern} matches: {named}{more}"
        yield TOPIC_FORBIDDEN.at(where, why, fix=f"{_FIX}; or let the pattern match fewer topics")


def of_group(admin: Any, use: Use, login: Login, seconds: int) -> Iterator[Finding]:
    """Yield whether the job may not use a consumer group.

    Raises:
        JobError: the brokers do not answer.
    """
    said = _refused(lambda: _commit_nothing(admin, use.name, seconds), "GroupAuthorization")
    if said is None:
        return
    setting, who = login.who()
    where, why = Where(setting=setting, object=f"the group {use.name}"), f"{who} lacks READ on the"
    if use.kind == "committed":
        why = f'{why} consumer group {use.name}, at whose offsets "committed" begins or ends'
        yield GROUP_FORBIDDEN.at(where, why, fix=_FIX)
    else:
        why = (
            f"{why} consumer group {use.name}: the job runs, and nobody sees there how far it has "
            "read; Flink logs a warning at each checkpoint"
        )
        fix = f"{_FIX}; or set commit.offsets.on.checkpoint = false in kafka.properties"
        yield NOT_COMMITTED.at(where, why, fix=fix)


def _commit_nothing(admin: Any, group: str, seconds: int) -> None:
    kafka = jvm.view().org.apache.flink.kafka.shaded.org.apache.kafka
    offsets = jvm.view().java.util.HashMap()
    where = kafka.common.TopicPartition(_NO_TOPIC, 0)
    offsets.put(where, kafka.clients.consumer.OffsetAndMetadata(0))
    unit = jvm.view().java.util.concurrent.TimeUnit.SECONDS
    with jvm.translated(f"the consumer group {group}"):
        admin.alterConsumerGroupOffsets(group, offsets).partitionResult(where).get(seconds, unit)


def of_transactions(
    properties: Mapping[str, str], use: Use, login: Login, timeout: str
) -> Iterator[Finding]:
    """Yield whether the job cannot have a transactional id, or not for so long a transaction.

    Args:
        properties: of a producer, with its timeout.
        use: the beginning of the ids. No sink has the id that is asked for.
        login: of the job.
        timeout: the transactions' timeout, for people.

    Raises:
        JobError: the brokers do not answer.
    """
    said = _refused(
        lambda: _begin(dict(properties) | {"transactional.id": f"{use.name}preflight"}, use.name),
        "TransactionalIdAuthorization",
        _TIMEOUT,
    )
    if said is None:
        return
    if _TIMEOUT in said:
        yield TIMEOUT_TOO_LONG.at(
            Where(setting="kafka.transaction_timeout"),
            f"kafka.transaction_timeout is {timeout}, longer than the brokers allow",
            fix="make it shorter, or have their transaction.max.timeout.ms raised",
        )
        return
    setting, who = login.who()
    why = f"{who} lacks WRITE and DESCRIBE on transactional ids that begin with {use.name}"
    where = Where(setting=setting, object=f"transactional ids {use.name}…")
    yield TRANSACTIONS_FORBIDDEN.at(where, why, fix=_FIX)


def _begin(properties: Mapping[str, str], ids: str) -> None:
    """Ask for a producer's id: no transaction begins, and no other producer is fenced off."""
    kafka = jvm.view().org.apache.flink.kafka.shaded.org.apache.kafka
    serializer = kafka.common.serialization.ByteArraySerializer
    with jvm.translated(f"the transactional ids {ids}…"):
        producer = kafka.clients.producer.KafkaProducer(
            jvm.properties(properties), serializer(), serializer()
        )
    try:
        with jvm.translated(f"the transactional ids {ids}…"):
            producer.initTransactions()
    finally:
        producer.close(jvm.view().java.time.Duration.ZERO)


def of_sizes(
    admin: Any, topics: Sequence[str], properties: Mapping[str, str], seconds: int
) -> Iterator[Finding]:
    """Yield the topics that take smaller records than the job's producers may send.

    It takes a right on the topic's configuration to ask, which jobs seldom have: that it cannot be
    asked is told where the job means to send larger records than Kafka's clients do by default.
    """
    largest = int(properties.get(_LARGEST_REQUEST, _KAFKAS_LARGEST_REQUEST))
    setting = f"kafka.properties.{_LARGEST_REQUEST}"
    for topic in topics:
        where = Where(setting=setting, object=f"the topic {topic}")
        try:
            taken = _largest_record(admin, topic, seconds)
        except JobError as error:
            if largest > _KAFKAS_LARGEST_REQUEST:
                yield TOO_LARGE.at(
                    where,
                    f"the job may send records of {largest} bytes, and the brokers do not tell "
                    f"whether the topic {topic} takes them: {error.message}",
                    fix="compare it with the topic's max.message.bytes; the right "
                    "DESCRIBE_CONFIGS on the topic lets the job ask",
                )
            continue
        if taken < largest:
            yield TOO_LARGE.at(
                where,
                f"the job may send records of {largest} bytes, and the topic {topic} takes {taken}",
                fix=f"set {setting} to {taken}, or have the topic's max.message.bytes raised",
            )


def _largest_record(admin: Any, topic: str, seconds: int) -> int:
    resources = jvm.view().org.apache.flink.kafka.shaded.org.apache.kafka.common.config
    asked = resources.ConfigResource(resources.ConfigResource.Type.TOPIC, topic)
    several = jvm.view().java.util.ArrayList()
    several.add(asked)
    unit = jvm.view().java.util.concurrent.TimeUnit.SECONDS
    with jvm.translated(f"the configuration of the topic {topic}"):
        found = admin.describeConfigs(several).all().get(seconds, unit)
        return int(found.get(asked).get("max.message.bytes").value())


def _refused(ask: Any, *parts: str) -> str | None:
    """Return what a request was refused with, if that says one of these parts.

    Raises:
        JobError: it was refused for another reason than the ones that mean nothing here.
    """
    try:
        ask()
    except JobError as error:
        if any(part in error.message for part in parts):
            return error.message
        if not any(part in error.message for part in _AS_GOOD_AS_YES):
            raise
    return None


# The right on the group was looked at before the topic, which does not exist.
_AS_GOOD_AS_YES = ("UnknownTopicOrPartition", "TopicAuthorization", "InvalidTopic")
