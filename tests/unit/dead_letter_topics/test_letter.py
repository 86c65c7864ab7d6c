# SPDX-License-Identifier: Apache-2.0
"""A dead letter is taken apart into the record that it was and what is said of it."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flinksec_jobs.cli import letter_lines
from flinksec_jobs.dead_letter_topics.groups import grouped
from flinksec_jobs.dead_letter_topics.letter import ERRORS, FILE, HOLDS, MARK, Letter

Header = tuple[str, bytes | None]
OWN = st.lists(
    st.tuples(
        st.sampled_from(["trace", ERRORS + "topic", MARK, HOLDS, "x"]), st.binary(max_size=4)
    ),
    max_size=5,
)
SAID: list[Header] = [
    (HOLDS, b"record"),
    (ERRORS + "topic", b"orders"),
    (ERRORS + "partition", b"3"),
    (ERRORS + "offset", b"17"),
    (ERRORS + "connector.name", b"flink-orders"),
    (ERRORS + "stage", b"VALUE_CONVERTER"),
    (ERRORS + "class.name", b"org.flinksec.Json"),
    (ERRORS + "exception.class.name", b"org.flinksec.UndecodableException"),
    (ERRORS + "exception.message", b"field 'a' should be a string"),
]


def letter(headers: Any, offset: int = 5, partition: int = 0, value: bytes = b"v") -> Letter:
    return Letter.of(
        SimpleNamespace(
            topic="dead",
            partition=partition,
            offset=offset,
            timestamp=1,
            key=b"k",
            value=value,
            headers=headers,
        )
    )


def said(**other: str) -> list[Header]:
    facts = dict(SAID) | {
        ERRORS + name.replace("_", "."): text.encode() for name, text in other.items()
    }
    return [(MARK, b"1"), *facts.items()]


@given(OWN)
def test_whatever_stands_before_the_last_mark_is_the_record_s_own(own: list[Header]) -> None:
    found = letter([*own, *said()])
    assert found.headers == tuple(own)
    assert (found.facts["topic"], found.origin_partition) == ("orders", 3)
    assert found.holds_a_record
    assert found.cause.source == "orders"


def test_a_letter_of_kafka_connect_has_no_mark_and_is_known_by_its_names() -> None:
    found = letter([("trace", b"t"), *[one for one in SAID if one[0] != HOLDS]])
    assert found.headers == (("trace", b"t"),)
    assert found.holds_a_record
    assert found.job == "flink-orders"


def test_what_was_read_from_a_file_came_from_its_directory_and_cannot_go_back() -> None:
    said = [(MARK, b"1"), (HOLDS, b"bytes"), (FILE, b"hdfs://n/d/day=1/a.json")]
    found = letter(said)
    assert found.cause.source == "hdfs://n/d/day=1"
    assert not found.holds_a_record


def test_an_element_or_a_record_of_no_known_topic_cannot_go_back() -> None:
    assert not letter([(MARK, b"1"), (HOLDS, b"element"), (ERRORS + "topic", b"t")]).holds_a_record
    assert not letter([(MARK, b"1"), (HOLDS, b"record")]).holds_a_record
    assert not letter([]).holds_a_record


def test_a_partition_that_is_no_number_is_not_known() -> None:
    for text in ("", "-1", "x", "\u0663", "9" * 30):
        assert letter(said(partition=text)).origin_partition is None


def test_what_a_letter_holds_is_in_no_printed_form_of_it() -> None:
    shown = repr(letter([("trace", b"canary"), *said()]))
    assert "canary" not in shown
    assert "b'v'" not in shown


def test_letters_of_one_cause_differ_in_what_is_said_and_where_they_came_from() -> None:
    one = letter(said())
    other = letter(said(exception_message="field 'b'", offset="99", partition="1"))
    assert one.cause == other.cause
    assert one.cause.id == other.cause.id
    for name in ("topic", "stage", "class_name", "exception_class_name"):
        assert letter(said(**{name: "another"})).cause.id != one.cause.id


def test_groups_are_counted_with_their_times_and_messages() -> None:
    letters = [letter(said(), offset=n) for n in range(3)] + [letter(said(stage="TRANSFORMATION"))]
    groups = grouped((one, one.offset == 0) for one in letters)
    assert [(group.count, group.replayed, group.records) for group in groups] == [
        (3, 1, 3),
        (1, 0, 1),
    ]
    assert groups[0].as_dict()["messages"] == {"field 'a' should be a string": 3}


def test_records_that_are_no_letters_are_listed_as_such() -> None:
    found = grouped([(letter([("trace", b"1")]), False), (letter([]), False)])
    assert [" ".join(line.split()[1:]) for group in found for line in letter_lines.told(group)] == [
        "2 records without a cause, which no job wrote",
        "1970-01-01T00:00:00+00:00 to 1970-01-01T00:00:00+00:00",
    ]


def test_a_record_without_a_key_or_a_value_is_shown_unlike_one_of_the_text_none() -> None:
    def shown(key: bytes | None, value: bytes | None) -> list[str]:
        found = replace(letter([("trace", value)]), key=key, value=value)
        return list(letter_lines.lines(found, content=True))[2:]

    assert shown(None, None) == ["  no key", "  no value", "  header trace, null"]
    assert shown(b"None", b"") == ["  key: None", "  value: ", "  header trace: "]
