# SPDX-License-Identifier: Apache-2.0
"""Whole records, as the sandbox prints them and takes them again."""

import json
from base64 import b64decode
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinksec_jobs.errors import SandboxError
from flinksec_jobs.sandbox.kafka_broker import Record
from flinksec_jobs.sandbox.whole_records import as_object, whole_lines

ANY_BYTES = st.none() | st.binary(max_size=9) | st.text(max_size=9).map(str.encode)
HEADERS = st.lists(st.tuples(st.text(max_size=5), ANY_BYTES), max_size=3).map(tuple)
CANARY = "canary-of-a-record"


@given(st.integers(0, 2**63 - 1), ANY_BYTES, ANY_BYTES, HEADERS)
def test_what_is_printed_of_a_record_is_written_as_the_same_record(
    at: int,
    key: bytes | None,
    value: bytes | None,
    headers: tuple[tuple[str, bytes | None], ...],
) -> None:
    record = Record(0, 7, at, key, value, headers)
    (line,) = whole_lines([json.dumps(as_object(record)) + "\n", "\n"])
    # What Java reads from standard input, it prints behind the place.
    assert Record.from_line(f"0\t7\t{line}\n") == record


def test_what_a_record_does_not_say_is_none_and_the_present() -> None:
    (line,) = whole_lines(['{"value": null}'])
    assert line == "\t-\t-"
    (line,) = whole_lines(['{"key": {"base64": "/wA="}, "value": "v", "headers": [["a", "b"]]}'])
    assert [b64decode(part) for part in line.split("\t")[1:]] == [b"\xff\x00", b"v", b"a", b"b"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (f"{CANARY}", "is not a JSON object with a value"),
        (f'["{CANARY}"]', "is not a JSON object with a value"),
        (f'{{"key": "{CANARY}"}}', "is not a JSON object with a value"),
        (f'{{"value": "v", "{CANARY}": 1}}', "has 1 names that no record has"),
        (f'{{"value": ["{CANARY}"]}}', "has a value that is neither text, null nor"),
        (f'{{"value": {{"base64": "{CANARY}!"}}}}', "has a value that is neither text"),
        (f'{{"value": {{"base64": "", "x": "{CANARY}"}}}}', "has a value that is neither text"),
        ('{"value": "\\ud800"}', "has a value with half of a surrogate pair"),
        ('{"value": "v", "key": 1}', "has a key that is neither text, null nor"),
        ('{"value": "v", "timestamp": -1}', "has a timestamp that is no whole number"),
        ('{"value": "v", "timestamp": true}', "has a timestamp that is no whole number"),
        (f'{{"value": "v", "headers": {{"{CANARY}": "h"}}}}', "has headers that are no list"),
        (f'{{"value": "v", "headers": [["{CANARY}"]]}}', "has a header that is no pair"),
        ('{"value": "v", "headers": [[1, "h"]]}', "has a header that is no pair"),
        ('{"value": "v", "headers": [["h", 1]]}', "has a header that is neither text, null"),
    ],
)
def test_a_line_that_is_no_record_is_named_by_its_number_and_not_repeated(
    line: str, why: str
) -> None:
    with pytest.raises(SandboxError) as refusal:
        list(whole_lines(['{"value": "v"}', "", line]))
    assert refusal.value.message.startswith(f"line 3 {why}")
    assert refusal.value.hint
    assert CANARY not in str(refusal.value)


def test_bytes_that_are_no_text_are_an_error_with_a_way_out() -> None:
    def lines() -> Iterator[str]:
        yield '{"value": "v"}'
        yield b"\xff".decode()

    with pytest.raises(SandboxError, match="line 2 or one soon after it is not UTF-8") as refusal:
        list(whole_lines(lines()))
    assert refusal.value.hint
