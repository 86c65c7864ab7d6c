# SPDX-License-Identifier: Apache-2.0
"""A topic of letters is read partition by partition, up to where it ended when it was looked at."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.errors import KafkaTimeoutError

from flinksec_jobs.dead_letter_topics import topic as reading
from flinksec_jobs.dead_letter_topics.topic import Extent, extent, letters
from flinksec_jobs.errors import JobError, SettingsError

# By partition: where it begins, and for each offset from there on whether a letter is there;
# where none is, brokers have a mark of a transaction.
TOPICS = st.lists(
    st.tuples(st.integers(0, 5), st.lists(st.booleans(), max_size=12)), min_size=1, max_size=3
)


class Consumer:
    """A topic as kafka-python's consumer reads it: some records an answer, and it still grows."""

    def __init__(self, topic: list[tuple[int, list[bool]]]) -> None:
        self._topic = topic
        self._partition: Any = None
        self._at = 0

    def partitions_for_topic(self, _: str) -> set[int]:
        return set(range(len(self._topic)))

    def beginning_offsets(self, partitions: list[Any]) -> dict[Any, int]:
        return {one: self._topic[one.partition][0] for one in partitions}

    def end_offsets(self, partitions: list[Any]) -> dict[Any, int]:
        return {one: sum(map(int, self._bounds(one))) for one in partitions}

    def _bounds(self, partition: Any) -> tuple[int, int]:
        begin, there = self._topic[partition.partition]
        return begin, len(there)

    def assign(self, partitions: list[Any]) -> None:
        (self._partition,) = partitions

    def seek(self, partition: Any, offset: int) -> None:
        assert partition == self._partition
        self._at = offset

    def position(self, partition: Any) -> int:
        assert partition == self._partition
        return self._at

    def poll(self, timeout_ms: int) -> dict[Any, list[Any]]:
        begin, there = self._topic[self._partition.partition]
        grown = [*there, True, True]
        offsets = range(self._at, min(self._at + 3, begin + len(grown)))
        self._at = max(self._at, offsets.stop)
        return {self._partition: [self._record(n) for n in offsets if grown[n - begin]]}

    def _record(self, offset: int) -> Any:
        partition = self._partition.partition
        return SimpleNamespace(
            topic="dead",
            partition=partition,
            offset=offset,
            timestamp=0,
            key=None,
            value=None,
            headers=(),
        )


def broker(consumer: Consumer) -> Any:
    return SimpleNamespace(reader=lambda: consumer)


@given(TOPICS)
def test_all_that_was_there_is_read_once_in_its_order_and_nothing_later(
    topic: list[tuple[int, list[bool]]],
) -> None:
    made = broker(Consumer(topic))
    there = extent(made, "dead")
    told: list[tuple[int, int]] = []
    found = list(letters(made, there, lambda done, of: told.append((done, of))))
    wanted = [
        (partition, begin + place)
        for partition, (begin, marks) in enumerate(topic)
        for place, is_there in enumerate(marks)
        if is_there
    ]
    assert [(one.partition, one.offset) for one in found] == wanted
    assert told == sorted(told)
    assert there.total == sum(len(marks) for _, marks in topic)
    assert not told or told[-1] == (there.total, there.total)


@given(TOPICS, st.data())
def test_a_page_that_begins_at_a_letter_has_it_and_all_behind_it(
    topic: list[tuple[int, list[bool]]], data: st.DataObject
) -> None:
    made = broker(Consumer(topic))
    there = extent(made, "dead")
    found = [(one.partition, one.offset) for one in letters(made, there)]
    if not found:
        return
    place = data.draw(st.integers(0, len(found) - 1))
    page = letters(made, there.behind(*found[place]))
    assert [(one.partition, one.offset) for one in page] == found[place:]


def test_brokers_that_give_nothing_any_more_end_the_reading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Silent(Consumer):
        def poll(self, timeout_ms: int) -> dict[Any, list[Any]]:
            return {} if self._at else super().poll(timeout_ms)

    monkeypatch.setattr(reading, "_PATIENCE_SECONDS", 0.05)
    made = broker(Silent([(0, [True] * 5)]))
    found = letters(made, extent(made, "dead"))
    assert [next(found).offset for _ in range(3)] == [0, 1, 2]
    with pytest.raises(KafkaTimeoutError):
        next(found)


def test_only_the_partitions_that_have_something_to_go_are_read_again() -> None:
    there = Extent("dead", {0: 0, 1: 2, 2: 0}, {0: 9, 1: 9, 2: 9})
    assert there.starting({1: 5}) == Extent("dead", {1: 5}, {1: 9})


def test_a_partition_that_is_not_there_and_a_topic_that_is_not_there_are_refused() -> None:
    with pytest.raises(SettingsError, match="dead has no partition 4"):
        Extent("dead", {0: 0}, {0: 9}).behind(4, 0)
    with pytest.raises(JobError, match="there is no topic dead"):
        extent(broker(Consumer([])), "dead")
