# SPDX-License-Identifier: Apache-2.0
"""What a record is, as text for the JVM: `org.flinksec.rows.Shape` reads it there."""

from __future__ import annotations

import base64
import datetime
import enum
import json
import math
from collections.abc import Callable, Iterable
from typing import Any

from flinksec_jobs.records import classes, defaults
from flinksec_jobs.records.field_types import Fields, FieldType, fields_of
from flinksec_jobs.records.rows import named_values

_NO_NUMBERS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}  # as Java reads them


def shape_text(cls: type) -> str:
    """Return the shape of a record in JSON.

    A default is written as its kind is: a ``datetime`` in ISO-8601, a ``Decimal`` and a ``UUID``
    as text, ``bytes`` in Base64, a row as an object.

    Raises:
        RecordTypeError: the class is no record, or a default does not fit its field.
    """
    return text_of(cls, fields_of(cls, {}))


def text_of(cls: type, fields: Fields) -> str:
    """Return the shape of a record whose fields are known, see `shape_text`."""
    return json.dumps(_shape(FieldType("row", cls=cls, fields=fields)))


def _shape(field: FieldType) -> dict[str, Any]:
    made: dict[str, Any] = {"kind": field.kind, "nullable": field.nullable}
    if field.cls is not None:
        made["name"] = field.cls.__name__
        made["key"] = classes.key_of(field.cls)
    if field.kind == "row":
        where = field.cls.__name__ if field.cls else "a row"
        made["fields"] = [_field(where, name, inner) for name, inner in field.fields]
    if field.inner is not None:
        made["inner"] = _shape(field.inner)
    if field.symbols:
        made["symbols"] = list(field.symbols)
    if field.precision:
        made |= {"precision": field.precision, "scale": field.scale}
    return made


def _field(where: str, name: str, field: FieldType) -> dict[str, Any]:
    made = {"name": name, "wire": field.alias or name, "shape": _shape(field)}
    if field.default:
        made["default"] = _text(defaults.of_field(f"{where}.{name}", field))
    return made


def _text(value: Any) -> Any:
    """Return a natural value as it stands in JSON."""
    for cls, write in _WRITERS:
        if isinstance(value, cls):
            return write(value)
    if value is None or isinstance(value, (str, int)):
        return value
    named = named_values(value)
    return str(value) if named is None else _named(named[0] or (), named[1])


def _named(names: Iterable[str], values: Iterable[Any]) -> dict[str, Any]:
    return {name: _text(value) for name, value in zip(names, values, strict=True)}


_WRITERS: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (enum.Enum, lambda value: value.value),
    (dict, lambda value: _named(value, value.values())),
    (list, lambda value: [_text(each) for each in value]),
    (bytes, lambda value: base64.b64encode(value).decode()),
    (datetime.date, lambda value: value.isoformat()),  # a datetime is one too
    (float, lambda value: value if math.isfinite(value) else _NO_NUMBERS[str(value)]),
)
