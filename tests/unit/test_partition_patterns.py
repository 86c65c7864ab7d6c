# SPDX-License-Identifier: Apache-2.0
"""Patterns of directories, which are checked before a job has a JVM."""

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.partition_patterns import DIRECTIVES, parsed

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}(\.[a-z][a-z0-9_]{0,4})?", fullmatch=True)
TEXTS = st.text(string.ascii_letters + string.digits + "=-.ü長", min_size=1, max_size=12).map(
    lambda text: "x" + text
)
FORMS = st.lists(st.sampled_from(DIRECTIVES), min_size=1, max_size=4).map(
    lambda found: "-".join(f"%{one}" for one in found)
)
PLACES = st.one_of(
    NAMES.map(lambda name: f"{{{name}}}"),
    st.tuples(NAMES | st.just(""), FORMS).map(lambda found: f"{{{found[0]}:{found[1]}}}"),
)
LEVELS = st.tuples(TEXTS, PLACES).map("".join)


def test_a_pattern_is_taken_apart_into_texts_fields_and_times() -> None:
    assert parsed("carrier={carrier}/day={departed_at:%Y-%m-%d}/{:%H}h") == [
        "=carrier=",
        "{carrier",
        "/",
        "=day=",
        "{departed_at:%Y-%m-%d",
        "/",
        "{:%H",
        "=h",
    ]


@given(st.lists(LEVELS, min_size=1, max_size=4).map("/".join))
def test_the_parts_of_a_pattern_are_the_pattern(pattern: str) -> None:
    written = "".join(
        part[1:] if part[0] == "=" else part + "}" if part[0] == "{" else part
        for part in parsed(pattern)
    )
    assert written == pattern


@given(st.text())
def test_any_text_is_a_pattern_or_refused_by_name(pattern: str) -> None:
    try:
        parts = parsed(pattern)
    except SettingsError as error:
        assert error.message.startswith(f"partition_by={pattern!r}")
        assert error.hint
        return
    for part in parts:
        assert part == "/" or part[0] in "={"
        assert part[0] != "=" or not set(part) & set(":\\\n\0{}")


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("", "has a directory without a name"),
        (5, "partition_by=5 is no text"),
        ("/day={day}", "has a directory without a name"),
        ("day={day}/", "has a directory without a name"),
        ("a={a}//b={b}", "has a directory without a name"),
        ("day=1", "names no field"),
        ("_day={day}", "readers take for hidden"),
        (".{day}", "readers take for hidden"),
        ("a:{a}", "has ':' in the name"),
        ("a\\{a}", "in the name of a directory"),
        ("a={a", "has '{' in the name"),
        ("a={{a}}", "has '{' in the name"),
        ("a={a b}", "{a b} is no name of a field"),
        ("a={}", "{} stands for the event time"),
        ("a={a:}", "is not what a time is written with"),
        ("a={a:%Y:%m}", "':' is not what a time is written with"),
        ("a={a:%B}", "'%B' is not what a time is written with"),
        ("a={a:%}", "'%' is not what a time is written with"),
        ("a={a:%Y/%m}", "has '{' in the name"),  # two directories are two levels
        ("a={a} ", "has blanks around it"),
        ("x" * 300 + "{a}", "too long"),
        ("\ud800{a}", "in the name of a directory"),
    ],
)
def test_what_makes_no_names_of_directories_is_refused(pattern: Any, why: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parsed(pattern)
    assert why in caught.value.message
