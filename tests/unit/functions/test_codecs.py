# SPDX-License-Identifier: Apache-2.0
"""What functions in batches receive and return is natural, and packs into what it was."""

import copy
import datetime
import enum
import pickle
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyflink.common import Row, RowKind

from flinksec_jobs import record
from flinksec_jobs.functions import codecs, received_rows
from flinksec_jobs.records import worker
from flinksec_jobs.records.field_types import FieldType, fields_of


class Colour(enum.Enum):
    RED = "red"
    GREEN = "grün"


@record
class Leg:
    at: datetime.datetime
    cost: Decimal


@record
class Kept:
    ns: list[int]


@record
class All:
    text: str | None
    number: int
    real: float
    flag: bool
    raw: bytes
    at: datetime.datetime | None
    day: datetime.date
    cost: Decimal
    uuid: UUID
    colour: Colour
    way: Literal[1, 2]
    leg: Leg | None
    legs: list[Leg | None]
    by_name: dict[str, list[Colour]]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
TIME = st.datetimes(timezones=st.just(datetime.UTC))
MONEY = st.decimals(min_value=-(10**9), max_value=10**9, places=2)
LEG = st.builds(Leg, at=TIME, cost=MONEY)
ALL = st.builds(
    All,
    text=st.none() | TEXT,
    number=st.integers(-(2**63), 2**63 - 1),
    real=st.floats(allow_nan=False),
    flag=st.booleans(),
    raw=st.binary(max_size=300),
    at=st.none() | TIME,
    day=st.dates(),
    cost=MONEY,
    uuid=st.uuids(),
    colour=st.sampled_from(Colour),
    way=st.sampled_from([1, 2]),
    leg=st.none() | LEG,
    legs=st.lists(st.none() | LEG, max_size=3),
    by_name=st.dictionaries(TEXT, st.lists(st.sampled_from(Colour), max_size=3), max_size=3),
)
FIELD = FieldType("row", cls=All, fields=fields_of(All, {}))


@given(ALL)
def test_a_record_comes_back_as_a_row_of_equal_values_and_leaves_as_the_same_bytes(
    one: Any,
) -> None:
    leave, arrive = codecs.leaving(FIELD), codecs.arriving(FIELD)
    assert leave is not None
    assert arrive is not None
    packed = msgspec.msgpack.encode(leave(one))
    row = arrive(msgspec.msgpack.decode(packed))
    assert All.of(row) == one  # type: ignore[attr-defined]
    assert type(row.colour) is Colour
    assert row.at is None or row.at.tzinfo is datetime.UTC
    assert msgspec.msgpack.encode(leave(row)) == packed
    assert codecs.leaving_record(All, FIELD.fields)(one) == leave(one)


def test_a_received_row_is_pyflinks_row_in_all_ways() -> None:
    make = received_rows.maker(("a", "_b"))
    row, plain = make([1, "x"]), Row(a=1, _b="x")
    assert isinstance(row, Row)
    assert (row.a, row["_b"], row[0], list(row), len(row)) == (1, "x", 1, [1, "x"], 2)
    assert row == plain
    assert plain == row
    assert row != make([2, "x"])
    assert hash(row) == hash(plain)
    assert row.as_dict() == {"a": 1, "_b": "x"}
    nested = make([plain, "x"])
    assert nested.as_dict() == {"a": plain, "_b": "x"}
    assert (
        nested.as_dict(True)
        == nested.as_dict(recursive=True)
        == {"a": {"a": 1, "_b": "x"}, "_b": "x"}
    )
    nested.set_field_names(["c", "d"])
    assert nested.as_dict() == {"c": plain, "d": "x"}
    assert repr(row) == repr(plain)
    assert type(pickle.loads(pickle.dumps(row))) is Row
    assert copy.deepcopy(row) == plain
    assert "a" in row
    renamed = make([1, "x"])
    renamed.set_field_names(["_b", "a"])
    assert (renamed.a, renamed["a"], renamed["_b"], renamed.a) == ("x", "x", 1, "x")
    assert renamed == Row(_b=1, a="x")
    row["a"] = 5
    assert (row.a, row.get_fields_by_names(["_b", "a"])) == (5, ["x", 5])
    with pytest.raises(AttributeError):
        row.c  # noqa: B018
    with pytest.raises(ValueError, match="c"):
        row["c"]
    assert row.get_row_kind() is RowKind.INSERT
    deleted = make([1, "x", 3])
    assert (deleted.get_row_kind(), list(deleted)) == (RowKind.DELETE, [1, "x"])
    assert deleted != plain
    leave = codecs.leaving(
        FieldType("row", fields=(("a", FieldType("int")), ("_b", FieldType("str"))))
    )
    assert leave is not None
    assert list(leave(deleted)) == [1, "x", 3]


def test_fields_of_a_received_row_are_given_by_names_also_where_functions_run() -> None:
    row = received_rows.maker(("a", "b", "c"))([1, "x", None])
    assert worker._leaving_by_names(row, ["c", "b"]) == [None, "x"]
    assert worker._leaving_by_names(row, ["a", "b", "c"]) == [1, "x", None]
    assert worker._leaving_by_names(Row(1, "x"), ["a", "b"]) == [1, "x"]


INTS = FieldType("list", inner=FieldType("int"))
NAMED = FieldType("dict", inner=INTS)
ROW = FieldType("row", fields=(("n", FieldType("int")), ("ns", INTS)))
FLAT = FieldType("row", fields=(("n", FieldType("int")),))


@pytest.mark.parametrize(
    ("field", "value", "change"),
    [
        (INTS, [1], lambda it: it.append(2)),
        (NAMED, {"a": [1]}, lambda it: it["a"].append(2)),
        (NAMED, {"a": [1]}, lambda it: it.clear()),
        (FLAT, Row(n=1), lambda it: it.__setitem__("n", 2)),
        (FLAT, received_rows.maker(("n",))([1]), lambda it: it.__setitem__("n", 2)),
        (ROW, Row(n=1, ns=[1]), lambda it: it.ns.append(2)),
        (FieldType("list", inner=FLAT), [Row(n=1)], lambda it: it[0].__setitem__("n", 2)),
        (
            FieldType("row", cls=Kept, fields=fields_of(Kept, {})),
            Kept([1]),
            lambda it: it.ns.append(2),
        ),
    ],
)
def test_what_a_function_changes_after_it_has_given_it_has_left_as_it_was(
    field: FieldType, value: Any, change: Callable[[Any], None]
) -> None:
    leave = codecs.leaving(field)
    assert leave is not None
    left = leave(value)
    before = copy.deepcopy(left)
    change(value)
    assert left == before
    if isinstance(value, Kept):
        left = codecs.leaving_record(Kept, field.fields)(value)
        change(value)
        assert list(left) == [[1, 2]]


def test_a_type_that_nobody_knows_does_not_cross() -> None:
    assert codecs.can_cross(FIELD)
    assert not codecs.can_cross(FieldType("list", inner=FieldType("any")))
