# SPDX-License-Identifier: Apache-2.0
"""Where a job begins to read: by name or by time, and nothing else."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.kafka import start as kafka_start

MILLIS = 1_700_000_400_000


@pytest.mark.parametrize("name", ["earliest", "latest", "committed"])
def test_a_name_is_itself(name: str) -> None:
    assert kafka_start.parse(name) == kafka_start.At(name=name)


@pytest.mark.parametrize(
    "start",
    [
        MILLIS,
        "2023-11-14T22:20:00Z",
        "2023-11-14T23:20:00.000+01:00",
        "2023-11-14 22:20:00+00:00",
        datetime(2023, 11, 14, 22, 20, tzinfo=UTC),
        datetime(2023, 11, 15, 3, 50, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    ],
)
def test_a_time_is_milliseconds_since_1970_in_whatever_form(start: Any) -> None:
    assert kafka_start.parse(start) == kafka_start.At(millis=MILLIS)


@pytest.mark.parametrize(
    ("start", "why"),
    [
        ("Earliest", "is neither a name nor a time"),
        ("", "is neither a name nor a time"),
        ("2023-11-14T22:20:00", "has no time zone"),
        ("2023-11-14", "has no time zone"),
        (datetime(2023, 11, 14), "has no time zone"),
        (True, "is not a time"),
        (None, "is neither a name nor a time"),
        (1.5, "is neither a name nor a time"),
        (-1, "is not between the years 1970 and 9999"),
        (MILLIS * 1000, "is not between the years 1970 and 9999"),
        ("1969-12-31T23:59:59Z", "is not between the years 1970 and 9999"),
    ],
)
def test_anything_else_is_refused_with_all_forms(start: Any, why: str) -> None:
    with pytest.raises(SettingsError) as caught:
        kafka_start.parse(start)
    assert caught.value.message.startswith(f"start={start!r} {why}")
    assert '"earliest", "latest" or "committed"' in str(caught.value.hint)
    assert "2024-05-01T06:00:00Z" in str(caught.value.hint)


def test_the_forms_that_the_hint_shows_are_taken() -> None:
    assert kafka_start.parse("2024-05-01T06:00:00Z").millis == 1_714_543_200_000


def test_offsets_are_of_partitions_of_the_topics_that_are_read() -> None:
    of_one = kafka_start.parse({0: 5, 2: 0}, ("orders",))
    assert of_one.offsets == {("orders", 0): 5, ("orders", 2): 0}
    of_two = kafka_start.parse({("a", 0): 5, ("b", 1): 7}, ("a", "b"))
    assert of_two.offsets == {("a", 0): 5, ("b", 1): 7}
    assert kafka_start.parse_stop({("a", 0): 5}).offsets == {("a", 0): 5}


@pytest.mark.parametrize(
    ("offsets", "why"),
    [
        ({}, "names no partition"),
        ({"a": 1}, "has a key that is no (topic, partition)"),
        ({0: 1}, "has a key that is no (topic, partition)"),
        ({("a", True): 1}, "has a key that is no (topic, partition)"),
        ({("c", 0): 1}, "names the topic c, which is not read"),
        ({("a", -1): 1}, "names the partition -1"),
        ({("a", 0): -2}, "has an offset of a-0 that is none"),
        ({("a", 0): 1.0}, "has an offset of a-0 that is none"),
        ({("a", 0): 2**63}, "has an offset of a-0 that is none"),
    ],
)
def test_offsets_of_anything_else_are_refused(offsets: Any, why: str) -> None:
    with pytest.raises(SettingsError) as caught:
        kafka_start.parse(offsets, ("a", "b"))
    assert caught.value.message == f"start={offsets!r} {why}"


def test_an_end_is_none_that_is_there_already() -> None:
    assert kafka_start.parse_stop("latest").name == "latest"
    with pytest.raises(SettingsError, match="stop='earliest' is neither a name nor a time") as end:
        kafka_start.parse_stop("earliest")
    assert "earliest" not in str(end.value.hint)


def test_an_end_before_the_beginning_is_refused_where_both_are_known() -> None:
    out_of_order: list[tuple[Any, Any]] = [(2000, 1000), ({0: 10}, {0: 5})]
    for start, stop in out_of_order:
        with pytest.raises(SettingsError, match="and stop before it"):
            kafka_start.require_in_order(
                kafka_start.parse(start, ("orders",)), kafka_start.parse_stop(stop, ("orders",))
            )
    in_order: list[tuple[Any, Any]] = [
        (1000, 1000),
        ({0: 5}, {0: 5}),
        ({0: 5}, {1: 0}),
        ("latest", {0: 1}),
        (1000, "latest"),
    ]
    for start, stop in in_order:
        kafka_start.require_in_order(
            kafka_start.parse(start, ("orders",)), kafka_start.parse_stop(stop, ("orders",))
        )
