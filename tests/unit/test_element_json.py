# SPDX-License-Identifier: Apache-2.0
"""Whatever an element is, it is one JSON object in ASCII."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyflink.common import Row

from flinksec_jobs.records import element_json


class Colour(Enum):
    RED = "r"


@dataclass
class Place:
    name: str
    at: datetime


class Unspeakable:
    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("element", "json_"),
    [
        (Row(a=1, b=Row(2, None)), {"a": 1, "b": {"f0": 2, "f1": None}}),
        (Place("x", datetime(2024, 5, 1, tzinfo=UTC)),
         {"name": "x", "at": "2024-05-01T00:00:00+00:00"}),
        ({1: b"\x00", "d": date(2024, 5, 1)}, {"1": "AA==", "d": "2024-05-01"}),
        ([Decimal("1.10"), UUID(int=0), Colour.RED, float("inf")],
         {"value": ["1.10", str(UUID(int=0)), "r", "inf"]}),
        ("cut \ud83d", {"value": "cut \ud83d"}),
        (None, {"value": None}),
    ],
)  # fmt: skip
def test_an_element_of_any_type_keeps_its_values(element: Any, json_: dict[str, Any]) -> None:
    text = element_json.of(element)
    assert text.isascii()
    assert json.loads(text) == json_


def test_what_has_no_text_and_what_has_no_end_do_no_harm() -> None:
    assert "Unspeakable" in json.loads(element_json.of(Unspeakable()))["value"]
    endless: list[Any] = []
    endless.append(endless)
    assert element_json.of(endless)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), PLAIN, max_size=4))
def test_what_json_can_express_comes_back_as_it_was(element: dict[str, Any]) -> None:
    def finite(value: Any) -> Any:
        if isinstance(value, float) and value in {float("inf"), float("-inf")}:
            return str(value)
        if isinstance(value, dict):
            return {key: finite(inner) for key, inner in value.items()}
        return [finite(inner) for inner in value] if isinstance(value, list) else value

    assert json.loads(element_json.of(element)) == finite(element)
