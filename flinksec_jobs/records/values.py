# SPDX-License-Identifier: Apache-2.0
"""Fit a value into the type of its field, exactly or not at all.

PyFlink's own converters differ between thread and process mode where a value is of another class
than its type: some drop it, some cut it, some hand on what was there before. What comes from
here is of exactly one class for each kind: ``str``, ``int``, ``float``, ``bool``, ``bytes``,
``datetime`` in UTC, ``date``, ``Decimal``, ``UUID``, the class of an Enum, ``list``, ``dict``,
rows and records.
"""

from __future__ import annotations

import datetime
import math
import numbers
import operator
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from flinksec_jobs.errors import RecordValueError
from flinksec_jobs.records import decimals
from flinksec_jobs.records.field_types import FieldType

Fit = Callable[[Any], Any]
SMALLEST, LARGEST = -(2**63), 2**63 - 1
_EXPECTED = {
    "str": "a str",
    "int": "an int",
    "float": "a float",
    "bool": "a bool",
    "bytes": "bytes",
    "list": "a list",
    "dict": "a dict",
    "datetime": "a datetime",
    "date": "a date",
    "decimal": "a Decimal",
    "uuid": "a UUID",
}


def fitting(field: FieldType, where: str, fit_row: Callable[[FieldType, str], Fit]) -> Fit:
    """Make a function that returns a value as its field has to have it.

    Args:
        field: what the field may hold.
        where: the field's name for messages, ``Flight.tags``.
        fit_row: makes such a function for a nested row.

    Returns:
        A function that returns the value, or an equal one of exactly the right class.

    Raises:
        RecordValueError: out of that function, if there is none.
    """
    fit = _fitting(field, where, fit_row)

    def or_null(value: Any) -> Any:
        if value is not None:
            return fit(value)
        if field.nullable:
            return None
        raise RecordValueError(
            f"{where} is None, which its type does not allow",
            hint="give it a value, or write its type with '| None'",
        )

    return or_null


def _fitting(field: FieldType, where: str, fit_row: Callable[[FieldType, str], Fit]) -> Fit:
    if field.kind == "row":
        return fit_row(field, where)
    if field.inner is not None:
        inner = fitting(field.inner, where + ("[]" if field.kind == "list" else "{}"), fit_row)
        container = _list if field.kind == "list" else _dict
        return lambda value: container(value, where, inner)
    if field.kind == "decimal":
        return decimals.fitting(field.precision, field.scale, where, _wrong_decimal)
    if field.kind == "enum":
        return _enum(field, where)
    scalar = _SCALARS.get(field.kind)
    if scalar is None:
        return lambda value: value
    return lambda value: scalar(value, where)


def _wrong_decimal(value: Any, where: str) -> RecordValueError:
    return wrong(value, "decimal", where)


def _enum(field: FieldType, where: str) -> Fit:
    cls, symbols = field.cls, frozenset(field.symbols)
    if cls is not None:
        expected = article_of(cls.__name__)

        def member(value: Any) -> Any:
            if isinstance(value, cls):
                return value
            raise RecordValueError(
                f"{where} should be {expected} but is {article(value)}",
                hint=f"give a member of {cls.__name__}, such as {cls.__name__}(…)",
            )

        return member
    kind = type(field.symbols[0])

    def one_of(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, kind):
            raise wrong(value, kind.__name__, where)
        if value not in symbols:
            raise RecordValueError(
                f"{where} is none of the values of its Literal",
                hint="give one of them, or add it to the Literal",
            )
        return value if type(value) is kind else kind(value)

    return one_of


def article(value: Any) -> str:
    """Return the class of a value with its article, for a message."""
    if value is None:
        return "None"
    return article_of(type(value).__name__)


def article_of(name: str) -> str:
    """Return the name of a class with its article."""
    spoken = name[:1].lower() in "aeiou" and name != "UUID"
    return f"{'an' if spoken else 'a'} {name}"


def wrong(value: Any, kind: str, where: str) -> RecordValueError:
    """Return the error of a value of another type than the field's."""
    return RecordValueError(
        f"{where} should be {_EXPECTED[kind]} but is {article(value)}",
        hint="convert it where the record is made",
    )


def _list(value: Any, where: str, fit: Fit) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise wrong(value, "list", where)
    return [fit(element) for element in value]


def _dict(value: Any, where: str, fit: Fit) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise wrong(value, "dict", where)
    return {_text(key, f"a key of {where}"): fit(each) for key, each in value.items()}


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise wrong(value, "str", where)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise RecordValueError(
                f"{where} holds half of a surrogate pair, which is not text",
                hint="it comes from cut JSON escapes or errors='surrogateescape': decode with "
                "errors='replace', or keep bytes",
            ) from None  # which would quote the text
    return value if type(value) is str else str.__str__(value)


def _int(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise wrong(value, "int", where)
    made = operator.index(value)
    if not SMALLEST <= made <= LARGEST:
        raise RecordValueError(
            f"{where} is a whole number outside the 64-bit range",
            hint="keep it as text in a str",
        )
    return int(made)


def _float(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise wrong(value, "float", where)
    try:
        made = float(value)
    except OverflowError:
        made = float("inf")
    if made == value or math.isnan(made):
        return made
    raise RecordValueError(
        f"{where} is {article(value)} that a float cannot hold exactly",
        hint="round it with float(…) where the record is made, or keep it as text in a str",
    )


def _bool(value: Any, where: str) -> bool:
    if isinstance(value, bool):
        return value
    if type(value).__module__ == "numpy" and type(value).__name__ in ("bool", "bool_"):
        return bool(value)
    raise wrong(value, "bool", where)


def _bytes(value: Any, where: str) -> bytes:
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise wrong(value, "bytes", where)
    return value if type(value) is bytes else bytes(value)


def _datetime(value: Any, where: str) -> datetime.datetime:
    if not isinstance(value, datetime.datetime):
        raise wrong(value, "datetime", where)
    if value.tzinfo is None or value.utcoffset() is None:
        raise RecordValueError(
            f"{where} is a datetime without a time zone, which is no point in time",
            hint="make it with one, such as datetime.now(UTC), or value.replace(tzinfo=UTC)",
        )
    try:
        utc = value.astimezone(datetime.UTC)
    except OverflowError:
        raise RecordValueError(
            f"{where} is a datetime that in UTC is beyond the years 1 to 9999",
            hint="use None for a time without a bound",
        ) from None
    if type(utc) is datetime.datetime:
        return utc
    return datetime.datetime(*utc.timetuple()[:6], utc.microsecond, datetime.UTC)


def _date(value: Any, where: str) -> datetime.date:
    if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime):
        raise wrong(value, "date", where)
    return value if type(value) is datetime.date else datetime.date(*value.timetuple()[:3])


def _uuid(value: Any, where: str) -> uuid.UUID:
    if not isinstance(value, uuid.UUID):
        raise wrong(value, "uuid", where)
    return value if type(value) is uuid.UUID else uuid.UUID(int=value.int)


_SCALARS: dict[str, Callable[[Any, str], Any]] = {
    "str": _text,
    "int": _int,
    "float": _float,
    "bool": _bool,
    "bytes": _bytes,
    "datetime": _datetime,
    "date": _date,
    "uuid": _uuid,
}
