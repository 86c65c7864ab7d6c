# SPDX-License-Identifier: Apache-2.0
"""Faults of brokers and of the way to them, while a job runs: each record is written once."""

import time
from collections.abc import Callable
from functools import partial

from tests.kafka.administrator import Administrator
from tests.kafka.brokers import NODES, Brokers
from tests.kafka.conftest import CopyOf
from tests.kafka.copies import Copy


def test_a_job_on_three_brokers_outlives_faults_and_writes_each_record_once(
    copy_of: CopyOf, brokers: Brokers, administrator: Administrator
) -> None:
    copy = copy_of("day", partitions=3)
    copy.start()
    copy.produce_and_see("the start", 1000)
    faults: dict[str, Callable[[Copy, Brokers, Administrator], None]] = {
        "leaders moved": leaders_are_moved,
        "connections cut in mid-request": connections_are_cut,
        "slow brokers": brokers_are_slow,
        "limits": limits_are_set,
        "more partitions": partitions_are_added,
        "new certificates": certificates_are_renewed,
        "a broker killed": a_broker_is_killed,
        "a broker stopped and started": a_broker_is_stopped_and_started,
        "all brokers away": all_brokers_are_away,
    }
    for name, fault in faults.items():
        begun = time.monotonic()
        copy.produce(100)
        fault(copy, brokers, administrator)
        copy.produce_and_see(name)
        (copy.directory / "seconds").open("a").write(f"{name}: {time.monotonic() - begun:.1f}\n")
    copy.kill()
    copy.assert_each_once()


def leaders_are_moved(copy: Copy, _: Brokers, administrator: Administrator) -> None:
    for topic in (copy.source, copy.target):
        before = administrator.leaders(topic)
        administrator.move_leaders(topic)
        moved = partial(_have_moved, administrator, topic, before)
        copy.wait_for(f"other leaders of {topic}", moved)


def _have_moved(administrator: Administrator, topic: str, before: dict[int, int]) -> bool:
    after = administrator.leaders(topic)
    if any(after[partition] == leader for partition, leader in before.items()):
        administrator.elect_leaders(topic)
        return False
    return True


def connections_are_cut(copy: Copy, brokers: Brokers, _: Administrator) -> None:
    proxies = [brokers.proxies[node, "TLS"] for node in NODES]
    before = sum(proxy.cuts for proxy in proxies)
    for _turn in range(10):
        copy.produce(20)
        for proxy in proxies:
            proxy.cut()
        time.sleep(0.2)
    assert sum(proxy.cuts for proxy in proxies) > before + 10


def brokers_are_slow(copy: Copy, brokers: Brokers, _: Administrator) -> None:
    for node in NODES:
        brokers.proxies[node, "TLS"].delay = 0.4
    copy.produce_and_see("a delay")
    for node in NODES:
        brokers.proxies[node, "TLS"].delay = 0
    # Longer than the clients wait for an answer.
    brokers.pause(1)
    time.sleep(4)
    brokers.go_on(1)


def limits_are_set(copy: Copy, _: Brokers, administrator: Administrator) -> None:
    administrator.limit("flink", producer_byte_rate=2000.0, consumer_byte_rate=2000.0)
    copy.produce_and_see("a quota", 300)
    administrator.limit("flink", producer_byte_rate=None, consumer_byte_rate=None)


def partitions_are_added(copy: Copy, _: Brokers, administrator: Administrator) -> None:
    for topic in (copy.source, copy.target):
        administrator.set_partitions(topic, 5)


def certificates_are_renewed(_: Copy, brokers: Brokers, administrator: Administrator) -> None:
    for node in NODES:
        before = brokers.served_certificate(node)
        brokers.write_certificate(node)
        administrator.renew_certificate(node)
        end = time.monotonic() + 20
        while brokers.served_certificate(node) == before:
            assert time.monotonic() < end, "the broker goes on with the old certificate"
            time.sleep(0.2)
        brokers.proxies[node, "TLS"].cut()


def a_broker_is_killed(copy: Copy, brokers: Brokers, _: Administrator) -> None:
    brokers.kill(2)
    copy.produce_and_see("the death of a broker")
    brokers.start(2)
    brokers.wait_until_up()


def a_broker_is_stopped_and_started(copy: Copy, brokers: Brokers, _: Administrator) -> None:
    brokers.stop(3)
    copy.produce_and_see("the stop of a broker")
    brokers.start(3)
    brokers.wait_until_up()


def all_brokers_are_away(copy: Copy, brokers: Brokers, _: Administrator) -> None:
    for node in NODES:
        brokers.proxies[node, "TLS"].refuse()
    copy.produce(200)
    # Longer than the clients try to deliver: the job fails, and starts again and again.
    time.sleep(15)
    for node in NODES:
        brokers.proxies[node, "TLS"].accept()
