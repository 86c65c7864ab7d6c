# SPDX-License-Identifier: Apache-2.0
"""Python judges the name of an index as a job says it, and Java as a record makes it: both alike.

A character that the Unicode of one of them does not have yet is not compared.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flinksec_jobs import index_names
from flinksec_jobs.elasticsearch import index_pattern
from flinksec_jobs.errors import SettingsError
from tests.differential.formats_peer import FormatsPeer
from tests.unit.test_index_names import ILLEGAL, LEGAL

# How both begin to tell of a rule.
RULES = {
    "": "",
    "must not be empty": "is empty",
    "must be lowercase": "is not lowercase",
    "must not be . or ..": "is . or ..",
    "must not start with ": "starts with ",
    "must not contain ": "contains one of ",
    "must have at most 255 bytes": "has more than 255 bytes",
}
# Between them stands what has a rule of its own, or nearly.
ALPHABET = "ab.-+_ #:,*<>{}%\\\t\0\x7f\x85\xa0\xadAÄäßİΣςǅ\u200b\u2028\u3000日😀𐐀𐐨"
MADE_BY_HAND = [
    *LEGAL,
    *ILLEGAL,
    "",
    "...",
    ".a",
    "a.",
    "a-",
    "{now/d}",
    "a<b{c}>",
    "\ud800",
    "ﬀ",
    "a\u0307",
    "ος",
    "e\u0301" * 85,
    "e\u0301" * 86,
    "😀" * 63 + "abc",
    "😀" * 64,
    "A" * 256,
    "_" * 256,
    "a" * 255 + "\t",
]


def in_python(name: str) -> str:
    try:
        index_names.check(name)
    except SettingsError as error:
        return error.message.rpartition(": the name of an index ")[2]
    return ""


def check_alike(peer: FormatsPeer, names: Sequence[str]) -> int:
    """Compare the rules that both tell of; return how many names were compared."""
    # Date math is the server's to judge, and no record makes it.
    asked = [name for name in names if not (name.startswith("<") and name.endswith(">"))]
    compared = 0
    for name, told in zip(asked, peer.ask(names=asked)["judged"], strict=True):
        if told["known"] and "Cn" not in map(unicodedata.category, name):
            said = in_python(name)
            (rule,) = [rule for rule in RULES if said.startswith(rule) and bool(rule) == bool(said)]
            assert told["problem"].startswith(RULES[rule]), (name, said, told["problem"])
            assert bool(told["problem"]) == bool(rule), (name, said, told["problem"])
            compared += 1
    return compared


@given(name=st.text(ALPHABET, max_size=12) | st.text(max_size=12))
@example(name="")
@settings(max_examples=500)
def test_a_name_is_taken_or_refused_by_the_same_rule(formats_peer: FormatsPeer, name: str) -> None:
    check_alike(formats_peer, [name])


@given(
    part=st.text("aé日😀", min_size=1, max_size=4),
    end=st.text("aé日😀.", max_size=4),
    size=st.integers(250, 260),
)
@settings(max_examples=200)
def test_the_longest_name_is_as_long(
    formats_peer: FormatsPeer, part: str, end: str, size: int
) -> None:
    times = (size - len(end.encode())) // len(part.encode())
    assert check_alike(formats_peer, [part * times + end]) == 1


@pytest.mark.parametrize("name", MADE_BY_HAND)
def test_names_at_the_edge_of_a_rule_are_judged_alike(formats_peer: FormatsPeer, name: str) -> None:
    assert check_alike(formats_peer, [name]) == 1


@pytest.mark.parametrize("before", ["", "a"])
def test_every_character_is_judged_alike(formats_peer: FormatsPeer, before: str) -> None:
    known = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) != "Cn"]
    compared = 0
    for start in range(0, len(known), 20_000):
        compared += check_alike(
            formats_peer, [before + one for one in known[start : start + 20_000]]
        )
    assert compared > 280_000


PATTERNS = [
    "flights-{departed_at:%Y.%m.%d}",
    "flights-{airline}",
    "flights-{airline:lower}-{airline}",
    "a-{b:%Y'%m}'",
    "a-{b:week %j}",
    "a-{b:%H%M%y}-c",
    "<logs-{now/d}>",
    "<logs-{now/d}",
    "{a}",
    "a-{}",
    "a-{1}",
    "a-{b",
    "a-b}",
    "a-{b}}",
    "a-{{b}}",
    "a-{b:}",
    "a-{b:%Q}",
    "a-{b:%}",
    "a-{b:%%}",
    "a-{b:upper}",
    "a-{b:%Y:%m}",
    "A-{b}",
    "a {b}",
    "a-{b:%Y/%m}",
    "a-{é}",
    "a-{b c}",
    "plain",
]


def check_read_alike(peer: FormatsPeer, written: str) -> None:
    (told,) = peer.ask(patterns=[written])["read"]
    try:
        found = index_pattern.parse(written)
    except SettingsError:
        assert "refused" in told, (written, told)
        return
    assert "refused" not in told, (written, told)
    pieces = [] if found.pieces is None else json.loads(found.pieces)
    assert json.loads(told["pieces"] or "[]") == pieces
    assert told["contact"] == found.contact


@pytest.mark.parametrize("written", PATTERNS)
def test_a_pattern_of_a_table_is_read_as_that_of_a_stream(
    formats_peer: FormatsPeer, written: str
) -> None:
    check_read_alike(formats_peer, written)


@given(written=st.text("ab-{}{}:%%YmdQ.'<> A", max_size=14))
@settings(max_examples=500)
def test_any_text_is_a_pattern_for_both_or_for_neither(
    formats_peer: FormatsPeer, written: str
) -> None:
    check_read_alike(formats_peer, written)
