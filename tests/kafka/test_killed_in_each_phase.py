# SPDX-License-Identifier: Apache-2.0
"""A JVM that is killed at each step of the two-phase commit, and started again with more or less.

The proxies before the brokers see the step: the request of it, before a broker does, or its answer,
before the job does.
"""

import re
import time

from tests.kafka.administrator import Administrator
from tests.kafka.conftest import CopyOf, side_by_side
from tests.kafka.logs import ALARMS, lines_about
from tests.kafka.wire import Moment
from tests.patience import PATIENCE

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


@side_by_side
def test_a_job_killed_at_each_step_and_restored_with_other_parallelism_writes_each_record_once(
    copies: CopyOf, administrator: Administrator
) -> None:
    kill_at_steps(copies, administrator, "incrementing", STEPS)


@side_by_side
def test_a_job_with_pooled_ids_killed_at_each_step_of_a_commit_writes_each_record_once(
    copies: CopyOf, administrator: Administrator
) -> None:
    kill_at_steps(copies, administrator, "pooling", STEPS[-3:])


def kill_at_steps(
    copies: CopyOf, administrator: Administrator, naming: str, steps: tuple[tuple[str, Moment], ...]
) -> None:
    copy = copies(
        f"killed-{naming}",
        listener="CLEAR",
        partitions=2,
        transaction_naming=naming,
        transaction_timeout="120 s",
    )
    for number, (api, moment) in enumerate(steps):
        copy.produce(100)
        # Restored with other parallelism each time.
        copy.start(parallelism=1 + number % 2)
        copy.kill_at(api, moment, after=number % 2)
    copy.produce(100)
    copy.start(parallelism=1 + len(steps) % 2)
    copy.wait_until_each_is_there()
    # What the runs before have left open is aborted before its timeout.
    wait_until_readers_go_on(administrator, copy.target, 100)
    log = copy.log
    copy.kill()
    copy.assert_each_once()
    # The last was killed after the brokers had committed, and before it heard of that.
    assert "were committed before" in log
    assert not lines_about(log, *ALARMS), lines_about(log, *ALARMS)


@side_by_side
def test_a_transaction_that_has_timed_out_holds_no_reader_back_and_ends_the_job_by_name(
    copies: CopyOf, administrator: Administrator
) -> None:
    copy = copies("lost", listener="CLEAR", transaction_timeout="15 s")
    copy.produce(300)
    copy.start()
    copy.kill_at("EndTxn", "asked")
    open_before = administrator.transactions(copy.ids)
    assert "Ongoing" in {one.state for one in open_before.values()}
    assert administrator.is_blocked(copy.target)
    wait_until_readers_go_on(administrator, copy.target, PATIENCE)
    copy.produce(300)
    copy.start()
    code, said = copy.end()
    assert code == 1
    assert "the brokers have aborted what the job wrote to the Kafka topic lost-to" in said
    assert re.search(
        rf"transactional id {copy.ids}-0-\d+, kafka.transaction_timeout 15000 ms", said
    )
    assert 'set kafka.on_lost_transaction = "log"' in said
    assert administrator.committed(copy.target) == []
    # A restart would end the same way: there was none.
    assert "to RESTARTING" not in copy.log

    copy.start(
        FLINKSEC_KAFKA__ON_LOST_TRANSACTION="log", FLINKSEC_KAFKA__TRANSACTION_TIMEOUT="120 s"
    )
    since = set(range(300, 600))
    copy.wait_for("the records since", lambda: copy.written().keys() >= since)
    (told,) = lines_about(copy.log, "the job goes on, as")
    copy.kill()
    assert "kafka.on_lost_transaction" in told
    # Lost is what the one transaction had, which may be less than all that was there to be read.
    written = copy.written()
    lost = set(range(600)) - written.keys()
    assert lost and lost.isdisjoint(since) and set(written.values()) == {1}


def wait_until_readers_go_on(administrator: Administrator, topic: str, seconds: float) -> None:
    end = time.monotonic() + seconds
    while administrator.is_blocked(topic):
        assert time.monotonic() < end, administrator.transactions("flink")
        time.sleep(0.5)
