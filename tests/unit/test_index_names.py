# SPDX-License-Identifier: Apache-2.0
"""Names that no index can have are refused when the sink is made. Elasticsearch's own verdict on
the same names is asked for in tests/servers."""

from typing import Any

import pytest

from flinksec_jobs import index_names
from flinksec_jobs.errors import SettingsError

LEGAL = (
    "flights",
    "late-flights",
    ".hidden",
    "ünï",
    "日本",
    "a+b",
    "a_b",
    "1",
    "a" * 255,
    "é" * 127,
)
ILLEGAL = (
    "Upper",
    "a b",
    "a,b",
    "a*",
    "a?b",
    'a"b',
    "a<b",
    "a>b",
    "a|b",
    "a\\b",
    "a/b",
    "a#b",
    "a:b",
    ".",
    "..",
    "_under",
    "-minus",
    "+plus",
    "x" * 256,
    "é" * 128,
)


@pytest.mark.parametrize("name", [*LEGAL, "<logs-{now/d}>"])
def test_a_name_that_an_index_can_have_passes(name: str) -> None:
    index_names.check(name)


@pytest.mark.parametrize("name", [*ILLEGAL, "", "a\tb", "a\x1bb", None, 5])
def test_any_other_is_refused_with_the_rule(name: Any) -> None:
    with pytest.raises(SettingsError, match="the name of an index") as caught:
        index_names.check(name)
    assert caught.value.hint
    assert "\x1b" not in caught.value.message


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("Upper", "must be lowercase"),
        ("_under", "must not start with _"),
        ("a b", "must not contain ' '"),
        ("x" * 256, "must have at most 255 bytes, and this has 256"),
        ("payments-{paid_at|yyyy-MM-dd}", "must be lowercase"),
        ("payments-{paid_at|yyyy}", "must not contain '|'"),
    ],
)
def test_the_rule_is_told(name: str, rule: str) -> None:
    with pytest.raises(SettingsError) as caught:
        index_names.check(name)
    assert caught.value.message.endswith(f"the name of an index {rule}")
