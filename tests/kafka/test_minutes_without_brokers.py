# SPDX-License-Identifier: Apache-2.0
"""All brokers are away: what a job with Kafka's own timeouts logs, and that it goes on."""

import os
import time
from collections import Counter

from tests.kafka.brokers import NODES, Brokers
from tests.kafka.conftest import CopyOf
from tests.kafka.copies import lines_about

# Two minutes for real: OUTAGE=120 make test TESTS=tests/kafka/test_log_of_an_outage.py
SECONDS = float(os.environ.get("OUTAGE", "20"))


def test_an_outage_of_all_brokers_is_told_and_not_over_and_over(
    copy_of: CopyOf, brokers: Brokers
) -> None:
    copy = copy_of("outage", timeouts={})
    copy.start()
    copy.produce_and_see("the start")
    copy.produce(100)
    before = len(copy.log)
    for node in NODES:
        brokers.kill(node)
    time.sleep(SECONDS)
    said = copy.log[before:]
    for node in NODES:
        brokers.start(node)
    brokers.wait_until_up()
    copy.produce_and_see("the outage")
    copy.kill()
    copy.assert_each_once()
    lines = lines_about(said, "kafka.clients", "kafka.common", "connector.kafka")
    loggers = Counter(line.split()[3] for line in lines)
    (copy.directory / "told").write_text(f"{len(said.splitlines())} {len(lines)} {loggers}\n{said}")
    assert lines_about(said, "Connection to node"), said
    # Ten of each of two kinds at once, one in five seconds after that, and a few of others.
    assert len(lines) <= 2 * (10 + SECONDS / 5) + 10, loggers
