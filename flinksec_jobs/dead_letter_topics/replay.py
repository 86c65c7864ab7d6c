# SPDX-License-Identifier: Apache-2.0
"""Sends letters back to the topics that their records came from, each once.

Letters go in transactions, and in the same transaction a consumer group of their cause notes how
far they have gone: a replay that is killed, or run again, goes on behind what is committed. Groups
are of a cause, so that letters of another, which are left out today, can go tomorrow.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flinksec_jobs.dead_letter_topics.broker import Broker
from flinksec_jobs.dead_letter_topics.letter import Cause, Letter
from flinksec_jobs.errors import JobError

_PATIENCE_SECONDS = 30.0
_PAUSE_SECONDS = 0.2
_MOST_LETTERS = 500
_MOST_BYTES = 4 * 1024 * 1024

Done = dict[tuple[str, int], int]
"""By the id of a cause and a partition of the letters: the offset behind the last that went."""


@dataclass(frozen=True)
class Replay:
    """What goes where.

    Attributes:
        topic: of dead letters.
        name: what transactional ids and groups begin with: the job's name.
        to: the topic that all go to; None for the one that each came from.
    """

    topic: str
    name: str
    to: str | None = None

    @property
    def transactional_id(self) -> str:
        """One for each topic of letters: a second replay ends the first."""
        return f"{self.name}:{self.topic}:replay"

    def group(self, cause: str) -> str:
        """Return the consumer group that notes how far the letters of a cause have gone."""
        where = "" if self.to is None else f":{self.to}"
        return f"{self.name}:{self.topic}:replay:{cause}{where}"

    def destination(self, letter: Letter) -> tuple[str, int | None] | None:
        """Return the topic and partition that a letter goes to; None if it cannot go back."""
        if self.to is not None:
            return self.to, None
        if not letter.holds_a_record:
            return None
        return letter.facts["topic"], letter.origin_partition


@dataclass
class Sent:
    """What a replay has done.

    Attributes:
        letters: how many have gone, by the topic that they went to.
        before: how many had gone already.
        elements: how many hold something later than the record, and have nowhere to go back to.
    """

    letters: dict[str, int] = field(default_factory=dict)
    before: int = 0
    elements: int = 0

    @property
    def total(self) -> int:
        """How many letters have gone."""
        return sum(self.letters.values())


def begin(broker: Broker, replay: Replay) -> Any:
    """Return the producer of a replay, beside which no other of the topic can send any more.

    What another replay has left open is ended, be it killed or still at work. So ask for what is
    `done` behind this call, and not before it: until then another may send on.
    """
    producer = broker.producer(replay.transactional_id)
    producer.init_transactions()
    return producer


def done(broker: Broker, replay: Replay, causes: Iterable[Cause]) -> Done:
    """Return how far the letters of causes have gone."""
    groups = {replay.group(cause.id): cause.id for cause in causes}
    if not groups:
        return {}
    admin = broker.admin()
    found: Done = {}
    for group, cause in groups.items():
        for partition, at in _offsets(admin, group).items():
            if partition.topic == replay.topic and at.offset >= 0:
                found[cause, partition.partition] = at.offset
    return found


def _offsets(admin: Any, group: str) -> Mapping[Any, Any]:
    """Return the offsets of a group; brokers that never had one make their topic for it first."""
    from kafka.errors import KafkaError

    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            found: Mapping[Any, Any] = admin.list_group_offsets({group: None}).get(group, {})
        except KafkaError as error:
            if not getattr(error, "retriable", False) or time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return found


def has_gone(letter: Letter, done: Done) -> bool:
    """Whether a letter has gone back."""
    return letter.offset < done.get((letter.cause.id, letter.partition), 0)


def plan(letters: Iterable[Letter], replay: Replay, done: Done) -> tuple[list[Letter], Sent]:
    """Return the letters that are to go, and what is left of the others."""
    sent = Sent()
    to_go = []
    for letter in letters:
        if has_gone(letter, done):
            sent.before += 1
        elif replay.destination(letter) is None:
            sent.elements += 1
        else:
            to_go.append(letter)
    return to_go, sent


def send(
    broker: Broker,
    producer: Any,
    replay: Replay,
    letters: Sequence[Letter],
    sent: Sent,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> Sent:
    """Send letters back; what is counted in the result is committed, whatever happens.

    Args:
        broker: looks up the topics.
        producer: of `begin`.
        replay: where they go.
        letters: in the order of each partition, none of which has gone.
        sent: is counted on.
        progress: gets the number of letters that have gone, after each transaction.

    Raises:
        JobError: a topic that letters came from is no longer there.
    """
    _check_destinations(broker, replay, letters)
    for batch in _batches(letters):
        producer.begin_transaction()
        try:
            counts = _send_batch(producer, replay, batch)
            producer.commit_transaction()
        except BaseException:
            _abort(producer)
            raise
        for topic, count in counts.items():
            sent.letters[topic] = sent.letters.get(topic, 0) + count
        progress(sent.total)
    return sent


def _send_batch(producer: Any, replay: Replay, batch: Sequence[Letter]) -> Mapping[str, int]:
    from kafka import TopicPartition
    from kafka.structs import OffsetAndMetadata

    counts: dict[str, int] = {}
    behind: dict[str, dict[Any, Any]] = {}
    pending = []
    for letter in batch:
        destination = replay.destination(letter)
        assert destination is not None  # noqa: S101  such letters are not among them
        topic, partition = destination
        pending.append(
            producer.send(
                topic,
                value=letter.value,
                key=letter.key,
                headers=list(letter.headers),
                partition=partition,
                timestamp_ms=letter.timestamp if letter.timestamp >= 0 else None,
            )
        )
        counts[topic] = counts.get(topic, 0) + 1
        place = TopicPartition(replay.topic, letter.partition)
        group = replay.group(letter.cause.id)
        behind.setdefault(group, {})[place] = OffsetAndMetadata(letter.offset + 1, "", -1)
    producer.flush()
    for future in pending:
        future.get(timeout=30)
    for group, offsets in behind.items():
        producer.send_offsets_to_transaction(offsets, group)
    return counts


def _abort(producer: Any) -> None:
    from kafka.errors import KafkaError

    try:
        producer.abort_transaction()
    except KafkaError:
        return  # the broker aborts it, or the next replay does


def _batches(letters: Sequence[Letter]) -> Iterable[Sequence[Letter]]:
    batch: list[Letter] = []
    size = 0
    for letter in letters:
        more = len(letter.key or b"") + len(letter.value or b"")
        if batch and (len(batch) >= _MOST_LETTERS or size + more > _MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(letter)
        size += more
    if batch:
        yield batch


def _check_destinations(broker: Broker, replay: Replay, letters: Sequence[Letter]) -> None:
    """Refuse to begin where some letters could not go: Kafka's clients would wait a minute.

    Raises:
        JobError: it names the topics.
    """
    wanted: dict[str, int] = {}
    for letter in letters:
        topic, partition = replay.destination(letter) or ("", None)
        wanted[topic] = max(wanted.get(topic, 0), -1 if partition is None else partition)
    consumer = broker.consumer()
    lacking = []
    for topic, partition in wanted.items():
        numbers = consumer.partitions_for_topic(topic)
        if not numbers or (partition >= 0 and partition not in numbers):
            lacking.append(topic)
    if lacking:
        raise JobError(
            f"letters came from {', '.join(sorted(lacking))}, which this login does not find, or "
            "with fewer partitions",
            hint="make the topic again, or send them elsewhere: --to TOPIC",
        )
