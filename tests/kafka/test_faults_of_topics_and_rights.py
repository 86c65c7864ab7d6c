# SPDX-License-Identifier: Apache-2.0
"""What others take away from a running job, its log names; when it is back, the job goes on.

The fixture `copy` asserts after each test that nothing is lost, and nothing there twice.
"""

from tests.kafka.administrator import Administrator
from tests.kafka.brokers import Brokers
from tests.kafka.conftest import CopyOf
from tests.kafka.copies import Copy
from tests.kafka.logs import causes_of_failed_tasks


def test_a_job_reads_and_writes_partitions_that_are_added(
    copy: Copy, administrator: Administrator
) -> None:
    for topic in (copy.source, copy.target):
        administrator.set_partitions(topic, 5)
    # By name, as a producer that writes already may not know them yet.
    for partition in (3, 4):
        copy.produce(50, partition)
    copy.wait_until_each_is_there("more partitions to read")

    def are_written() -> bool:
        copy.produce_and_see("more partitions to write", 50)
        ends = administrator.ends(copy.target)
        return all(ends[partition] for partition in (3, 4))

    copy.wait_for("records in the new partitions", are_written)


def test_a_revoked_right_to_write_the_topic_is_named_until_it_is_back(
    copy: Copy, administrator: Administrator
) -> None:
    administrator.revoke("TOPIC", copy.target, "WRITE")
    copy.produce(100)
    told = f"Not authorized to access topics: [{copy.target}]"
    copy.wait_for("the lack of the right", lambda: told in copy.log)
    administrator.allow("TOPIC", copy.target, "WRITE")


def test_a_revoked_right_on_transactional_ids_is_named_until_it_is_back(
    copy: Copy, administrator: Administrator
) -> None:
    administrator.revoke("TRANSACTIONAL_ID", "flink", "WRITE", "DESCRIBE", pattern="PREFIXED")
    copy.produce(100)
    told = "TransactionalIdAuthorizationException"
    copy.wait_for("the lack of the right", lambda: told in copy.log)
    administrator.allow("TRANSACTIONAL_ID", "flink", "WRITE", "DESCRIBE", pattern="PREFIXED")


def test_a_revoked_right_to_read_the_topic_is_named_until_it_is_back(
    copy: Copy, administrator: Administrator
) -> None:
    administrator.revoke("TOPIC", copy.source, "READ")
    copy.produce(100)
    told = f"Not authorized to access topics: [{copy.source}]"
    copy.wait_for("the lack of the right", lambda: told in copy.log)
    administrator.allow("TOPIC", copy.source, "READ")


def test_a_revoked_right_on_the_group_is_named_with_what_to_do_and_does_not_stop_the_job(
    copy: Copy, administrator: Administrator
) -> None:
    administrator.revoke("GROUP", "flink", "READ", pattern="PREFIXED")
    copy.produce_and_see("the loss of the group")
    hint = "hint: give the job's principal READ on its group, kafka.group_id, again"
    copy.wait_for("the lack of the right", lambda: hint in copy.log)
    copy.wait_for_checkpoints(3)
    copy.produce_and_see("three checkpoints without it")
    # A machine that is busy may have had the job start again for another reason.
    assert copy.log.count(hint) <= 1 + copy.restarts()
    causes = causes_of_failed_tasks(copy.log)
    assert not [cause for cause in causes if "GroupAuthorization" in cause]
    administrator.allow("GROUP", "flink", "READ", pattern="PREFIXED")


def test_a_deleted_topic_is_named_and_the_job_goes_on_when_there_is_one_again(
    copy: Copy, administrator: Administrator
) -> None:
    # Its records are deleted with it, by whoever did that; all since are there.
    copy.lose_what_was_written()
    copy.produce(100)
    told = f"Topic {copy.target} not present in metadata"
    copy.wait_for("the name of the topic", lambda: told in copy.log)
    administrator.create_topics({copy.target: 3})


def test_a_job_without_transactions_starts_again_after_a_refusal_and_loses_nothing(
    copies: CopyOf, administrator: Administrator, brokers: Brokers
) -> None:
    copy = copies("without-transactions")
    copy.start(AT_LEAST_ONCE="yes")
    copy.produce_and_see("the start")
    administrator.revoke("TOPIC", copy.target, "WRITE")
    copy.produce(100)
    # The writer's end fails too, which Flink takes for a reason to end the TaskManager.
    copy.wait_for("two starts of the job", lambda: copy.restarts() >= 2)
    administrator.allow("TOPIC", copy.target, "WRITE")
    copy.produce_and_see("the return of the right")
    assert "Not authorized to access topics: [without-transactions-to]" in copy.log
    copy.kill()
