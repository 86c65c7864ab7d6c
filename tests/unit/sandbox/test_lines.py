# SPDX-License-Identifier: Apache-2.0
"""What `flinksec sandbox produce` makes of lines, and which of them it refuses by number."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinksec_jobs.errors import SandboxError
from flinksec_jobs.sandbox.lines import record_lines


def test_a_line_is_a_value_without_key_and_timestamp_and_blank_ones_are_left_out() -> None:
    lines = ["one\n", "\n", "  \n", "two\ttabs\r\n", "{}"]
    assert list(record_lines(lines)) == ["\t\tone", "\t\ttwo\ttabs", "\t\t{}"]


def test_key_and_timestamp_come_from_fields_of_the_line() -> None:
    line = '{"id": "a", "at": 5, "n": 7}'
    assert list(record_lines([line], "id", "at")) == [f"5\ta\t{line}"]
    assert list(record_lines([line], "n")) == [f"\t7\t{line}"]


@given(st.text(min_size=1).filter(lambda text: text.strip() and not set(text) & set("\t\r\n")))
def test_any_other_text_is_a_key_and_comes_out_of_the_line_again(key: str) -> None:
    value = json.dumps({"k": key})
    assert next(record_lines([value], "k")).split("\t", 2) == ["", key, value]


@pytest.mark.parametrize(
    "line",
    [
        *["[1]", "1", "no json", "[" * 100_000, '{"other": 1}', '{"id": null}', '{"id": ""}'],
        *['{"id": "a\\tb"}', '{"id": "a\\nb"}', '{"id": 1.5}', '{"id": true}', '{"id": ["a"]}'],
    ],
)
def test_a_line_without_a_key_is_named_by_its_number_and_not_repeated(line: str) -> None:
    with pytest.raises(SandboxError, match=r"^line 3 ") as refusal:
        list(record_lines(['{"id": "1"}', "", line], "id"))
    assert refusal.value.hint
    assert line not in str(refusal.value)


@pytest.mark.parametrize("value", ['"1"', "-1", "1.5", "null", "true", str(2**63)])
def test_a_timestamp_is_a_whole_number_of_milliseconds(value: str) -> None:
    with pytest.raises(SandboxError, match="line 1 has no timestamp in the field at"):
        list(record_lines([f'{{"at": {value}}}'], None, "at"))


def test_what_is_not_utf_8_is_an_error_with_a_way_out() -> None:
    def lines() -> Iterator[str]:
        yield "fine"
        yield b"\xff".decode()

    with pytest.raises(SandboxError, match="line 2 or one soon after it is not UTF-8") as refusal:
        list(record_lines(lines()))
    assert refusal.value.hint
