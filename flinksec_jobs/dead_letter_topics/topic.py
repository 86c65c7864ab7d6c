# SPDX-License-Identifier: Apache-2.0
"""Reads a topic of dead letters from its beginning to its present end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from flinksec_jobs.dead_letter_topics.broker import Broker
from flinksec_jobs.dead_letter_topics.letter import Letter
from flinksec_jobs.errors import JobError

_POLL_MS = 500

Progress = Callable[[int, int], None]
"""Called with how much has been read, and how much there is, in offsets."""


def letters(broker: Broker, topic: str, progress: Progress | None = None) -> Iterator[Letter]:
    """Yield the letters that are committed, partition by partition in their order.

    Raises:
        JobError: there is no such topic.
    """
    from kafka import TopicPartition

    consumer = broker.consumer()
    numbers = consumer.partitions_for_topic(topic)
    if not numbers:
        raise JobError(
            f"there is no topic {topic} for this login",
            hint="a topic that does not exist and one without the right DESCRIBE look the same",
        )
    partitions = [TopicPartition(topic, number) for number in sorted(numbers)]
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    ends = consumer.end_offsets(partitions)
    begins = {partition: consumer.position(partition) for partition in partitions}
    total = sum(ends[partition] - begins[partition] for partition in partitions)
    left = [partition for partition in partitions if ends[partition] > begins[partition]]
    while left:
        for records in consumer.poll(timeout_ms=_POLL_MS).values():
            for record in records:
                if record.offset < ends[TopicPartition(topic, record.partition)]:
                    yield Letter.of(record)
        at = {partition: consumer.position(partition) for partition in partitions}
        left = [partition for partition in left if at[partition] < ends[partition]]
        if progress:
            progress(sum(_read(at, begins, ends, one) for one in partitions), total)


def _read(at: Any, begins: Any, ends: Any, partition: Any) -> int:
    return int(min(at[partition], ends[partition]) - begins[partition])
