# SPDX-License-Identifier: Apache-2.0
"""Whole records as JSON objects: keys, values and headers of any bytes, and tombstones.

``flinksec sandbox consume --json`` prints them, and ``produce --whole`` writes them again.
"""

from __future__ import annotations

import binascii
import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from typing import Any

from flinksec_jobs.errors import SandboxError
from flinksec_jobs.sandbox.kafka_broker import Record

_LAST_MILLISECOND = 2**63 - 1
# Where a record was is no part of what it will be.
_PLACE = ("partition", "offset")
_NAMES = ("timestamp", "key", "value", "headers")
_NULL = "-"


def as_object(record: Record) -> dict[str, Any]:
    """Return a record as it is printed; bytes that are not UTF-8 are ``{"base64": "…"}``."""
    return {
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "key": _printed(record.key),
        "value": _printed(record.value),
        "headers": [[name, _printed(content)] for name, content in record.headers],
    }


def whole_lines(lines: Iterable[str]) -> Iterator[str]:
    """Yield for each line what `Kafka.produce` takes of whole records.

    Args:
        lines: JSON objects; blank ones are left out. ``value`` must be there, and is null for a
            tombstone; ``timestamp`` is the present where it is missing, ``key`` none.

    Raises:
        SandboxError: a line is none, or no UTF-8; it is named by its number, and what stands in it
            is not repeated.
    """
    number = 0
    try:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield "\t".join(_parts(_object(line, number), number))
    except UnicodeDecodeError:
        raise _refused(number + 1, "or one soon after it is not UTF-8") from None


def _printed(data: bytes | None) -> str | dict[str, str] | None:
    if data is None:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": b64encode(data).decode("ascii")}


def _object(line: str, number: int) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or "value" not in found:
        raise _refused(number, "is not a JSON object with a value")
    if unknown := sorted(found.keys() - {*_NAMES, *_PLACE}):
        raise _refused(number, f"has {len(unknown)} names that no record has")
    return found


def _parts(found: dict[str, Any], number: int) -> Iterator[str]:
    at = found.get("timestamp")
    if at is not None and (type(at) is not int or not 0 <= at <= _LAST_MILLISECOND):
        raise _refused(number, "has a timestamp that is no whole number of milliseconds")
    yield "" if at is None else str(at)
    yield _coded(found.get("key"), "key", number)
    yield _coded(found["value"], "value", number)
    headers = found.get("headers") or []
    if not isinstance(headers, list):
        raise _refused(number, "has headers that are no list")
    for header in headers:
        match header:
            case [str(name), content]:
                yield _coded(name, "name of a header", number)
                yield _coded(content, "header", number)
            case _:
                raise _refused(number, "has a header that is no pair of a name and a value")


def _coded(given: object, what: str, number: int) -> str:
    if given is None:
        return _NULL
    if isinstance(given, str):
        try:
            return b64encode(given.encode()).decode("ascii")
        except UnicodeEncodeError:
            raise _refused(number, f"has a {what} with half of a surrogate pair") from None
    if isinstance(given, dict) and given.keys() == {"base64"} and isinstance(given["base64"], str):
        try:
            return b64encode(b64decode(given["base64"], validate=True)).decode("ascii")
        except (binascii.Error, ValueError):
            pass
    raise _refused(number, f'has a {what} that is neither text, null nor {{"base64": "…"}}')


def _refused(number: int, why: str) -> SandboxError:
    return SandboxError(
        f"line {number} {why}",
        hint='a whole record is {"key": "k", "value": "v", "headers": [["trace", "t-1"]]}; a value '
        'of null is a tombstone, and bytes are {"base64": "/wA="}',
    )
