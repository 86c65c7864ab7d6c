# SPDX-License-Identifier: Apache-2.0
"""Reads a topic of dead letters from its beginning to its present end, and keeps nothing of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flinksec_jobs.dead_letter_topics.broker import Broker
from flinksec_jobs.dead_letter_topics.letter import Letter
from flinksec_jobs.errors import JobError, SettingsError

_POLL_MS = 500
_PATIENCE_SECONDS = 60.0

Progress = Callable[[int, int], None]
"""Called with how much has been read, and how much there is, in offsets."""


@dataclass(frozen=True)
class Extent:
    """What there was in a topic when it was looked at.

    Attributes:
        topic: of dead letters.
        begins: by the number of a partition, the offset to read from.
        ends: the offset behind the last committed record, for the same partitions.
    """

    topic: str
    begins: Mapping[int, int]
    ends: Mapping[int, int]

    @property
    def total(self) -> int:
        """How many offsets there are."""
        return sum(max(0, end - self.begins[number]) for number, end in self.ends.items())

    def behind(self, partition: int, offset: int) -> Extent:
        """Return what is left from an offset on, in the order in which letters are read.

        Raises:
            SettingsError: the topic has no such partition.
        """
        if partition not in self.ends:
            raise SettingsError(
                f"{self.topic} has no partition {partition}",
                hint=f"its partitions are 0 to {max(self.ends)}",
            )
        left = {
            number: (max(offset, begin) if number == partition else begin)
            for number, begin in self.begins.items()
            if number >= partition
        }
        return replace(self, begins=left, ends={number: self.ends[number] for number in left})

    def starting(self, firsts: Mapping[int, int]) -> Extent:
        """Return only the partitions that these offsets are of, from there on."""
        return replace(self, begins=firsts, ends={number: self.ends[number] for number in firsts})


def extent(broker: Broker, topic: str) -> Extent:
    """Look at what a topic holds now.

    Raises:
        JobError: there is no such topic.
    """
    from kafka import TopicPartition

    consumer = broker.reader()
    numbers = consumer.partitions_for_topic(topic)
    if not numbers:
        raise JobError(
            f"there is no topic {topic} for this login",
            hint="a topic that does not exist and one without the right DESCRIBE look the same",
        )
    partitions = [TopicPartition(topic, number) for number in sorted(numbers)]
    begins = consumer.beginning_offsets(partitions)
    ends = consumer.end_offsets(partitions)
    return Extent(
        topic,
        {one.partition: begins[one] for one in partitions},
        {one.partition: ends[one] for one in partitions},
    )


def letters(broker: Broker, there: Extent, progress: Progress | None = None) -> Iterator[Letter]:
    """Yield the letters that are committed, partition by partition in their order.

    One answer of the brokers is held at a time, whatever the topic holds.

    Raises:
        KafkaTimeoutError: the brokers give nothing of what is there for a minute.
    """
    from kafka import TopicPartition
    from kafka.errors import KafkaTimeoutError

    consumer = broker.reader()
    before = 0
    for number in sorted(there.ends):
        begin, end = there.begins[number], there.ends[number]
        partition = TopicPartition(there.topic, number)
        consumer.assign([partition])
        consumer.seek(partition, begin)
        at, moved = begin, time.monotonic()
        while at < end:
            yield from _of_answer(consumer.poll(timeout_ms=_POLL_MS), end)
            before_it, at = at, consumer.position(partition)
            if at > before_it:
                moved = time.monotonic()
            elif time.monotonic() - moved > _PATIENCE_SECONDS:
                raise KafkaTimeoutError("a poll that gets nothing of what is there")
            if progress:
                progress(before + min(at, end) - begin, there.total)
        before += max(0, end - begin)


def _of_answer(answer: Mapping[Any, list[Any]], end: int) -> Iterator[Letter]:
    for records in answer.values():
        for record in records:
            if record.offset < end:
                yield Letter.of(record)
