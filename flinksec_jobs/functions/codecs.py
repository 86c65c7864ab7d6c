# SPDX-License-Identifier: Apache-2.0
"""What values are in MessagePack between the JVM and a function, and back.

``org.flinksec.functions.Crossing`` has the other side: rows are arrays by position, times are
microseconds and dates days since 1970, decimals and UUIDs are text.
"""

from __future__ import annotations

import functools
import typing
from collections.abc import Callable, Sequence
from typing import Any

from flinksec_jobs.functions import received_rows
from flinksec_jobs.records import natural
from flinksec_jobs.records.field_types import Fields, FieldType, below
from flinksec_jobs.records.rows import info_of, row_class

Change = Callable[[Any], Any]


def can_cross(field: FieldType) -> bool:
    """Whether values of a type can go in batches."""
    return not any(part.kind == "any" for part in below((("", field),)))


@functools.lru_cache(maxsize=1024)
def arriving(field: FieldType) -> Change | None:
    """Return what makes of a decoded value, which is not None, what a function gets.

    Returns:
        None if that is the decoded value itself.
    """
    if field.kind == "row":
        return _row_arriving(field.fields)
    if field.inner is not None:
        return natural.in_container(field.kind, arriving(field.inner))
    return natural.of_key(field)


def _row_arriving(fields: Fields) -> Change:
    make = received_rows.maker(tuple(name for name, _ in fields))
    change = natural.each_in_place([arriving(field) for _, field in fields])
    if change is None:
        return make

    def arrive(values: list[Any]) -> Any:
        change(values)
        return make(values)

    return arrive


@functools.lru_cache(maxsize=1024)
def leaving(field: FieldType) -> Change | None:
    """Return what makes of a value that fits its type, and is not None, what is encoded.

    That is at the end of the batch, so whatever a function could still change is copied.
    """
    if field.kind == "row":
        return _row_leaving(field)
    if field.inner is not None:
        copy: Change = list if field.kind == "list" else dict
        return natural.in_container(field.kind, leaving(field.inner)) or copy
    return natural.of_scalar(field)


def _row_leaving(field: FieldType) -> Change:
    """Return what makes a list of a row, a record, or the dict that stands for a TypedDict."""
    names = [name for name, _ in field.fields]
    change = natural.each([leaving(inner) for _, inner in field.fields])
    row = row_class()
    is_dict = typing.is_typeddict(field.cls)

    def values_of(value: Any) -> Sequence[Any]:
        info = info_of(type(value))
        if info is not None:
            return info.values(value)
        if isinstance(value, row):
            kind = value._row_kind.value
            values = received_rows.values_of(value, names)
            return [*values, kind] if kind else [*values]
        if is_dict and isinstance(value, dict):
            return [value.get(name) for name in names]
        return tuple(value)

    if change is None:
        return values_of
    return lambda value: change(values_of(value))


def leaving_record(cls: Any, fields: Fields) -> Change:
    """Return what makes a list of an instance of exactly this class of records."""
    info: Any = info_of(cls)
    change = natural.each([leaving(field) for _, field in fields])
    read: Change = info.values
    return read if change is None else lambda value: change(read(value))
