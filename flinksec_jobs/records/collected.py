# SPDX-License-Identifier: Apache-2.0
"""Records in a program's own collection, on their way into the JVM by ``env.from_collection``.

PyFlink pickles them there, and its JVM makes times of whole milliseconds only.
"""

from __future__ import annotations

from typing import Any

from flinksec_jobs.errors import RecordValueError
from flinksec_jobs.records import natural
from flinksec_jobs.records.field_types import FieldType
from flinksec_jobs.records.rows import in_order, named_values

_MICROSECONDS = 1000


def in_the_jvms_terms(field: FieldType, value: Any, where: str) -> Any:
    """Return a natural value as PyFlink's JVM takes it from a collection.

    Raises:
        RecordValueError: a row has other fields, or a time has microseconds.
    """
    if value is None:
        return None
    if field.kind == "row":
        return _row(field, value, where)
    if field.kind == "list" and field.inner is not None:
        return [in_the_jvms_terms(field.inner, each, where) for each in value]
    if field.kind == "dict" and field.inner is not None:
        inner = field.inner
        return {name: in_the_jvms_terms(inner, each, where) for name, each in value.items()}
    if field.kind == "decimal":
        return value
    made = natural.simpler(field, value)
    if field.kind == "datetime" and made % _MICROSECONDS:
        raise RecordValueError(
            f"{where} has microseconds, which from_collection would cut off",
            hint="give it whole milliseconds: value.replace(microsecond=0)",
        )
    return made


def _row(field: FieldType, value: Any, where: str) -> Any:
    names = [name for name, _ in field.fields]
    if isinstance(value, dict):
        named: Any = (list(value), list(value.values()))
    else:
        named = (None, value) if isinstance(value, (tuple, list)) else named_values(value)
    if named is None:
        raise RecordValueError(
            f"{where} got a value that is no record", hint=f"make a {where} of it"
        )
    values = zip(field.fields, in_order(names, named[0], named[1], where), strict=True)
    kind = value.get_row_kind().value if hasattr(value, "get_row_kind") else 0
    parts = [in_the_jvms_terms(inner, each, f"{where}.{name}") for (name, inner), each in values]
    return (kind, *parts)
