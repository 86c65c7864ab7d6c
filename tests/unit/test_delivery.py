# SPDX-License-Identifier: Apache-2.0
"""A job that would run well and deliver nothing is refused, and says which setting is missing."""

from datetime import timedelta
from typing import Any

import pytest

from flinksec_jobs.delivery import Delivery, Transactions, check
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.findings import Finding, refuse
from flinksec_jobs.runtime.graph import Checkpointing


def kafka(minutes: float = 15) -> Delivery:
    transactions = Transactions(
        timedelta(minutes=minutes),
        "kafka.transaction_timeout",
        "the brokers' transaction.max.timeout.ms",
    )
    return Delivery("the Kafka topic alerts", by_checkpoint=True, transactions=transactions)


KAFKA = kafka()
HDFS = Delivery("the HDFS path /flights", by_checkpoint=True)
AT_LEAST_ONCE = Delivery("the Kafka topic log", by_checkpoint=False)
NONE = Checkpointing(enabled=False)
USUAL = Checkpointing(enabled=True, interval=10_000, timeout=600_000)


def checked(
    *sinks: Delivery,
    checkpoints: Checkpointing = USUAL,
    bounded: bool = False,
) -> list[Finding]:
    return refuse(check("job", sinks, checkpoints, bounded=bounded))


@pytest.mark.parametrize("sink", [KAFKA, HDFS])
def test_without_checkpoints_an_unbounded_job_delivers_nothing(sink: Delivery) -> None:
    with pytest.raises(SettingsError, match=f"nothing that it writes to {sink.target}") as told:
        checked(AT_LEAST_ONCE, sink, checkpoints=NONE)
    assert "state.directory" in str(told.value.hint)
    assert AT_LEAST_ONCE.target not in told.value.message


def test_a_job_that_ends_by_itself_commits_at_its_end() -> None:
    assert checked(KAFKA, HDFS, checkpoints=NONE, bounded=True) == []


def test_what_needs_no_checkpoint_is_warned_of() -> None:
    (warning,) = checked(AT_LEAST_ONCE, checkpoints=NONE)
    assert "there is no [state]" in warning.why
    assert checked(AT_LEAST_ONCE, checkpoints=NONE, bounded=True) == []
    assert checked(checkpoints=NONE) == []


@pytest.mark.parametrize("longer", ["interval", "min_pause"])
def test_transactions_that_end_before_the_next_checkpoint_are_refused(longer: str) -> None:
    times: Any = {"interval": 10_000, "min_pause": 0, longer: 900_000}
    checkpoints = Checkpointing(enabled=True, **times)
    with pytest.raises(SettingsError, match=r"kafka.transaction_timeout \(900 s\)") as told:
        checked(KAFKA, HDFS, checkpoints=checkpoints)
    assert "state.checkpoint_interval" in str(told.value.hint)
    assert checked(HDFS, AT_LEAST_ONCE, checkpoints=checkpoints) == []


def test_a_checkpoint_that_may_outlast_a_transaction_is_warned_of() -> None:
    assert checked(KAFKA) == []
    (warning,) = checked(kafka(minutes=10))
    assert "kafka.transaction_timeout (600 s)" in warning.why


def test_exactly_once_needs_checkpoints_that_count_a_record_once() -> None:
    twice = Checkpointing(enabled=True, interval=10_000, exactly_once=False)
    with pytest.raises(SettingsError, match=r"flink.execution.checkpointing.mode"):
        checked(KAFKA, checkpoints=twice)
    assert checked(AT_LEAST_ONCE, checkpoints=twice) == []


def test_the_last_records_of_a_bounded_job_need_a_checkpoint_after_its_tasks() -> None:
    none_after = Checkpointing(enabled=True, interval=10_000, after_finish=False)
    with pytest.raises(SettingsError, match="checkpoints-after-tasks-finish is false"):
        checked(HDFS, checkpoints=none_after, bounded=True)
    assert checked(HDFS, checkpoints=none_after) == []
