# SPDX-License-Identifier: Apache-2.0
"""Reading stands still for longer than what is idle brings nothing: no window loses a record.

Nor does a partition without records hold back the windows, whatever else becomes of it.

One job counts numbers in windows of a minute, as a stream and in SQL. Of the partitions of its
topic the first two bring numbers of the same minutes, and the last brings nothing, ever.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from tests.kafka.administrator import Administrator
from tests.kafka.brokers import NODES, Brokers
from tests.kafka.copies import PROGRAMS, Copy
from tests.kafka.logs import lines_about
from tests.kafka.way_to_kdc import WayToKdc

FIRST = 1_700_000_040_000
"""The beginning of a minute."""
MINUTES = 30
EMPTY = 2
PARTITIONS = 3


class Windows(Copy):
    """A job that counts in windows."""

    program = PROGRAMS / "windows_job.py"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, partitions=PARTITIONS, **options)
        self._administrator.create_topics({f"{self.target}-of-sql": 1})
        self._at: dict[int, int] = {}

    def begin(self, idleness: str, *, parallelism: int = 1, **variables: str) -> None:
        """Start it, and wait until it reads."""
        self.start(parallelism=parallelism, IDLENESS=idleness, **variables)
        self.wait_for_checkpoints(2)

    def send(self, partition: int, minutes: range) -> None:
        """Write a number for every second of these minutes to one partition."""
        values = self.values(minutes)
        before = self._administrator.ends(self.source)[partition]
        self._administrator.produce(self.source, values, partition)
        assert self._administrator.ends(self.source)[partition] == before + len(values)

    @staticmethod
    def values(minutes: range) -> list[str]:
        """A number for every second."""
        seconds = range(minutes.start * 60, minutes.stop * 60)
        return [json.dumps({"n": FIRST + 1000 * second}) for second in seconds]

    def counted(self, topic: str) -> dict[int, int]:
        """What was counted, by minute; a job that was killed may have said it twice."""
        found = {json.dumps(json.loads(one)) for one in self._administrator.committed(topic)}
        values = [json.loads(one) for one in found]
        by_minute = {(one["n"] - FIRST) // 60_000: one["counted"] for one in values}
        assert len(by_minute) == len(values), values
        return by_minute

    def _toml(self, *given: Any) -> str:
        return super()._toml(*given) + "[job]\nmax_skipped_in_a_row = 0\n"

    @contextmanager
    def bad_records(self) -> Iterator[None]:
        """Write bad records to the last partition, which has nothing else, all the time."""
        ended = threading.Event()

        def write() -> None:
            while not ended.wait(0.05):
                self._administrator.produce(self.source, ["no JSON"], EMPTY)

        with ThreadPoolExecutor(max_workers=1) as pool:
            writing = pool.submit(write)
            try:
                yield
            finally:
                ended.set()
            writing.result()

    def begin_slowly(self, idleness: str) -> None:
        """Start it where the brokers let next to nothing through, so that reading stands still."""
        self._administrator.limit("flink", producer_byte_rate=None, consumer_byte_rate=1000.0)
        for partition in range(EMPTY):
            self.send(partition, range(MINUTES))
        self.begin(idleness)
        self.wait_for("slow answers", lambda: self.metric("fetch-throttle-time-max") > 0)

    def speed_up(self) -> None:
        """Let all through again."""
        self._administrator.limit("flink", producer_byte_rate=None, consumer_byte_rate=None)

    def assert_all_counted(self) -> None:
        """End all windows, by numbers that come long after them; each has two of every second."""
        for partition in range(EMPTY):
            self.send(partition, range(MINUTES + 60, MINUTES + 61))
        expected = dict.fromkeys(range(MINUTES), 120)
        for topic in (self.target, f"{self.target}-of-sql"):

            def all_are_there(topic: str = topic) -> bool:
                return len(self.counted(topic)) >= MINUTES

            self.wait_for(f"all windows of {topic}", all_are_there)
            assert self.counted(topic) == expected
        self.kill()


@pytest.fixture
def windows(
    cluster: Brokers,
    brokers: Brokers,
    administrator: Administrator,
    kdc: WayToKdc,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., Windows]]:
    """Make jobs; what still runs at the end is killed."""
    made: list[Windows] = []

    def make(name: str, **options: Any) -> Windows:
        directory = tmp_path_factory.mktemp(name)
        made.append(Windows(cluster, administrator, kdc, directory, name, **options))
        return made[-1]

    yield make
    for one in made:
        one.kill()


def test_a_partition_whose_leader_is_away_has_no_late_records_when_it_is_back(
    windows: Callable[..., Windows], brokers: Brokers, administrator: Administrator
) -> None:
    job = windows("leader-away")
    job.begin("1 s")
    away = brokers.proxies[administrator.leaders(job.source)[1], "TLS"]
    away.refuse()
    time.sleep(5)  # as the brokers are asked once a second
    job.send(1, range(MINUTES))
    job.send(0, range(MINUTES))
    time.sleep(15)
    away.accept()
    job.assert_all_counted()


def test_a_job_that_is_killed_in_a_standstill_counts_all_when_it_goes_on(
    windows: Callable[..., Windows],
) -> None:
    job = windows("killed-in-standstill")
    job.begin_slowly("1 s")
    job.wait_for_checkpoints(3)
    job.kill()
    job.speed_up()
    job.begin("1 s")
    job.assert_all_counted()


def test_what_producers_have_kept_while_all_brokers_were_away_is_counted(
    windows: Callable[..., Windows], brokers: Brokers, administrator: Administrator
) -> None:
    job = windows("all-away")
    job.begin("10 s")
    ways = [brokers.proxies[node, "TLS"] for node in NODES]
    for node in NODES:
        brokers.kill(node)
    for way in ways:
        way.refuse()
    time.sleep(20)
    for node in NODES:
        brokers.start(node)
    brokers.wait_until_up()
    administrator.wait_until_in_sync()  # else the test's own producer may give up
    job.send(0, range(MINUTES))
    job.send(1, range(MINUTES))
    for way in ways:
        way.accept()
    job.assert_all_counted()


def test_readers_within_a_quota_count_all(windows: Callable[..., Windows]) -> None:
    job = windows("within-a-quota")
    job.begin_slowly("1 s")
    time.sleep(15)
    job.speed_up()
    job.assert_all_counted()


def test_a_partition_with_an_open_transaction_is_waited_for_and_one_read_to_its_markers_is_not(
    windows: Callable[..., Windows], administrator: Administrator
) -> None:
    job = windows("open-transaction")
    job.begin("1 s")
    with administrator.transaction(job.source, job.values(range(MINUTES)), partition=1):
        time.sleep(5)  # as the brokers are asked once a second
        job.send(0, range(MINUTES))
        time.sleep(10)
    with administrator.transaction(job.source, ['{"n":0}'], partition=EMPTY, commits=False):
        pass
    job.assert_all_counted()


def test_neither_an_empty_partition_nor_a_reader_without_any_holds_back_the_others(
    windows: Callable[..., Windows],
) -> None:
    job = windows("empty")
    for partition in range(EMPTY):
        job.send(partition, range(MINUTES))
    job.begin("1 s", parallelism=PARTITIONS + 1)
    job.assert_all_counted()


def test_records_that_are_skipped_all_the_time_do_not_hold_back_the_others(
    windows: Callable[..., Windows],
) -> None:
    job = windows("skipping")
    for partition in range(EMPTY):
        job.send(partition, range(MINUTES))
    with job.bad_records():
        job.begin("5 s", SKIPS="yes")
        job.assert_all_counted()


def test_a_topic_that_is_deleted_does_not_hold_back_the_others_and_is_told_of(
    windows: Callable[..., Windows], administrator: Administrator
) -> None:
    job = windows("deleted")
    deleted = f"{job.source}-too"
    administrator.create_topics({deleted: 1})
    for partition in range(EMPTY):
        job.send(partition, range(MINUTES))
    job.begin("1 s", PATTERN=f"{job.source}.*")
    administrator.delete_topic(deleted)

    def both_sources_have_told() -> bool:
        return len(lines_about(job.log, f"Topic {deleted} is gone")) == 2

    job.wait_for("warnings", both_sources_have_told)
    job.assert_all_counted()
    assert both_sources_have_told()
