# SPDX-License-Identifier: Apache-2.0
"""A value in a record is exactly what its field declares: the same, or an error by name."""

import collections
import decimal
import enum
import fractions
import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinksec_jobs.errors import RecordValueError
from flinksec_jobs.records import record


@record
class Text:
    v: str


@record
class Whole:
    v: int


@record
class Real:
    v: float


@record
class Flag:
    v: bool


@record
class Raw:
    v: bytes


@record
class Texts:
    v: list[str]


@record
class Deep:
    v: dict[str, list[float | None] | None] | None


class Size(enum.IntEnum):
    TWO = 2


class Colour(enum.StrEnum):
    RED = "red"


class Mixed(str, enum.Enum):  # noqa: UP042  whose str() is another
    RED = "red"


class Odd(str):
    def __str__(self) -> str:
        return "another"


TAKEN: list[tuple[Any, Any, Any]] = [
    (Text, Colour.RED, "red"),
    (Text, Mixed.RED, "red"),
    (Text, Odd("own"), "own"),
    (Text, np.str_("x"), "x"),
    (Whole, Size.TWO, 2),
    (Whole, np.int64(-5), -5),
    (Whole, np.uint8(5), 5),
    (Whole, 2**63 - 1, 2**63 - 1),
    (Whole, -(2**63), -(2**63)),
    (Real, 3, 3.0),
    (Real, 2**60, 2.0**60),
    (Real, np.float32(0.5), 0.5),
    (Real, np.float64("inf"), math.inf),
    (Real, np.int16(5), 5.0),
    (Real, fractions.Fraction(1, 4), 0.25),
    (Flag, np.bool_(True), True),
    (Raw, bytearray(b"x"), b"x"),
    (Raw, memoryview(b"\0\xff"), b"\0\xff"),
    (Texts, ("a", "b"), ["a", "b"]),
    (Deep, collections.OrderedDict(a=[1, None]), {"a": [1.0, None]}),
    (Deep, collections.defaultdict(list, a=None), {"a": None}),
    (Deep, None, None),
]
REFUSED: list[tuple[Any, Any, str]] = [
    (Text, b"x", "Text.v should be a str but is a bytes"),
    (Text, 5, "Text.v should be a str but is an int"),
    (Text, None, "Text.v is None, which its type does not allow"),
    (Text, "cut \ud83d", "Text.v holds half of a surrogate pair, which is not text"),
    (Text, b"\xff".decode("utf-8", "surrogateescape"), "Text.v holds half of a surrogate pair"),
    (Text, "😀\udc00", "Text.v holds half of a surrogate pair"),
    (Whole, True, "Whole.v should be an int but is a bool"),
    (Whole, 3.0, "Whole.v should be an int but is a float"),
    (Whole, np.float64(3), "Whole.v should be an int but is a float64"),
    (Whole, "3", "Whole.v should be an int but is a str"),
    (Whole, decimal.Decimal(3), "Whole.v should be an int but is a Decimal"),
    (Whole, datetime(2020, 1, 1, tzinfo=UTC), "Whole.v should be an int but is a datetime"),
    (Whole, 2**63, "Whole.v is a whole number outside the 64-bit range"),
    (Whole, -(2**63) - 1, "Whole.v is a whole number outside the 64-bit range"),
    (Whole, np.uint64(2**63), "Whole.v is a whole number outside the 64-bit range"),
    (Real, True, "Real.v should be a float but is a bool"),
    (Real, "1.5", "Real.v should be a float but is a str"),
    (Real, decimal.Decimal("1.5"), "Real.v should be a float but is a Decimal"),
    (Real, 1j, "Real.v should be a float but is a complex"),
    (Real, 2**53 + 1, "Real.v is an int that a float cannot hold exactly"),
    (Real, 10**400, "Real.v is an int that a float cannot hold exactly"),
    (Real, fractions.Fraction(1, 3), "Real.v is a Fraction that a float cannot hold exactly"),
    (Flag, 1, "Flag.v should be a bool but is an int"),
    (Flag, None, "Flag.v is None, which its type does not allow"),
    (Raw, "x", "Raw.v should be bytes but is a str"),
    (Raw, [1], "Raw.v should be bytes but is a list"),
    (Texts, "ab", "Texts.v should be a list but is a str"),
    (Texts, {"a"}, "Texts.v should be a list but is a set"),
    (Texts, (c for c in "ab"), "Texts.v should be a list but is a generator"),
    (Texts, [1], "Texts.v[] should be a str but is an int"),
    (Texts, [None], "Texts.v[] is None, which its type does not allow"),
    (Deep, [("a", None)], "Deep.v should be a dict but is a list"),
    (Deep, {1: None}, "a key of Deep.v should be a str but is an int"),
    (Deep, {"secret": ["x"]}, "Deep.v{}[] should be a float but is a str"),
    (Deep, {"\ud83d": None}, "a key of Deep.v holds half of a surrogate pair"),
]


@pytest.mark.parametrize(("cls", "given_value", "kept"), TAKEN)
def test_what_is_the_same_in_the_declared_type_is_taken(
    cls: Any, given_value: Any, kept: Any
) -> None:
    made = cls(given_value).v
    assert made == kept
    assert type(made) is type(kept)


@pytest.mark.parametrize(("cls", "given_value", "message"), REFUSED)
def test_what_is_not_is_refused_by_the_field_s_name(
    cls: Any, given_value: Any, message: str
) -> None:
    with pytest.raises(RecordValueError) as caught:
        cls(given_value)
    assert caught.value.message.startswith(message)
    assert caught.value.hint
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_not_a_number_stays_so() -> None:
    assert math.isnan(Real(float("nan")).v)
    assert math.isnan(Real(np.float32("nan")).v)  # type: ignore[arg-type]
    assert math.copysign(1, Real(-0.0).v) == -1


@given(st.text(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.binary())
def test_what_has_its_type_already_is_kept_as_it_is(
    text: str, whole: int, real: float, raw: bytes
) -> None:
    assert (Text(text).v, Whole(whole).v, Raw(raw).v) == (text, whole, raw)
    assert str(Real(real).v) == str(real)


def test_a_list_that_is_changed_afterwards_does_not_change_the_record() -> None:
    tags = ["a"]
    made = Texts(tags)
    tags.append(5)  # type: ignore[arg-type]
    assert made.v == ["a"]
