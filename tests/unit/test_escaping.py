# SPDX-License-Identifier: Apache-2.0
"""What comes from outside cannot act on a terminal or pass for a line of ours."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from flinksec_jobs import cli
from flinksec_jobs.cli import main
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.escaping import as_json, escaped, escaped_lines

# Every code point, halves of surrogates too.
any_text = st.text(st.characters(exclude_categories=()))


@given(any_text)
def test_every_text_becomes_one_printable_line_in_utf_8(text: str) -> None:
    shown = escaped(text)
    assert shown.isprintable()
    assert shown.encode("utf-8").decode() == shown
    assert escaped(shown) == shown


@given(any_text.filter(str.isprintable))
def test_printable_text_of_every_alphabet_stays_as_it_is(text: str) -> None:
    assert escaped(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\r\n\tb", r"a\r\n\tb"),
        ("\x1b[31m\x07\x7f\x9b", r"\x1b[31m\x07\x7f\x9b"),
        ("\u202egnp.exe\u2066\u200b\ufeff\u2028", r"\u202egnp.exe\u2066\u200b\ufeff\u2028"),
        ("\U000e0041", r"\U000e0041"),
        (os.fsdecode(b"a\xff"), r"a\xff"),
        ("\ud800", r"\ud800"),
        ("заказы 日次 naïve 🙂", "заказы 日次 naïve 🙂"),
    ],
)
def test_what_a_terminal_obeys_is_written_as_its_code(text: str, shown: str) -> None:
    assert escaped(text) == shown


@pytest.mark.slow
@given(st.recursive(any_text, lambda inner: st.lists(inner) | st.dictionaries(any_text, inner)))
def test_json_is_printable_and_loses_nothing(value: object) -> None:
    text = as_json(value)
    assert text.isprintable()
    assert json.loads(text) == value


def test_newlines_that_are_meant_stay_and_what_follows_is_indented() -> None:
    assert escaped_lines("two:\n  a\nhint: b\x1b", indent="  ") == "two:\n  a\n  hint: b\\x1b"


def test_an_error_escapes_the_names_in_it() -> None:
    error = FlinkSecError("no\x1b[2J\nerror: forged", hint="try\r\u202e")
    assert error.message == "no\\x1b[2J\n  error: forged"
    assert str(error) == "no\\x1b[2J\n  error: forged\n  hint: try\\r\\u202e"


@pytest.mark.parametrize(
    "arguments",
    [["--\x1b[2J"], ["\x1b\nerror: x"], ["settings", "check", "--\x1b"], ["init", "\x1b\u202e"]],
)
def test_arguments_are_repeated_escaped(arguments: list[str]) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code in {1, 2}
    assert all(line.isprintable() for line in result.output.split("\n"))


def test_commands_print_through_one_place() -> None:
    folder = Path(cli.__file__).parent
    printing = [path.name for path in folder.glob("*.py") if "click.echo" in path.read_text()]
    assert printing == ["output.py"]
