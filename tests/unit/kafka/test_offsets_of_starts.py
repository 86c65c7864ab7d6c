# SPDX-License-Identifier: Apache-2.0
"""What is asked about the offsets that a job names."""

from __future__ import annotations

import re

import pytest

from flinksec_jobs import formats, record
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.kafka import offsets, permissions, source, topics
from flinksec_jobs.settings import load_settings

SETTINGS = load_settings(
    overrides={"kafka": {"bootstrap_servers": ["a:1"], "security_protocol": "PLAINTEXT"}},
    environ={},
)


@record
class Number:
    n: int


def asked(of: topics.Topics = ("a", "b"), **how: object) -> list[str]:
    options = source.SourceOptions(
        topics.chosen(of),
        Number,
        formats.to_read("json"),
        **how,  # type: ignore[arg-type]
    )
    first, *_ = source.uses(SETTINGS, options, "a group")
    (question,) = first.questions
    return [one for one in question.about if one.startswith(("start", "stop"))]


def test_each_partition_that_a_job_names_is_asked_for() -> None:
    assert asked(start={("a", 7): 1}, stop={("b", 0): 9}) == ["start a 7 1", "stop b 0 9"]
    place = offsets.Place.parse("start", permissions.Use.parse("start a 7 1").name)
    assert place == offsets.Place("start", ("a", 7), 1)


def test_each_topic_at_a_groups_offsets_is_asked_for_with_the_group() -> None:
    assert asked(start="committed") == ["start-committed a a group", "start-committed b a group"]
    assert asked(stop="committed") == ["stop-committed a a group", "stop-committed b a group"]


def test_nothing_is_asked_of_a_place_that_is_always_there() -> None:
    assert asked(start="earliest", stop="latest") == []


def test_a_topic_that_a_pattern_does_not_match_is_no_place_to_begin() -> None:
    pattern = re.compile("a-.*")
    assert asked(pattern, start={("a-1", 0): 5}) == ["start a-1 0 5"]
    with pytest.raises(SettingsError, match=r"start names the topic b-1, which /a-\.\*/ does not"):
        asked(pattern, start={("b-1", 0): 5})
