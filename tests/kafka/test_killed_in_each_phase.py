# SPDX-License-Identifier: Apache-2.0
"""A JVM that is killed at each step of the two-phase commit, and started again with more or less.

The proxies before the brokers see the step: the request of it, before a broker does, or its answer,
before the job does.
"""

import time

import pytest

from tests.kafka.administrator import Administrator
from tests.kafka.conftest import CopyOf
from tests.kafka.copies import ALARMS, lines_about
from tests.kafka.wire import Moment

# In the order in which a sink takes them. Since Kafka 4.0 the brokers add partitions to a
# transaction by themselves, with the first Produce.
STEPS: tuple[tuple[str, Moment], ...] = (
    ("InitProducerId", "asked"),
    ("InitProducerId", "answered"),
    ("Produce", "asked"),
    ("Produce", "answered"),
    ("EndTxn", "asked"),
    ("EndTxn", "answered"),
)


@pytest.mark.parametrize(
    ("naming", "steps"), [("incrementing", STEPS), ("pooling", STEPS[-3:])], ids=["new", "pooled"]
)
def test_a_job_killed_at_each_step_of_a_transaction_writes_each_record_once(
    copy_of: CopyOf,
    administrator: Administrator,
    naming: str,
    steps: tuple[tuple[str, Moment], ...],
) -> None:
    copy = copy_of(f"killed-{naming}", listener="CLEAR", partitions=2, transaction_naming=naming)
    for number, (api, moment) in enumerate(steps):
        copy.produce(100)
        copy.start(parallelism=1 + number % 2)
        copy.kill_at(api, moment, after=number % 2)
    copy.produce(100)
    copy.start(parallelism=2)
    copy.wait_until_each_is_there()
    # What the runs before have left open is aborted long before its timeout, of a minute.
    end = time.monotonic() + 15
    while administrator.is_blocked(copy.target):
        assert time.monotonic() < end, administrator.transactions(copy.ids)
        time.sleep(0.5)
    log = copy.log
    copy.kill()
    copy.assert_each_once()
    assert "were committed before" in log
    assert not lines_about(log, *ALARMS), lines_about(log, *ALARMS)


def test_a_job_that_never_starts_again_holds_readers_back_no_longer_than_its_timeout(
    copy_of: CopyOf, administrator: Administrator
) -> None:
    copy = copy_of("gone", listener="CLEAR", transaction_timeout="5 s")
    copy.produce(100)
    copy.start()
    copy.kill_at("Produce", "answered")
    assert administrator.is_blocked(copy.target)
    end = time.monotonic() + 20
    while administrator.is_blocked(copy.target):
        assert time.monotonic() < end, administrator.transactions(copy.ids)
        time.sleep(0.5)
    assert administrator.committed(copy.target) == []
