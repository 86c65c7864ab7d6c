# SPDX-License-Identifier: Apache-2.0
"""What a restored job does with the transactions of its checkpoint: commit, pass over, or fail."""

import re
import time

from tests.kafka.administrator import Administrator
from tests.kafka.conftest import CopyOf
from tests.kafka.copies import ALARMS, lines_about


def test_what_was_committed_before_a_restart_is_passed_over_without_a_word(
    copy_of: CopyOf, administrator: Administrator
) -> None:
    copy = copy_of("again", listener="CLEAR")
    copy.produce(300)
    copy.start()
    # The brokers have committed it, and the job does not hear of it.
    copy.kill_at("EndTxn", "answered")
    assert len(administrator.committed(copy.target)) == 300
    copy.produce(300)
    copy.start()
    copy.wait_until_each_is_there()
    log = copy.log
    copy.kill()
    assert "were committed before" in log
    assert not lines_about(log, *ALARMS), lines_about(log, *ALARMS)
    copy.assert_each_once()


def test_a_transaction_that_has_timed_out_ends_the_job_by_name(
    copy_of: CopyOf, administrator: Administrator
) -> None:
    copy = copy_of("lost", listener="CLEAR", transaction_timeout="6 s")
    copy.produce(300)
    copy.start()
    copy.kill_at("EndTxn", "asked")
    open_before = administrator.transactions(copy.ids)
    assert "Ongoing" in {one.state for one in open_before.values()}
    end = time.monotonic() + 30
    while "Ongoing" in {one.state for one in administrator.transactions(copy.ids).values()}:
        assert time.monotonic() < end
        time.sleep(0.5)
    assert not administrator.is_blocked(copy.target)
    copy.produce(300)
    copy.start()
    code, said = copy.end()
    assert code == 1
    assert "the brokers have aborted what the job wrote to the Kafka topic lost-to" in said
    assert re.search(rf"transactional id {copy.ids}-0-\d+, kafka.transaction_timeout 6000 ms", said)
    assert 'set kafka.on_lost_transaction = "log"' in said
    assert administrator.committed(copy.target) == []
    # A restart would end the same way: there was none.
    assert "to RESTARTING" not in copy.log

    copy.start(FLINKSEC_KAFKA__ON_LOST_TRANSACTION="log")
    copy.wait_for("the records since", lambda: copy.written().total() >= 300)
    (told,) = lines_about(copy.log, "the job goes on, as")
    copy.kill()
    assert "kafka.on_lost_transaction" in told
    assert set(copy.written()) == set(range(300, 600))
