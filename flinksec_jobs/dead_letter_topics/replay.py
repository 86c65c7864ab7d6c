# SPDX-License-Identifier: Apache-2.0
"""Sends letters back to the topics that their records came from, each once.

Letters go in transactions, and in the same transaction a consumer group of their cause and job
notes how far they have gone: a replay that is killed, or run again, goes on behind what is
committed. Groups are of a cause and a job, so that letters of another, which are left out today,
can go tomorrow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flinksec_jobs.dead_letter_topics.broker import Broker
from flinksec_jobs.dead_letter_topics.letter import Letter
from flinksec_jobs.errors import JobError

_MOST_LETTERS = 500
_MOST_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Replay:
    """What goes where.

    Attributes:
        topic: of dead letters.
        prefix: what transactional ids and groups begin with; None for the name of the job, for
            which its login has its rights.
        to: the topic that all go to; None for the one that each came from.
    """

    topic: str
    prefix: str | None = None
    to: str | None = None

    def transactional_id(self, job: str) -> str:
        """One for each topic of letters: a second replay ends the first."""
        return f"{self.prefix or job}:{self.topic}:replay"

    def group(self, letter: Letter) -> str:
        """Return the consumer group that notes how far letters of this cause and job have gone."""
        job = "" if self.prefix in {None, letter.job} else f":of:{letter.job}"
        where = "" if self.to is None else f":{self.to}"
        return f"{self.transactional_id(letter.job)}:{letter.cause.id}{job}{where}"

    def destination(self, letter: Letter) -> tuple[str, int | None] | None:
        """Return the topic and partition that a letter goes to; None if it cannot go back."""
        if self.to is not None:
            return self.to, None
        if not letter.holds_a_record:
            return None
        return letter.facts["topic"], letter.origin_partition


class Gone:
    """Which letters have gone; asks once for each group, when its first letter is met.

    Args:
        replay: says which group notes a letter.
        offsets: asks for what a group has noted: by partition of the letters, the offset behind
            the last that went.
    """

    def __init__(self, replay: Replay, offsets: Callable[[str], Mapping[int, int]]) -> None:
        self._replay = replay
        self._offsets = offsets
        self._known: dict[str, Mapping[int, int]] = {}

    def has(self, letter: Letter) -> bool:
        """Whether a letter has gone; one that has nowhere to go never has."""
        if self._replay.destination(letter) is None:
            return False
        group = self._replay.group(letter)
        if group not in self._known:
            self._known[group] = self._offsets(group)
        return letter.offset < self._known[group].get(letter.partition, 0)


@dataclass
class Survey:
    """What a replay is about to do, by a first reading of the letters.

    Attributes:
        jobs: that wrote the letters.
        to_go: how many are to go, by the topic that they go to.
        partitions: the largest of their partitions there; -1 where it does not matter.
        firsts: by partition of the letters, the offset of the first that is to go.
        before: how many have gone already.
        elements: how many hold something later than the record, and have nowhere to go back to.
    """

    jobs: set[str] = field(default_factory=set)
    to_go: dict[str, int] = field(default_factory=dict)
    partitions: dict[str, int] = field(default_factory=dict)
    firsts: dict[int, int] = field(default_factory=dict)
    before: int = 0
    elements: int = 0

    @property
    def total(self) -> int:
        """How many letters are to go."""
        return sum(self.to_go.values())


def survey(
    letters: Iterable[Letter], replay: Replay, gone: Gone, most: int | None = None
) -> Survey:
    """Count what is to go, and send nothing.

    Args:
        letters: that are chosen.
        replay: where they go.
        gone: those that have.
        most: so many are to go, no more.
    """
    found = Survey()
    for letter in letters:
        found.jobs.add(letter.job)
        destination = replay.destination(letter)
        if destination is None:
            found.elements += 1
        elif gone.has(letter):
            found.before += 1
        elif most is None or found.total < most:
            topic, partition = destination
            found.to_go[topic] = found.to_go.get(topic, 0) + 1
            known = found.partitions.get(topic, -1)
            found.partitions[topic] = max(known, -1 if partition is None else partition)
            found.firsts.setdefault(letter.partition, letter.offset)
    return found


def check_destinations(broker: Broker, replay: Replay, found: Survey) -> None:
    """Refuse to begin where some letters could not go: Kafka's clients would wait a minute.

    Raises:
        JobError: it names the topics.
    """
    consumer = broker.reader()
    lacking = []
    for topic, partition in found.partitions.items():
        numbers = consumer.partitions_for_topic(topic)
        if not numbers or (partition >= 0 and partition not in numbers):
            lacking.append(topic)
    if lacking and replay.to is not None:
        raise JobError(
            f"there is no topic {replay.to} for this login, to send letters to",
            hint="name one that is there: a topic that does not exist and one without the right "
            "DESCRIBE look the same",
        )
    if lacking:
        raise JobError(
            f"letters came from {', '.join(sorted(lacking))}, which this login does not find, or "
            "with fewer partitions",
            hint="make the topic again, or send them elsewhere: --to TOPIC",
        )


def begin(broker: Broker, replay: Replay, job: str) -> Any:
    """Return the producer of a replay, beside which no other of the topic can send any more.

    What another replay has left open is ended, be it killed or still at work. So ask for what has
    `Gone` behind this call, and not before it: until then another may send on.
    """
    producer = broker.producer(replay.transactional_id(job))
    producer.init_transactions()
    return producer


def to_go(letters: Iterable[Letter], replay: Replay, gone: Gone) -> Iterator[Letter]:
    """Yield the letters that have somewhere to go and have not gone."""
    return (
        letter
        for letter in letters
        if replay.destination(letter) is not None and not gone.has(letter)
    )


def send(
    producer: Any,
    replay: Replay,
    letters: Iterable[Letter],
    progress: Callable[[int], None] = lambda _: None,
) -> dict[str, int]:
    """Send letters back, in transactions of some hundreds; no more of them are held.

    Args:
        producer: of `begin`.
        replay: where they go.
        letters: of `to_go`, in the order of each partition.
        progress: gets the number of letters that have gone, after each transaction.

    Returns:
        How many have gone, by the topic that they went to.
    """
    sent: dict[str, int] = {}
    for batch in _batches(letters):
        producer.begin_transaction()
        try:
            counts = _send_batch(producer, replay, batch)
            producer.commit_transaction()
        except BaseException:
            _abort(producer)
            raise
        for topic, count in counts.items():
            sent[topic] = sent.get(topic, 0) + count
        progress(sum(sent.values()))
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
        noted = behind.setdefault(replay.group(letter), {})
        noted[place] = OffsetAndMetadata(letter.offset + 1, "", -1)
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


def _batches(letters: Iterable[Letter]) -> Iterator[Sequence[Letter]]:
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
