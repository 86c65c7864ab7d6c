# SPDX-License-Identifier: Apache-2.0
"""What crosses into Python is natural there, once, and leaves as it came. No JVM.

PyFlink's own converters stand for the crossing in both modes.
"""

import enum
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypedDict
from uuid import UUID

import pytest
from pyflink.common import Row
from pyflink.common.time import Instant

from flinksec_jobs.errors import RecordValueError
from flinksec_jobs.records import natural, record, row_type, worker
from flinksec_jobs.records.declared import Incoming, declared
from flinksec_jobs.records.field_types import FieldType, fields_of


class Colour(enum.StrEnum):
    RED = "red"


class Note(TypedDict):
    at: datetime


@record
class Leg:
    at: datetime
    colour: Colour


@record
class Trip:
    at: datetime
    day: date
    cost: Decimal
    uid: UUID | None
    legs: list[Leg]
    by_name: dict[str, Leg | None]
    times: list[datetime | None]
    note: Note


@record
class Plain:
    id: str
    tags: list[str]


AT = datetime(1969, 12, 31, 23, 59, 59, 999999, UTC)
UID = UUID(int=7)
TRIP = Trip(
    at=AT,
    day=date(1969, 12, 31),
    cost=Decimal("1.50"),
    uid=UID,
    legs=[Leg(AT, Colour.RED)],
    by_name={"a": Leg(AT, Colour.RED), "b": None},
    times=[AT, None],
    note={"at": AT},
)


@pytest.fixture(params=[False, True])
def inside(request: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[bool]:
    monkeypatch.setattr(natural.Mode, "inside_the_jvm", request.param)
    worker.prepare()
    forget_ways()
    yield request.param
    forget_ways()


def forget_ways() -> None:
    """Let records ask again in which mode they are."""
    taught: list[Any] = [Trip, Leg]
    for cls in taught:
        cls.__record__.__dict__.pop("leaving_values", None)


def named(names: list[str], *values: Any) -> Any:
    row = Row(*values)
    row.set_field_names(names)
    return row


def come_in(inside: bool) -> Any:
    """The trip as PyFlink's converters give it to Python."""
    at: Any = -1 if inside else Instant(-1, 999_999_000)
    day: Any = -1 if inside else date(1969, 12, 31)
    cost: Any = "1.50" if inside else Decimal("1.50")
    leg = ["at", "colour"]
    return named(
        [name for name, _ in fields_of(Trip, {})],
        *(at, day, cost, str(UID), [named(leg, at, "red")]),
        *({"a": named(leg, at, "red"), "b": None}, [at, None], named(["at"], at)),
    )


def trip_type() -> FieldType:
    return FieldType("row", cls=Trip, fields=fields_of(Trip, {}))


def test_a_row_that_comes_in_is_made_natural_once(inside: bool) -> None:
    change = natural.arriving(trip_type())
    assert change is not None
    row = change(come_in(inside))
    assert type(row) is Row
    assert (row.at, row.day, row.cost, row.uid) == (TRIP.at, TRIP.day, TRIP.cost, TRIP.uid)
    assert row.legs[0].colour is Colour.RED
    assert (row.by_name["a"].at, row.by_name["b"], row.times) == (AT, None, [AT, None])
    assert change(row) is row
    assert Trip.of(row) == TRIP  # type: ignore[attr-defined]
    assert change(TRIP) is TRIP


def test_a_record_and_a_natural_row_leave_alike(inside: bool) -> None:
    change = natural.arriving(trip_type())
    assert change is not None
    names = [name for name, _ in fields_of(Trip, {})]
    row: Any = change(come_in(inside))
    trip: Any = TRIP
    came = come_in(inside)
    for one in (row, trip):
        left = one.get_fields_by_names(names)
        assert left[:4] == came._values[:4]
        assert left[6] == came._values[6]
        assert left[4][0].get_fields_by_names(["at", "colour"]) == came.legs[0]._values
        assert left[7].get_fields_by_names(["at"]) == came.note._values
        assert type(left[4][0].get_fields_by_names(["at", "colour"])[1]) is str
        assert isinstance(left[4], natural.SignedRows) is inside
    if inside:
        assert trip._values[4].signature == "(ts)"
        assert trip._values[5].signature == "(ts)"
        assert natural.signature(fields_of(Trip, {})) == "(tdns*#[t(t))"


def test_a_record_of_plain_kinds_is_not_touched(inside: bool) -> None:
    assert inside in (True, False)
    assert natural.arriving(FieldType("row", fields=fields_of(Plain, {}))) is None
    assert natural.ways(fields_of(Plain, {})) == natural.Ways(None, None)


class Function:
    def __init__(self, results: Any) -> None:
        self._results = results

    def process_element(self, value: Any, ctx: Any) -> Any:
        yield self._results(value)


def test_a_function_gets_natural_values_and_may_return_its_row(inside: bool) -> None:
    seen = []

    def keep(row: Any) -> Any:
        seen.append(row.uid)
        return row

    comes = Incoming((trip_type(),))
    function = worker.load(Function(keep), declared(row_type(Trip)), "keep", comes)
    (row,) = function.process_element(come_in(inside), None)
    assert seen == [UID]
    assert row.get_fields_by_names(row._fields)[3] == str(UID)
    assert row.uid == UID


def test_a_function_may_return_a_typed_dict_as_a_dict(inside: bool) -> None:
    function = worker.load(
        Function(lambda _: {"at": AT}), declared(row_type(Note)), "f", Incoming()
    )
    (row,) = function.process_element(None, None)
    assert row.get_fields_by_names(["at"]) == [-1 if inside else Instant(-1, 999_999_000)]


def test_a_key_of_a_field_is_natural_too() -> None:
    for kind, told, key in (
        ("datetime", -1, AT),
        ("date", -1, date(1969, 12, 31)),
        ("decimal", "1.5", Decimal("1.5")),
        ("uuid", str(UID), UID),
    ):
        change = natural.of_key(FieldType(kind))
        assert change is not None
        assert change(told) == key
    red = natural.of_key(FieldType("enum", cls=Colour, symbols=("red",)))
    assert red is not None
    assert red("red") is Colour.RED
    assert natural.of_key(FieldType("str")) is None


def test_records_of_a_collection_are_told_in_the_jvm_s_terms_or_refused() -> None:
    whole = datetime(2024, 1, 1, tzinfo=UTC)
    leg = row_type(Leg)
    assert leg.to_internal_type(Leg(whole, Colour.RED)) == (0, 1_704_067_200_000_000, "red")
    assert leg.to_internal_type(named(["colour", "at"], Colour.RED, whole))[2] == "red"
    assert row_type(Plain).to_internal_type(Plain("a", ["b"])) == (0, "a", ["b"])
    with pytest.raises(RecordValueError, match=r"^Leg\.at has microseconds, which from_collection"):
        leg.to_internal_type(Leg(AT, Colour.RED))
    with pytest.raises(RecordValueError, match="Leg got a value that is no record"):
        leg.to_internal_type(5)
