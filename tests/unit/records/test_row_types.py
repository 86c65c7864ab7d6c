# SPDX-License-Identifier: Apache-2.0
"""A dataclass is a Flink row type, and its instances pass for rows. No JVM is started."""

import dataclasses
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time
from typing import Any, Optional

import pytest
from pyflink import java_gateway
from pyflink.common import Row, RowKind

from flinksec_jobs.errors import FlinkSecError, RecordTypeError
from flinksec_jobs.records import field_names, record, row_type


@pytest.fixture(autouse=True)
def no_jvm() -> Iterator[None]:
    before = java_gateway._gateway
    yield
    assert java_gateway._gateway is before


@record
class Place:
    name: str


@record
class Trip:
    id: str
    seats: int
    price: float
    booked: bool
    raw: bytes
    start: Place
    stops: list[str | None]
    tags: dict[str, list[int] | None]
    note: str | None = None
    guide: Optional[str] = None  # noqa: UP045  the older spelling counts too


PLACE = Place("a")
TRIP = Trip("t", 4, 1.5, True, b"r", PLACE, ["b", None], {"x": [1]})


def test_a_record_is_a_frozen_dataclass() -> None:
    assert Place("a") == Place("a")
    assert repr(Place("a")) == "Place(name='a')"
    assert dataclasses.asdict(PLACE) == {"name": "a"}
    with pytest.raises(dataclasses.FrozenInstanceError):
        PLACE.name = "b"  # type: ignore[misc]


def test_each_field_has_a_flink_type_under_its_name() -> None:
    made = row_type(Trip)
    names = made.get_field_names()
    shown = {name: str(kind) for name, kind in zip(names, made.get_field_types(), strict=True)}
    assert shown == {
        "id": "String",
        "seats": "Long",
        "price": "Double",
        "booked": "Boolean",
        "raw": "PrimitiveArrayTypeInfo<Byte>",
        "start": "RowTypeInfo(name: String)",
        "stops": "ObjectArrayTypeInfo<String>",
        "tags": "MapTypeInfo<String, ObjectArrayTypeInfo<Long>>",
        "note": "String",
        "guide": "String",
    }


def test_an_instance_serves_as_the_row_that_pyflink_converts() -> None:
    of_trip: Any = TRIP
    of_place: Any = PLACE
    assert of_trip._values[:4] == ["t", 4, 1.5, True]
    assert len(of_trip._values) == len(of_trip._fields) == 10
    assert of_place._values == ["a"]
    assert of_trip.get_fields_by_names(field_names(Trip)) == of_trip._values
    assert of_trip.get_row_kind() is RowKind.INSERT


def test_an_instance_is_made_from_a_row_and_left_alone_if_it_is_one() -> None:
    of: Any = Place
    assert of.of(Row("b")) == Place("b")
    assert of.of(PLACE) is PLACE


def test_instances_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(TRIP)) == TRIP


def test_a_plain_dataclass_has_a_row_type_too() -> None:
    @dataclass
    class Plain:
        id: int

    assert str(row_type(Plain)) == "RowTypeInfo(id: Long)"


@pytest.mark.parametrize(
    "hint",
    [complex, time, object, tuple[int, int], list, dict[int, str], int | str, set[int], Any],
)
def test_a_type_that_flink_has_no_row_type_for_is_refused_with_the_field_s_name(hint: Any) -> None:
    made = dataclasses.make_dataclass("Odd", [("wrong", hint)])
    with pytest.raises(RecordTypeError, match=r"Odd\.wrong has the type ") as caught:
        row_type(made)
    assert "use str, int, float, bool, bytes, datetime, date" in str(caught.value.hint)


def test_a_wrong_type_deep_inside_is_refused_too() -> None:
    made = dataclasses.make_dataclass("Odd", [("deep", list[dict[str, complex]])])
    with pytest.raises(RecordTypeError, match=r"Odd\.deep has the type <class 'complex'>"):
        row_type(made)


def test_what_is_no_dataclass_is_refused() -> None:
    for wrong in (int, PLACE, "Place"):
        with pytest.raises(RecordTypeError, match="is not a dataclass") as caught:
            field_names(wrong)  # type: ignore[arg-type]
        assert "@record" in str(caught.value.hint)
    with pytest.raises(RecordTypeError, match="Empty has no fields"):
        field_names(dataclasses.make_dataclass("Empty", []))
    assert issubclass(RecordTypeError, FlinkSecError)


def test_a_type_whose_name_cannot_be_found_is_refused_with_what_to_do() -> None:
    made = dataclasses.make_dataclass("Lost", [("field", "Nowhere")])
    with pytest.raises(RecordTypeError, match=r"field of Lost cannot be found: .*Nowhere"):
        row_type(made)
