# SPDX-License-Identifier: Apache-2.0
"""Lines of a file as records for the sandbox's Kafka."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from flinksec_jobs.errors import SandboxError

_LAST_MILLISECOND = 2**63 - 1


def record_lines(
    lines: Iterable[str], key_field: str | None = None, timestamp_field: str | None = None
) -> Iterator[str]:
    """Yield for each line what `Contents.produce` takes: timestamp, key and value between tabs.

    Args:
        lines: the values; blank ones are left out.
        key_field: the field of the value, a JSON object, whose text becomes the key.
        timestamp_field: the field with epoch milliseconds.

    Raises:
        SandboxError: a line is no UTF-8, or lacks a field; it is named by its number, and what
            stands in it is not repeated.
    """
    number = 0
    try:
        for line in lines:
            number += 1
            value = line.rstrip("\r\n")
            if not value.strip():
                continue
            key = timestamp = ""
            if key_field is not None or timestamp_field is not None:
                fields = _object(value, number)
                if key_field is not None:
                    key = _key(fields, key_field, number)
                if timestamp_field is not None:
                    timestamp = _timestamp(fields, timestamp_field, number)
            yield f"{timestamp}\t{key}\t{value}"
    except UnicodeDecodeError:
        raise SandboxError(
            f"line {number + 1} or one soon after it is not UTF-8",
            hint="the lines of a file for Kafka are text; save it as UTF-8",
        ) from None


def _object(value: str, number: int) -> dict[str, Any]:
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise SandboxError(
            f"line {number} is not a JSON object",
            hint="--key and --timestamp look into each line: leave them out for other texts",
        )
    return found


def _key(fields: dict[str, Any], name: str, number: int) -> str:
    found = fields.get(name)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    if not isinstance(found, str) or not found or any(c in found for c in "\t\r\n"):
        raise SandboxError(
            f"line {number} has no key in the field {name}",
            hint="--key names a field that is a text without tabs, not empty, or a whole number",
        )
    return found


def _timestamp(fields: dict[str, Any], name: str, number: int) -> str:
    found = fields.get(name)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found <= _LAST_MILLISECOND:
        raise SandboxError(
            f"line {number} has no timestamp in the field {name}",
            hint="--timestamp names a field with epoch milliseconds, a whole number",
        )
    return str(found)
