# SPDX-License-Identifier: Apache-2.0
"""What is kept in ConfigMaps as JSON, read back: whoever edits one by hand gets an error, no fault.

A field that is not known is an error too: a newer version has written it, and means something.
"""

from __future__ import annotations

import functools
import zlib
from dataclasses import fields
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")
_MOST_BYTES = 64 << 20
_GZIP = 16 + zlib.MAX_WBITS


class KeptError(ValueError):
    """It is not what was written."""


def read_as(kind: type[T], text: str) -> T:
    """Read a dataclass from JSON.

    Raises:
        KeptError: a field is missing, not known or of another type, or it is no JSON.
    """
    values = read_object(text)
    known = {one.name for one in fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(values.keys() - known):
        raise KeptError(f"it has {', '.join(unknown)}, which is not known here")
    return _validated(kind, text)


def read_object(text: str) -> dict[str, Any]:
    """Read a JSON object, whatever is in it."""
    return _validated(dict[str, Any], text)


def read_list(text: str) -> list[dict[str, Any]]:
    """Read a JSON array of objects."""
    return _validated(list[dict[str, Any]], text)


def unpacked(packed: bytes) -> bytes:
    """Return what was compressed by gzip, as long as it is no more than can have been meant."""
    reader = zlib.decompressobj(_GZIP)
    try:
        found = reader.decompress(packed, _MOST_BYTES)
    except zlib.error as error:
        raise KeptError(str(error)) from error
    if not reader.eof:
        raise KeptError("it is cut short, or larger than any version")
    return found


def _validated(kind: type[T], text: str) -> T:
    try:
        found: T = _adapter(kind).validate_json(text, strict=True)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise KeptError(f"{where}: {first['msg']}" if where else first["msg"]) from None
    return found


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
