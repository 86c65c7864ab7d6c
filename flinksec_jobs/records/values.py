# SPDX-License-Identifier: Apache-2.0
"""Fit a value into the type of its field, exactly or not at all.

PyFlink's own converters differ between thread and process mode where a value is of another class
than its type: some drop it, some cut it, some hand on what was there before. What comes from
here is of exactly the classes that both take: ``str``, ``int``, ``float``, ``bool``, ``bytes``,
``list``, ``dict``, rows and records.
"""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Callable, Mapping
from typing import Any

from flinksec_jobs.errors import RecordValueError
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
    scalar = {"str": _text, "int": _int, "float": _float, "bool": _bool, "bytes": _bytes}.get(
        field.kind
    )
    if scalar is None:
        return lambda value: value
    return lambda value: scalar(value, where)


def article(value: Any) -> str:
    """Return the class of a value with its article, for a message."""
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


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
