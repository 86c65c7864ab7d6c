# SPDX-License-Identifier: Apache-2.0
"""All brokers are away for two minutes, and the job has Kafka's own timeouts, of minutes."""

import time

import pytest

from tests.kafka.brokers import NODES, Brokers
from tests.kafka.conftest import CopyOf
from tests.kafka.logs import assert_causes_are_told_once, lines_about

SECONDS = 120


@pytest.mark.minutes
def test_a_job_goes_on_after_two_minutes_without_brokers_and_has_not_told_of_them_over_and_over(
    copies: CopyOf, brokers: Brokers
) -> None:
    copy = copies("outage", timeouts={})
    copy.start()
    copy.produce_and_see("the start")
    copy.forget_log()
    copy.produce(100)
    for node in NODES:
        brokers.kill(node)
    time.sleep(SECONDS)
    said = copy.log
    for node in NODES:
        brokers.start(node)
    brokers.wait_until_up()
    copy.produce_and_see("the outage")
    whole = copy.log
    copy.kill()
    copy.assert_each_once()
    lines = lines_about(said, "kafka.clients", "kafka.common", "connector.kafka")
    assert lines_about(said, "Connection to node"), said
    assert_causes_are_told_once(whole)
    assert "the job goes on: the first checkpoint since" in whole
    # Ten of each of two kinds at once, one in five seconds after that, and a few of others.
    assert len(lines) <= 2 * (10 + SECONDS / 5) + 10, said
