# SPDX-License-Identifier: Apache-2.0
"""Tests that a value needs no second look, as text for functions that are written for a class.

Most values pass them without a call for each; what does not goes to `flinksec_jobs.records.values`,
which looks at every value there is in a list, a key or a field.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection
from typing import Any

from flinksec_jobs.records.field_types import Fields, FieldType
from flinksec_jobs.records.values import LARGEST, SMALLEST

_NEVER = "False"
_SCALARS = {
    "str": "type_of({v}) is str and {v}.isascii()",
    "int": f"type_of({{v}}) is int and {SMALLEST} <= {{v}} <= {LARGEST}",
    "float": "type_of({v}) is float",
    "bool": "{v} is True or {v} is False",
    "bytes": "type_of({v}) is bytes",
    "datetime": "type_of({v}) is datetime and {v}.tzinfo is UTC",
    "date": "type_of({v}) is date",
    "uuid": "type_of({v}) is UUID",
}
# Of the values of a list or dict: their class alone, or what is true besides.
_CLASSES: dict[str, type] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "bytes": bytes,
    "date": datetime.date,
    "uuid": uuid.UUID,
}
_BESIDES = {"str": " and is_text({v})", "int": " and are_64_bits({v})"}


def is_text(values: Collection[str]) -> bool:
    """Tell whether strings can be written in UTF-8."""
    joined = "".join(values)
    if joined.isascii():
        return True
    try:
        joined.encode()
    except UnicodeEncodeError:
        return False
    return True


def are_64_bits(values: Collection[int]) -> bool:
    """Tell whether whole numbers are within 64 bits."""
    return not values or (min(values) >= SMALLEST and max(values) <= LARGEST)


NAMES_IN_QUICK = {
    # Fields are parameters of a constructor, and may well be called type or map.
    "type_of": type,
    "each_of": map,
    "datetime": datetime.datetime,
    "UTC": datetime.UTC,
    "date": datetime.date,
    "UUID": uuid.UUID,
    "is_text": is_text,
    "are_64_bits": are_64_bits,
    "only_str": frozenset({str}),
}
"""What the tests need in their scope."""


def quick(field: FieldType, variable: str, place: int, scope: dict[str, Any]) -> str:
    """Return the test of a variable's value, in terms of a scope."""
    if field.inner is not None:
        test = _of_container(field, field.inner, variable, place, scope)
    elif (field.kind == "row" and is_checked(field.cls)) or (field.kind == "enum" and field.cls):
        scope[f"cls{place}"] = field.cls
        test = f"type_of({variable}) is cls{place}"
    elif field.kind == "enum":
        scope[f"symbols{place}"] = frozenset(field.symbols)
        kind = type(field.symbols[0]).__name__
        test = f"type_of({variable}) is {kind} and {variable} in symbols{place}"
    else:
        test = _SCALARS.get(field.kind, _NEVER).format(v=variable)
    return f"{variable} is None or {test}" if field.nullable else test


def _of_container(
    field: FieldType, inner: FieldType, variable: str, place: int, scope: dict[str, Any]
) -> str:
    cls = _CLASSES.get(inner.kind)
    if inner.kind == "row" and is_checked(inner.cls):
        cls = inner.cls
    if cls is None:
        return _NEVER
    scope[f"only{place}"] = frozenset({cls})
    besides = _BESIDES.get(inner.kind, "")
    if field.kind == "list":
        only = f"only{place}.issuperset(each_of(type_of, {variable}))"
        return f"type_of({variable}) is list and {only}" + besides.format(v=variable)
    values = f"{variable}.values()"
    return (
        f"type_of({variable}) is dict and only_str.issuperset(each_of(type_of, {variable}))"
        f" and is_text({variable}) and only{place}.issuperset(each_of(type_of, {values}))"
        + besides.format(v=values)
    )


def own(field: FieldType, variable: str) -> str:
    """Return what is kept of a variable's value that has passed: of a list or dict, a copy."""
    if field.inner is None:
        return variable
    copy = f"[*{variable}]" if field.kind == "list" else f"{{**{variable}}}"
    return f"None if {variable} is None else {copy}" if field.nullable else copy


def is_checked(cls: type | None) -> bool:
    """Whether an instance of exactly this class needs no look but that where it was made.

    A list, a dict or a dataclass that is not frozen can be changed in it afterwards.
    """
    info = cls.__dict__.get("__record__") if cls else None
    return info is not None and bool(info.checked) and not _holds_containers(info.fields)


def _holds_containers(fields: Fields) -> bool:
    return any(
        field.kind in ("list", "dict") or (field.kind == "row" and not is_checked(field.cls))
        for _, field in fields
    )
