# SPDX-License-Identifier: Apache-2.0
"""Faults of brokers and of the way to them: the job goes on, and writes each record once.

The fixture `copy` asserts that after each test, and that the log has told of each cause once.
"""

import time

from tests.kafka.administrator import Administrator
from tests.kafka.brokers import NODES, Brokers
from tests.kafka.copies import Copy
from tests.kafka.logs import lines_about


def test_a_job_goes_on_when_the_leaders_of_its_partitions_move(
    copy: Copy, administrator: Administrator
) -> None:
    for topic in (copy.source, copy.target):
        before = administrator.leaders(topic)
        administrator.move_leaders(topic)
        copy.produce(20)

        def have_moved(topic: str = topic, before: dict[int, int] = before) -> bool:
            after = administrator.leaders(topic)
            if any(after[partition] == leader for partition, leader in before.items()):
                administrator.elect_leaders(topic)
                return False
            return True

        copy.wait_for(f"other leaders of {topic}", have_moved)


def test_a_job_goes_on_when_connections_are_cut_in_mid_request(
    copy: Copy, brokers: Brokers
) -> None:
    proxies = [brokers.proxies[node, "TLS"] for node in NODES]
    before = sum(proxy.cuts for proxy in proxies)

    def are_cut() -> bool:
        copy.produce(20)
        for proxy in proxies:
            proxy.cut()
        return sum(proxy.cuts for proxy in proxies) > before + 30

    copy.wait_for("thirty connections that are cut", are_cut)


def test_a_job_goes_on_with_brokers_that_are_slow_or_do_not_answer(
    copy: Copy, brokers: Brokers
) -> None:
    for node in NODES:
        brokers.proxies[node, "TLS"].delay = 0.25
    copy.produce_and_see("a delay", 20)
    for node in NODES:
        brokers.proxies[node, "TLS"].delay = 0
    # Longer than the clients wait for an answer.
    brokers.pause(1)
    copy.produce(20)
    time.sleep(7)
    brokers.go_on(1)


def test_a_job_goes_on_within_a_quota(copy: Copy, administrator: Administrator) -> None:
    administrator.limit("flink", producer_byte_rate=1000.0, consumer_byte_rate=1000.0)
    slow = set[str]()

    def is_throttled() -> bool:
        # A quota lets through at once what it allows in ten seconds.
        copy.produce(100)
        time.sleep(3)  # what is more comes through as slowly
        both = {"produce", "fetch"}
        slow.update(one for one in both if copy.metric(f"{one}-throttle-time-max") > 0)
        return slow == both

    try:
        copy.wait_for("what the brokers slow down", is_throttled)
        copy.wait_until_each_is_there("a quota")
    finally:  # else it slows down the jobs of all tests that follow
        administrator.limit("flink", producer_byte_rate=None, consumer_byte_rate=None)


def test_a_job_goes_on_when_the_certificates_of_brokers_are_replaced(
    copy: Copy, brokers: Brokers, administrator: Administrator
) -> None:
    for node in NODES:
        before = brokers.served_certificate(node)
        brokers.write_certificate(node)
        administrator.renew_certificate(node)

        def is_new(node: int = node, before: str = before) -> bool:
            return brokers.served_certificate(node) != before

        copy.wait_for("the new certificate", is_new)
        brokers.proxies[node, "TLS"].cut()


def test_a_job_goes_on_when_a_broker_is_killed_and_started(copy: Copy, brokers: Brokers) -> None:
    brokers.kill(2)
    copy.produce_and_see("the death of a broker")
    brokers.start(2)
    brokers.wait_until_up()


def test_a_job_goes_on_when_a_broker_is_stopped_and_started(copy: Copy, brokers: Brokers) -> None:
    brokers.stop(3)
    copy.produce_and_see("the stop of a broker")
    brokers.start(3)
    brokers.wait_until_up()


def test_a_job_starts_again_until_brokers_that_were_all_away_are_back(
    copy: Copy, brokers: Brokers
) -> None:
    for node in NODES:
        brokers.proxies[node, "TLS"].refuse()
    copy.produce(200)
    copy.wait_for("three starts of the job", lambda: copy.restarts() >= 3)
    # Not each attempt is in the log.
    copy.wait_for("its cause", lambda: bool(lines_about(copy.log, "Connection to node")))
    for node in NODES:
        brokers.proxies[node, "TLS"].accept()
    goes_on = "the job goes on: the first checkpoint since"
    copy.wait_for("the end of the outage", lambda: goes_on in copy.log)


def test_a_job_goes_on_when_the_disk_of_a_broker_is_full(copy: Copy, brokers: Brokers) -> None:
    brokers.stop(3)
    brokers.start_on_a_small_disk(3, megabytes=40)
    brokers.wait_until_up()
    brokers.fill_disk(3)
    for _ in range(200):
        copy.produce_and_see("more than fits on a disk")
        if brokers.has_ended(3):
            break
    assert brokers.has_ended(3)
    assert "No space left on device" in brokers.log(3).read_text()
    brokers.forget_disk(3)
    copy.produce_and_see("the end of the broker without room")
