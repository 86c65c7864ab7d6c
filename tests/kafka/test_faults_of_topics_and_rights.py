# SPDX-License-Identifier: Apache-2.0
"""What others take away from a running job, its log names; when it is back, the job goes on."""

from tests.kafka.administrator import Administrator
from tests.kafka.brokers import Brokers
from tests.kafka.conftest import CopyOf


def test_a_job_goes_on_when_its_rights_or_the_room_on_a_broker_are_back(
    copy_of: CopyOf, brokers: Brokers, administrator: Administrator
) -> None:
    copy = copy_of("taken")
    copy.start()
    copy.produce_and_see("the start")

    administrator.revoke("TOPIC", copy.target, "WRITE")
    copy.produce(100)
    copy.wait_for("the lack of the right", lambda: "TopicAuthorizationException" in copy.log)
    assert f"Not authorized to access topics: [{copy.target}]" in copy.log
    administrator.allow("TOPIC", copy.target, "WRITE")
    copy.produce_and_see("the return of the right on the topic")

    administrator.revoke("TRANSACTIONAL_ID", "flink", "WRITE", "DESCRIBE", pattern="PREFIXED")
    copy.produce(100)
    refused = "TransactionalIdAuthorizationException"
    copy.wait_for("the lack of the right", lambda: refused in copy.log)
    administrator.allow("TRANSACTIONAL_ID", "flink", "WRITE", "DESCRIBE", pattern="PREFIXED")
    copy.produce_and_see("the return of the right on the transactional ids")

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
    copy.kill()
    copy.assert_each_once()


def test_a_deleted_topic_is_named_and_the_job_goes_on_when_there_is_one_again(
    copy_of: CopyOf, administrator: Administrator
) -> None:
    copy = copy_of("deleted")
    copy.start()
    copy.produce_and_see("the start")
    administrator.delete_topic(copy.target)
    copy.produce(100)
    told = f"Topic {copy.target} not present in metadata"
    copy.wait_for("the name of the topic", lambda: told in copy.log)
    administrator.create_topics({copy.target: 3})
    # Its records before were deleted with it, by whoever did that; all since are there.
    copy.wait_for("the numbers since", lambda: set(range(100, 200)) <= set(copy.written()))
    copy.kill()
    written = copy.written()
    assert written.total() == len(written)
