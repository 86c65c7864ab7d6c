# SPDX-License-Identifier: Apache-2.0
"""Where event time comes from: a field, Kafka, or a function; and who may wait for whom."""

from datetime import timedelta
from typing import Any

import pytest

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.kafka.watermarks import KAFKA_TIMESTAMP, Ends, EventTime

SECOND = timedelta(seconds=1)


def test_only_a_field_has_to_be_one_of_the_record() -> None:
    assert EventTime("placed_at", SECOND, SECOND).field == "placed_at"
    assert EventTime(KAFKA_TIMESTAMP, SECOND, SECOND).field == ""
    assert EventTime(lambda _: 0, SECOND, SECOND).field == ""


@pytest.mark.parametrize("of", [["placed_at"], 5, True])
def test_what_is_neither_does_not_pass_for_kafkas_timestamp(of: Any) -> None:
    with pytest.raises(SettingsError, match="is neither a field nor a function"):
        EventTime(of, SECOND, SECOND)


@pytest.mark.parametrize("name", ["", 5])
def test_a_group_that_sources_are_aligned_in_has_a_name(name: Any) -> None:
    assert EventTime("t", SECOND, SECOND, "group").alignment == "group"
    with pytest.raises(SettingsError, match="is no name of a group"):
        EventTime("t", SECOND, SECOND, name)


def test_a_source_that_ends_beside_one_that_goes_on_is_warned_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    time = EventTime("t", SECOND, SECOND)
    ends = Ends()
    ends.note("the topic live", time, ends=False)
    ends.note("the topic lookup", None, ends=True)
    ends.note("the topic more", time, ends=False)
    assert not caplog.messages
    ends.note("the path past", time, ends=True)
    ends.note("the path older", time, ends=True)
    [said] = caplog.messages
    assert said.startswith("the path past ends, and the topic live goes on: where they meet")
    assert said.endswith("an idleness that is longer than any silence of it")
