# SPDX-License-Identifier: Apache-2.0
"""Times, dates, Decimals, UUIDs, Enums, Literals and TypedDicts in a record. No JVM."""

import enum
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Literal, NotRequired, TypedDict
from uuid import UUID

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyflink.common import Row

from flinksec_jobs.errors import RecordTypeError, RecordValueError
from flinksec_jobs.records import field, record

ID = UUID("f81d4fae-7dec-11d0-a765-00a0c91e6bf6")


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    SMALL = 1


@record
class Time:
    v: datetime


@record
class Day:
    v: date


@record
class Money:
    v: Annotated[Decimal, field(precision=5, scale=2)]


@record
class Number:
    v: Decimal


@record
class Id:
    v: UUID


@record
class Painted:
    v: Colour


@record
class Sized:
    v: Size | None


@record
class Way:
    v: Literal["up", "down"]


@record
class Steps:
    v: Literal[1, 2] | None


class Note(TypedDict):
    text: str
    at: NotRequired[datetime]


@record
class Noted:
    v: list[Note]


PLUS_5 = timezone(timedelta(hours=5))
NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
TAKEN: list[tuple[Any, Any, Any]] = [
    (Time, NOON, NOON),
    (Time, datetime(2024, 1, 1, 17, tzinfo=PLUS_5), NOON),
    (Time, pd.Timestamp("2024-01-01T12:00:00Z"), NOON),
    (Day, date(2024, 2, 29), date(2024, 2, 29)),
    (Money, Decimal("1.5"), Decimal("1.50")),
    (Money, Decimal("1.500"), Decimal("1.50")),
    (Money, -999, Decimal("-999.00")),
    (Money, Decimal("1E+2"), Decimal("100.00")),
    (Money, Decimal("-0"), Decimal("0.00")),
    (Number, Decimal("1.50"), Decimal("1.50")),
    (Number, Decimal("1E+3"), Decimal("1000")),
    (Number, Decimal("0.5000000000000000000"), Decimal("0.500000000000000000")),
    (Number, 7, Decimal("7")),
    (Id, ID, ID),
    (Painted, Colour.RED, Colour.RED),
    (Sized, Size.SMALL, Size.SMALL),
    (Sized, None, None),
    (Way, "up", "up"),
    (Way, np.str_("up"), "up"),
    (Steps, 2, 2),
    (Steps, None, None),
    (Noted, [{"text": "a"}], [{"text": "a"}]),
    (Noted, [{"text": "a", "at": NOON}], [{"text": "a", "at": NOON}]),
    (Noted, [Row(text="a", at=None)], [{"text": "a", "at": None}]),
]
REFUSED: list[tuple[Any, Any, str]] = [
    (Time, datetime(2024, 1, 1), "Time.v is a datetime without a time zone"),
    (Time, date(2024, 1, 1), "Time.v should be a datetime but is a date"),
    (Time, 5, "Time.v should be a datetime but is an int"),
    (Time, datetime.min.replace(tzinfo=PLUS_5), "Time.v is a datetime that in UTC is beyond"),
    (Day, NOON, "Day.v should be a date but is a datetime"),
    (Money, 1.5, "Money.v should be a Decimal but is a float"),
    (Money, True, "Money.v should be a Decimal but is a bool"),
    (Money, "1.50", "Money.v should be a Decimal but is a str"),
    (Money, Decimal("0.001"), "Money.v has more than 2 digits after the point"),
    (Money, Decimal("0.3") / 7, "Money.v has more than 2 digits after the point"),
    (Money, Decimal(1000), "Money.v has more than 3 digits before the point"),
    (Money, Decimal("NaN"), "Money.v is a Decimal that is no number"),
    (Money, Decimal("-Infinity"), "Money.v is a Decimal that is no number"),
    (Number, 10**20, "Number.v has more than 20 digits before the point"),
    (Number, Decimal("1E+999999"), "Number.v has more than 20 digits before the point"),
    (Number, Decimal("1E-999999"), "Number.v has more than 18 digits after the point"),
    (Id, str(ID), "Id.v should be a UUID but is a str"),
    (Painted, "red", "Painted.v should be a Colour but is a str"),
    (Painted, Size.SMALL, "Painted.v should be a Colour but is a Size"),
    (Way, "Up", "Way.v is none of the values of its Literal"),
    (Way, 1, "Way.v should be a str but is an int"),
    (Steps, True, "Steps.v should be an int but is a bool"),
    (Noted, [{}], "Noted.v[].text is None, which its type does not allow"),
    (Noted, [{"text": "a", "secret": 1}], "Noted.v[] has the fields text, at, and 1 more"),
    (Noted, [{"text": 1}], "Noted.v[].text should be a str but is an int"),
    (Noted, ["a"], "Noted.v[] should be a Note but is a str"),
]


@pytest.mark.parametrize(("cls", "given_value", "kept"), TAKEN)
def test_a_value_is_brought_into_the_one_form_of_its_kind(
    cls: Any, given_value: Any, kept: Any
) -> None:
    made = cls(given_value).v
    assert made == kept
    assert type(made) is type(kept)
    assert str(made) == str(kept)  # digits and time zone, which == passes over


@pytest.mark.parametrize(("cls", "given_value", "message"), REFUSED)
def test_another_value_is_refused_without_showing_it(
    cls: Any, given_value: Any, message: str
) -> None:
    with pytest.raises(RecordValueError) as caught:
        cls(given_value)
    assert caught.value.message.startswith(message)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


@given(st.decimals(allow_nan=False, allow_infinity=False) | st.integers())
def test_a_decimal_is_kept_exactly_or_refused(number: Any) -> None:
    for cls, digits in ((Money, 2), (Number, 18)):
        try:
            made: Any = cls(number)
        except RecordValueError:
            scaled = Decimal(number)
            assert abs(scaled) >= 10**3 or scaled != round(scaled, min(digits, 6))
        else:
            assert made.v == number
            assert -digits <= made.v.as_tuple().exponent <= 0


class Mixed(enum.Enum):
    A = "a"
    B = 1


class Rights(enum.Flag):
    READ = 1


class Nothing(enum.Enum):
    pass


KEYED = TypedDict("KEYED", {"a-b": str})


@pytest.mark.parametrize(
    ("hint", "message"),
    [
        (Mixed, "Odd.v has the type Mixed, which has values that are neither all text"),
        (Rights, "Odd.v has the type Rights, a Flag, whose members can be combined"),
        (Nothing, "Odd.v has the type Nothing, which has no value"),
        (Literal["a", 1], "Odd.v has the type Literal, which has values that are neither"),
        (Literal["\ud83d"], "Odd.v has the type Literal, which has a value with half of a"),
        (Annotated[int, field(scale=2)], "Odd.v has a precision or scale, but is no Decimal"),
        (list[Annotated[str, field(alias="a")]], "Odd.v gives an alias to what a list or dict"),
        (Annotated[int, field(default=3)], "Odd.v has a default within Annotated"),
        (KEYED, "KEYED has a key 'a-b', which is not a name"),
    ],
)
def test_what_cannot_be_is_refused_where_the_class_is_defined(hint: Any, message: str) -> None:
    made = type("Odd", (), {"__annotations__": {"v": hint}})
    with pytest.raises(RecordTypeError) as caught:
        record(made)
    assert caught.value.message.startswith(message)
    assert caught.value.hint
