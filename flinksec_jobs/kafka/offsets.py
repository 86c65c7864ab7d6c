# SPDX-License-Identifier: Apache-2.0
"""Whether the brokers have the offsets at which a job means to begin, or to end.

Only what is wrong for every start is refused. A job that goes on from a checkpoint does not begin
at ``start``, so that an offset which has gone since is told of, and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from flinksec_jobs.errors import JobError
from flinksec_jobs.findings import Finding, Where, problem, warning
from flinksec_jobs.runtime import jvm

NO_PARTITION = problem(
    "kafka-partition-unknown", "start or stop names a partition that its topic does not have"
)
NOT_THERE = warning(
    "kafka-offset-not-there", "start or stop is at an offset that the partition does not hold"
)
NOTHING_COMMITTED = warning(
    "kafka-group-has-no-offsets", "the job begins at offsets of a group that has none"
)
NO_END = problem("kafka-stop-unknown", "the job ends at offsets of a group that has none")

_NAMED = 3

Argument = Literal["start", "stop"]
Partition = tuple[str, int]
Answered = Callable[[Callable[[], Any], str], Any]
"""Waits for the answer to a question of Kafka's admin client, given with what it is about."""


@dataclass(frozen=True)
class Place:
    """An offset at which a job begins to read a partition, or ends.

    Attributes:
        argument: which of the two.
        partition: the topic and the partition.
        offset: its own; ``None`` for that of a group.
        group: of which it is.
    """

    argument: Argument
    partition: Partition
    offset: int | None = None
    group: str = ""

    @property
    def name(self) -> str:
        """Return it as one text, as `permissions.Use` holds it; names of topics have no blanks."""
        return f"{self.partition[0]} {self.partition[1]} {self.offset}"

    @classmethod
    def parse(cls, argument: Argument, name: str) -> Place:
        """Return what a text says that `name` made."""
        topic, partition, offset = name.split(" ")
        return cls(argument, (topic, int(partition)), int(offset))


def of_places(admin: Any, places: Sequence[Place], answered: Answered) -> Iterator[Finding]:
    """Yield the places that are nowhere.

    Raises:
        JobError: the brokers do not answer, or a topic does not exist.
    """
    topics = sorted({place.partition[0] for place in places})
    if not topics:
        return
    there = _partitions(admin, topics, answered)
    known = [place for place in places if place.partition in there]
    for place in places:
        if place.partition not in there:
            yield _no_partition(place, there)
    yield from _outside(known, *_ranges(admin, {place.partition for place in known}, answered))


def of_group(
    admin: Any, group: str, wanted: Mapping[str, set[Argument]], answered: Answered
) -> Iterator[Finding]:
    """Yield where a group has no offsets to begin or to end at, or has those of records gone.

    Args:
        admin: Kafka's admin client.
        group: its name.
        wanted: the topics, and which of ``start`` and ``stop`` is ``"committed"`` there.
        answered: waits for answers.

    Raises:
        JobError: the brokers do not answer, or a topic does not exist.
    """
    there = _partitions(admin, sorted(wanted), answered)
    try:
        committed = _committed(admin, group, answered)
    except JobError as error:
        if "GroupAuthorization" in error.message:
            return  # which is told as a missing right
        raise
    missing = sorted(there - committed.keys())
    where = Where(object=f"the consumer group {group}")
    if named := [one for one in missing if "stop" in wanted[one[0]]]:
        yield NO_END.at(
            where,
            f'stop="committed" ends at the offsets of the group {group}, which has none of '
            f"{_several(named)}",
            fix="write another stop, or set kafka.group_id to the group that is meant",
        )
    if named := [one for one in missing if "start" in wanted[one[0]]]:
        yield NOTHING_COMMITTED.at(
            where,
            f'start="committed" begins at the offsets of the group {group}, which has none of '
            f"{_several(named)}: a job without a checkpoint reads them from the earliest record",
            fix="compare kafka.group_id with the group that is meant, unless this is its first job",
        )
    places = [
        Place(argument, one, committed[one], group)
        for one in sorted(there & committed.keys())
        for argument in sorted(wanted[one[0]])
    ]
    yield from _outside(places, *_ranges(admin, {one.partition for one in places}, answered))


def _no_partition(place: Place, there: set[Partition]) -> Finding:
    topic, number = place.partition
    count = sum(1 for one in there if one[0] == topic)
    has = "one partition, 0" if count == 1 else f"{count} partitions, 0 to {count - 1}"
    return NO_PARTITION.at(
        Where(object=f"{topic}-{number}"),
        f"{place.argument} names the partition {number} of the topic {topic}, which has {has}",
        fix=f"correct {place.argument}; partitions that it does not name begin or end elsewhere",
    )


def _outside(
    places: Sequence[Place], first: Mapping[Partition, int], end: Mapping[Partition, int]
) -> Iterator[Finding]:
    for place in places:
        topic, number = place.partition
        begin, stop, at = first[place.partition], end[place.partition], place.offset
        if at is None or begin <= at <= stop:
            continue
        holds = f"which holds the offsets {begin} to {stop - 1}" if begin < stop else "which holds"
        holds += "" if begin < stop else f" none, and goes on at {stop}"
        whose = f", as the group {place.group} has it" if place.group else ""
        yield NOT_THERE.at(
            Where(object=f"{topic}-{number}"),
            f"{place.argument} is at the offset {at} of {topic}-{number}{whose}, {holds}: "
            + _effect(place.argument, gone=at < begin),
            fix=f"write another {place.argument}",
        )


def _effect(argument: Argument, *, gone: bool) -> str:
    if argument == "start":
        return "a job without a checkpoint cannot begin there; kafka.on_lost_offsets decides"
    if gone:
        return "nothing of the partition is read, and what was before it has gone"
    return "the job waits there until the partition has come so far"


def _several(partitions: Sequence[Partition]) -> str:
    named = ", ".join(f"{topic}-{number}" for topic, number in partitions[:_NAMED])
    more = len(partitions) - _NAMED
    return f"{named} and {more} more" if more > 0 else named


def _partitions(admin: Any, topics: Sequence[str], answered: Answered) -> set[Partition]:
    what = f"the partitions of {', '.join(topics)}"
    names = jvm.string_list(topics)
    answer = answered(lambda: admin.describeTopics(names).allTopicNames(), what)
    return {
        (topic, int(one.partition())) for topic in topics for one in answer.get(topic).partitions()
    }


def _committed(admin: Any, group: str, answered: Answered) -> dict[Partition, int]:
    answer = answered(
        lambda: admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata(),
        f"the offsets of the consumer group {group}",
    )
    found = {}
    for entry in answer.entrySet():
        if entry.getValue() is not None:
            key = entry.getKey()
            found[str(key.topic()), int(key.partition())] = int(entry.getValue().offset())
    return found


def _ranges(
    admin: Any, partitions: set[Partition], answered: Answered
) -> tuple[dict[Partition, int], dict[Partition, int]]:
    """Return the first offset of each partition, and the one after its last."""
    kafka = jvm.view().org.apache.flink.kafka.shaded.org.apache.kafka
    spec = kafka.clients.admin.OffsetSpec
    java = {one: kafka.common.TopicPartition(*one) for one in sorted(partitions)}

    def listed(which: Any) -> dict[Partition, int]:
        asked = jvm.view().java.util.HashMap()
        for one in java.values():
            asked.put(one, which)
        answer = answered(lambda: admin.listOffsets(asked).all(), "the offsets of its partitions")
        return {one: int(answer.get(key).offset()) for one, key in java.items()}

    return (listed(spec.earliest()), listed(spec.latest())) if java else ({}, {})
