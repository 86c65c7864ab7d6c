# SPDX-License-Identifier: Apache-2.0
"""What ``to_hdfs`` refuses of compaction and of marks of finished partitions. No JVM is started."""

from __future__ import annotations

from typing import Any

import pytest

from flinksec_jobs import partition_patterns
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.file_layout import Layout

DAYS = "carrier={carrier}/day={:%Y-%m-%d}"


def test_small_files_are_gathered_to_a_size_and_for_no_more_than_some_checkpoints() -> None:
    assert Layout().compaction() is None
    assert Layout(compact_size=128 << 20).compaction() == (128 << 20, 10)
    assert Layout(compact_size=1, compact_checkpoints=3).compaction() == (1, 3)


@pytest.mark.parametrize("size", [0, -1, 1.5, True, "128 MB", 1 << 63])
def test_a_size_that_files_cannot_be_gathered_to_is_refused(size: Any) -> None:
    with pytest.raises(SettingsError, match=r"compact_size=.* is no number of bytes"):
        Layout(compact_size=size).compaction()


@pytest.mark.parametrize("checkpoints", [0, -1, 1.5, True, 10_001, None])
def test_rows_are_not_held_back_for_ever(checkpoints: Any) -> None:
    with pytest.raises(SettingsError, match=r"compact_checkpoints=.* is no number of checkpoints"):
        Layout(compact_size=1, compact_checkpoints=checkpoints).compaction()


def test_a_finished_partition_is_marked_by_a_file_that_readers_pass_over() -> None:
    assert Layout(partition_by=DAYS).success() is None
    marked = Layout(partition_by=DAYS, success_file="_SUCCESS", success_delay="10 min")
    assert marked.success() == ("_SUCCESS", 600_000)
    assert Layout(partition_by=DAYS, success_file=".done").success() == (".done", 0)


@pytest.mark.parametrize(
    "name", ["", "SUCCESS", "_", "_a/b", "_SUCCESS ", "../_x", "_" + "x" * 200]
)
def test_a_mark_that_readers_would_take_for_data_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=r"success_file=.* is no name of a file that readers"):
        Layout(partition_by=DAYS, success_file=name).success()


def test_a_mark_needs_partitions_and_a_delay_needs_a_mark() -> None:
    with pytest.raises(SettingsError, match="there is no partition_by"):
        Layout(success_file="_SUCCESS").success()
    with pytest.raises(SettingsError, match="is about a success_file, and there is none"):
        Layout(success_delay="10 min").success()
    with pytest.raises(SettingsError, match="success_delay='soon' is not a duration"):
        Layout(partition_by=DAYS, success_file="_SUCCESS", success_delay="soon").success()


@pytest.mark.parametrize(
    "pattern",
    [
        "day={:%Y-%m-%d}",
        "carrier={carrier}/{at:%Y}/{at:%m}/{at:%d}/{at:%H}",
        "{:%Y}/{:%j}/{:%H-%M-%S}",
        "week={:%G-%V}",
        "{:%Y-%m}",
        "{:%Y}/week={:%G-%V}",
        "{:%G%V%u}/{carrier}-{flight.number}",
    ],
)
def test_a_partition_by_a_whole_time_says_when_it_ends(pattern: str) -> None:
    partition_patterns.require_ends(partition_patterns.parsed(pattern), "success_file")


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("carrier={carrier}", "say when they end"),
        ("{:%Y}/{:%H}", "say when they end"),
        ("{:%m}", "say when they end"),
        ("{:%Y-%d}", "say when they end"),
        ("{:%Y-%m-%d}/{:%M}", "say when they end"),
        ("{:%Y}/week={:%G-%V}/hour={:%H}", "say when they end"),
        ("{carrier}-{:%Y-%m-%d}", "a time and a field"),
        ("{a:%Y-%m-%d}/{b:%H}", "has several"),
    ],
)
def test_a_partition_that_does_not_say_when_it_ends_is_not_marked(pattern: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        Layout(partition_by=pattern, success_file="_SUCCESS").success()
