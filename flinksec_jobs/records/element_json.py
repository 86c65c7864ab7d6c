# SPDX-License-Identifier: Apache-2.0
"""Any element of a stream as one JSON object in ASCII, for a dead letter: it cannot fail.

``org.flinksec.badrecords.ElementJson`` does the same for rows in the JVM.
"""

from __future__ import annotations

import base64
import dataclasses
import enum
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

_DEEPEST = 200


def of(element: Any) -> str:
    """Return an element as JSON; what is no row or record is the field ``value`` of an object.

    Bytes are base64, and what JSON has no form for is text: an infinite float, a time (ISO 8601),
    a decimal number, the ``repr`` of an object of a class of the user's own.
    """
    plain = _plain(element, 0)
    return json.dumps(plain if isinstance(plain, dict) else {"value": plain}, allow_nan=False)


def _plain(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, enum.Enum):
        return _plain(value.value, depth + 1)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    fields = _fields(value)
    if fields is not None:
        return {name: _plain(inner, depth + 1) for name, inner in fields}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(inner, depth + 1) for inner in value]
    return _scalar(value)


def _fields(value: Any) -> Iterable[tuple[str, Any]] | None:
    """Return the fields of a row, a record or a dict; None of anything else."""
    if hasattr(value, "_values") and hasattr(value, "set_row_kind"):  # PyFlink's Row
        values = value._values
        names = getattr(value, "_fields", None) or [f"f{place}" for place in range(len(values))]
        return zip(names, values, strict=False)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return ((name, getattr(value, name, None)) for name in names)
    if isinstance(value, Mapping):
        return ((str(key), inner) for key, inner in value.items())
    return None


def _scalar(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    try:
        return str(value)
    except Exception:
        return object.__repr__(value)
