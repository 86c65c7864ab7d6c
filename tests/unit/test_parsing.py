# SPDX-License-Identifier: Apache-2.0
"""TOML, JSON and YAML that are made to hang or to break whoever reads them."""

import itertools
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flinksec_jobs.parsing import ParseError, json_value, toml, yaml_documents

_SECONDS = 60  # Without bounds they would take hours, or all memory.


def _bomb(levels: int, line: str) -> str:
    """Levels of lists or mappings, each with nine times the one before."""
    names = "abcdefghijklmnopqrstuvwxyz"[:levels]
    lines = [
        f"{name}: &{name} " + line.replace("*", ",".join([f"*{before}"] * 9))
        for before, name in itertools.pairwise(names)
    ]
    return "\n".join(["a: &a {x: [1, 2]}", *lines])


YAML_REFUSED = {
    "aliases in lists": (_bomb(12, "[*]"), "line 6: aliases stand for more than 100,000 values"),
    "merge keys": (_bomb(12, "{<<: [*]}"), "aliases stand for more than 100,000 values"),
    "an alias in what it stands for": ("a: &a [*a]", "an alias stands for what it is part of"),
    "aliases that add up to depth": (
        "\n".join(["0: &x0 1", *(f"{n}: &x{n} [*x{n - 1}]" for n in range(1, 200))]),
        "nested deeper than 100 levels",
    ),
    "lists in flow": ("[" * 20_000, "nested deeper than 100 levels"),
    "mappings in flow": ("{a: " * 100_000, "nested deeper than 100 levels"),
    "lists in block": ("- " * 100_000, "nested deeper than 100 levels"),
    "keys of keys": ("? " * 100_000, "nested deeper than 100 levels"),
    "mappings in block": ("".join(" " * n + "a:\n" for n in range(1000)), "line 100: nested"),
    "5,000 digits": ("a: " + "9" * 5000, "line 1: a number of 5000 characters"),
    "5,000 hexadecimal digits": ("a: 0x" + "f" * 5000, "a number of 5002 characters"),
    "a day that is none": ("a: 2001-99-99", "a value of it cannot be read"),
    "a null character": ("a: \0", "special characters are not allowed"),
    "a tag of a program": ("!!python/object/apply:os.system [id]", "could not determine"),
    "a mapping as key": ("{? {a: b} : 1}", "found unhashable key"),
}
TOML_REFUSED = {
    "arrays": ("a = " + "[" * 100_000, "nested deeper than 100 levels"),
    "tables": ("a = " + "{a = " * 100_000, "nested deeper than 100 levels"),
    "a key of 100,000 parts": (".".join("a" * 100_000) + " = 1", "a key of more than 100 parts"),
    "a table of 100,000 parts": ("x = 1\n[" + ".".join("a" * 100_000) + "]", "line 2: a key of"),
    "a quoted key of 100,000 parts": (".".join(["'a'"] * 100_000) + " = 1", "a key of more"),
    "5,000 digits": ("a = " + "9" * 5000, "a number is too large"),
    "5,000 hexadecimal digits": ("a = 0x" + "f" * 5000, "an integer has more than 64 bits"),
    "20 digits": ("a = [{b = " + "9" * 20 + "}]", "an integer has more than 64 bits"),
    "a null character": ("a = '\0'", "Found invalid character"),
}
JSON_REFUSED = {
    "arrays": ("[" * 100_000, "nested too deeply"),
    "150 levels": ("[" * 150 + "]" * 150, "nested deeper than 100 levels"),
    "5,000 digits": ("9" * 5000, "a number is too large"),
    "20 digits": ("[99999999999999999999]", "an integer has more than 64 bits"),
    "nothing": ("", "line 1: Expecting value"),
    "NaN": ('{"a": NaN}', "NaN is no number of JSON"),
    "infinity": ("[-Infinity]", "-Infinity is no number of JSON"),
    "a key twice": ('[{"a": 1, "b": 2, "a": 3}]', 'found duplicate key "a"'),
}
_ALL: list[tuple[Callable[[str], object], str, str]] = [
    *((yaml_documents, *case) for case in YAML_REFUSED.values()),
    # One number of 1.1, sixty to the power of 50,000.
    (lambda text: yaml_documents(text, "1.1"), "a: " + "1:" * 50_000 + "1", "a number of"),
    *((toml, *case) for case in TOML_REFUSED.values()),
    *((json_value, *case) for case in JSON_REFUSED.values()),
]


@pytest.mark.parametrize(
    ("parse", "text", "problem"),
    _ALL,
    ids=[
        *(f"YAML 1.2: {name}" for name in YAML_REFUSED),
        "YAML 1.1: a number to the base of 60",
        *(f"TOML: {name}" for name in TOML_REFUSED),
        *(f"JSON: {name}" for name in JSON_REFUSED),
    ],
)
def test_what_has_no_bounds_is_refused_at_once(
    parse: Callable[[str], object], text: str, problem: str
) -> None:
    begun = time.monotonic()
    with pytest.raises(ParseError) as refused:
        parse(text)
    assert problem in str(refused.value)
    assert time.monotonic() - begun < _SECONDS


@pytest.mark.parametrize(
    "text",
    [
        "a: *hunter2",
        "a: !hunter2 x",
        "a: !!timestamp hunter2",
        "a: !!int hunter2",
        "a: 'hunter2",
        "a: hunter2: x",
        "a: @hunter2",
        "a: %hunter2",
        "a: hunter1\na: hunter2",
        "a: &hunter2 x: y",
        'a: "hunter2\\q"',
        "a: |hunter2",
    ],
)
def test_a_broken_value_of_yaml_is_not_repeated(text: str) -> None:
    with pytest.raises(ParseError) as refused:
        yaml_documents(text)
    assert "hunter" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None


def test_depth_aliases_and_numbers_of_real_files_are_fine() -> None:
    (found,) = yaml_documents("a: &a {b: [1, 2]}\nc: {<<: *a, d: *a}\ne: 1e400\n")
    assert found["c"] == {"b": [1, 2], "d": {"b": [1, 2]}}
    assert yaml_documents("[" * 90 + "]" * 90)
    assert toml("a = " + "[" * 90 + "]" * 90)
    assert toml("a = -9223372036854775808\nb.c.d = [1.5" + ", 2.5" * 200 + "]")["b"]
    assert toml('a = "' + "." * 500 + '"\nb = "1.2.3" # ' + "." * 500)
    assert json_value("[9223372036854775807]") == [2**63 - 1]


def test_documents_are_returned_in_their_order() -> None:
    assert yaml_documents("a\n---\nb\n---\n") == ["a", "b", None]
    assert yaml_documents("") == []


def test_the_two_versions_of_yaml_read_octal_numbers_each_its_own_way() -> None:
    assert yaml_documents("0440", "1.1") == [0o440]
    assert yaml_documents("0440") == [440]


_odd = st.text(st.sampled_from("ab&*!{}[]:,-?|>#'\"%@` \n\t<.019e~=\\\0\ufeff\ud800"), max_size=60)


@pytest.mark.slow
@settings(max_examples=400)
@given(_odd)
def test_any_text_is_parsed_or_refused_by_one_kind_of_error(text: str) -> None:
    for parse in (yaml_documents, toml, json_value):
        try:
            parse(text)
        except ParseError as refused:
            assert str(refused)
