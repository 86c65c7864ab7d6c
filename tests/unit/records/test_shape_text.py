# SPDX-License-Identifier: Apache-2.0
"""What the JVM is told of a record: names outside, defaults, symbols, digits. No JVM."""

import dataclasses
import enum
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, NotRequired, TypedDict
from uuid import UUID, uuid4

import pytest

from flinksec_jobs.errors import RecordTypeError
from flinksec_jobs.records import field, field_names, record, row_type, shape_text


class Colour(enum.Enum):
    RED = "red"


class Size(enum.IntEnum):
    SMALL = 1


@record
class Part:
    at: datetime
    tail: str = field(alias="tail-number")


@record
class Whole:
    id: Annotated[str, field(alias="order id")]
    price: Annotated[Decimal, field(precision=12, scale=2)] | None
    cents: Decimal = field(scale=2, default=Decimal(5))
    colour: Colour = Colour.RED
    size: Size | None = None
    day: date = date(2024, 1, 1)
    at: datetime = datetime(2024, 1, 1, tzinfo=UTC)
    raw: bytes = b"\xff"
    uid: UUID = UUID(int=1)
    real: float = float("inf")
    tags: list[str] = dataclasses.field(default_factory=lambda: ["t"])
    part: Part = Part(datetime(2024, 1, 1, tzinfo=UTC), "N1")
    fresh: UUID = field(default_factory=uuid4)
    parts: dict[str, list[Part]] = field(default_factory=dict)


class Note(TypedDict):
    text: Annotated[str, field(alias="the-text")]
    at: NotRequired[datetime]


def fields(cls: Any) -> dict[str, Any]:
    """The fields of a shape by their names in Python."""
    return {one["name"]: one for one in json.loads(shape_text(cls))["fields"]}


def test_a_field_has_the_name_outside_that_it_is_given() -> None:
    told = fields(Whole)
    assert [told["id"]["wire"], told["price"]["wire"]] == ["order id", "price"]
    inside = {one["name"]: one for one in told["part"]["shape"]["fields"]}
    assert inside["tail"]["wire"] == "tail-number"
    assert fields(Note)["text"]["wire"] == "the-text"
    assert field_names(Whole)[0] == "id"


def test_a_default_is_told_unless_it_is_made_anew_for_each_record() -> None:
    told = {name: one["default"] for name, one in fields(Whole).items() if "default" in one}
    assert told == {
        "cents": "5.00",
        "colour": "red",
        "size": None,
        "day": "2024-01-01",
        "at": "2024-01-01T00:00:00+00:00",
        "raw": "/w==",
        "uid": "00000000-0000-0000-0000-000000000001",
        "real": "Infinity",
        "tags": ["t"],
        "part": {"at": "2024-01-01T00:00:00+00:00", "tail": "N1"},
        "parts": {},
    }


def test_digits_symbols_and_what_may_be_null_are_told() -> None:
    told = fields(Whole)
    assert told["price"]["shape"] == json.loads(
        '{"kind": "decimal", "nullable": true, "precision": 12, "scale": 2}'
    )
    assert told["cents"]["shape"]["precision"] == 38
    assert told["colour"]["shape"]["symbols"] == ["red"]
    assert told["size"]["shape"]["symbols"] == [1]
    assert told["parts"]["shape"]["inner"]["inner"]["name"] == "Part"
    assert fields(Note)["at"]["shape"]["nullable"] is True
    assert fields(Note)["text"]["shape"]["nullable"] is False


def test_classes_of_one_name_have_keys_of_their_own() -> None:
    def made() -> Any:
        @record
        class Again:
            id: str

        return Again

    one, other = made(), made()
    keys = {json.loads(shape_text(cls))["key"] for cls in (one, other, one)}
    assert len(keys) == 2


def test_the_row_type_has_flinks_type_of_each_kind() -> None:
    shown = str(row_type(Whole))
    for part in (
        *("id: String", "price: BigDecimal", "colour: String", "size: Long"),
        *("day: LocalTimeTypeInfo<LOCAL_DATE>", "at: Instant", "uid: String"),
        "parts: MapTypeInfo<String, ObjectArrayTypeInfo<RowTypeInfo(at: Instant, tail: String)>>",
    ):
        assert part in shown


@pytest.mark.parametrize(
    ("hint", "default", "message"),
    [
        (int, "a", "the default of Odd.v does not fit: Odd.v should be an int but is a str"),
        (int, None, "the default of Odd.v does not fit: Odd.v is None"),
        (datetime, datetime(2024, 1, 1), "the default of Odd.v does not fit: Odd.v is a datetime"),
        (Colour, "red", "the default of Odd.v does not fit: Odd.v should be a Colour"),
    ],
)
def test_a_default_that_does_not_fit_is_refused(hint: Any, default: Any, message: str) -> None:
    made = type("Odd", (), {"__annotations__": {"v": hint}, "v": default})
    with pytest.raises(RecordTypeError) as caught:
        record(made)
    assert caught.value.message.startswith(message)


def test_two_fields_of_one_name_outside_are_refused() -> None:
    with pytest.raises(RecordTypeError, match=r"Two\.b and Two\.a are both called 'a' outside"):

        @record
        class Two:
            a: str
            b: str = field(alias="a")


@pytest.mark.parametrize(
    "options",
    [
        {"alias": ""},
        {"alias": "\ud800"},
        {"precision": 0},
        {"precision": 39},
        {"precision": 2, "scale": 3},
        {"precision": "9"},
        {"precision": True},
    ],
)
def test_what_field_cannot_take_is_refused_at_once(options: Any) -> None:
    with pytest.raises(RecordTypeError, match=r"^field\("):
        field(**options)
