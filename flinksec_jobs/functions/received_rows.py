# SPDX-License-Identifier: Apache-2.0
"""The rows that functions receive in batches: PyFlink's, of a class that is made for their type.

A row costs making an object and one list that is there anyway; its fields are properties, where
PyFlink looks for each name in a list.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any


@functools.lru_cache(maxsize=1024)
def maker(names: tuple[str, ...]) -> Callable[[list[Any]], Any]:
    """Return what makes a row of the values of these fields, which are in a list of its own.

    One value more than there are fields is the row's kind.
    """
    cls = _row_class(names)
    count = len(names)
    new = cls.__new__

    def make(values: list[Any]) -> Any:
        row = new(cls)
        row.__dict__["_values"] = values
        if len(values) != count:
            _take_kind(row, values)
        return row

    return make


def _take_kind(row: Any, values: list[Any]) -> None:
    from pyflink.common import RowKind

    row.set_row_kind(RowKind(values.pop()))


def _row_class(names: tuple[str, ...]) -> Any:
    """Make a subclass of PyFlink's row; pickled, its rows are PyFlink's."""
    from pyflink.common import Row, RowKind
    from pyflink.common.types import _create_row

    def equal(row: Any, other: Any) -> Any:
        if not isinstance(other, Row):
            return False
        return _plain(row) == _plain(other)

    def _plain(row: Any) -> Any:
        if type(row) is Row:
            return row
        fields = getattr(row, "_fields", None)
        return _create_row(fields, row._values, row._row_kind)

    places = {name: place for place, name in enumerate(names)}

    def item(row: Any, key: Any) -> Any:
        values = row.__dict__["_values"]
        place = places.get(key) if type(key) is str else None
        if place is not None:
            return values[place]
        return Row.__getitem__(row, key)

    def set_field_names(row: Any, given: list[str]) -> None:
        row.__dict__.update(_fields=given, _row_kind=row._row_kind, _from_dict=True)
        object.__setattr__(row, "__class__", Row)  # the properties have the names from before

    def as_dict(row: Any, recursive: bool = False) -> dict[str, Any]:
        if recursive:
            made: dict[str, Any] = Row.as_dict(row, True)
            return made
        return dict(zip(row._fields, row.__dict__["_values"], strict=True))

    members: dict[str, Any] = {
        "as_dict": as_dict,
        "set_field_names": set_field_names,
        "_fields": list(names),
        "_row_kind": RowKind.INSERT,
        "_from_dict": True,
        "__eq__": equal,
        "__hash__": Row.__hash__,
        "__getitem__": item,
        "__module__": Row.__module__,
    }
    members |= {name: property(_reader(place)) for place, name in enumerate(names)}
    return type("Row", (Row,), members)


def _reader(place: int) -> Callable[[Any], Any]:
    scope: dict[str, Any] = {}
    exec(f"def read(row): return row.__dict__['_values'][{place}]", scope)  # noqa: S102  a number
    read: Callable[[Any], Any] = scope["read"]
    return read


def values_of(row: Any, names: Sequence[str]) -> Sequence[Any]:
    """Return the values of a row, in the order of these fields where it has names."""
    fields = getattr(row, "_fields", None)
    values: Sequence[Any] = row.__dict__["_values"]
    if fields is None or fields == names or list(fields) == list(names):
        return values
    by_name = dict(zip(fields, values, strict=True))
    return [by_name[name] for name in names]
