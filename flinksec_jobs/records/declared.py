# SPDX-License-Identifier: Apache-2.0
"""What a function of a job has declared that it returns, in a form that goes where it runs."""

from __future__ import annotations

import dataclasses
from typing import Any

from flinksec_jobs.records.field_types import Fields, FieldType, fields_of

_ANY = FieldType("any", nullable=True)
# PyFlink's own adapters that hand on what they got: nothing new can come out of them.
_HANDS_ON = (
    "FilterProcessFunctionAdapter",
    "FilterKeyedProcessFunctionAdapter",
    "AddKey",
    "TimestampAssignerProcessFunctionAdapter",
)
_USER_FUNCTIONS = (
    "_map_func",
    "_flat_map_func",
    "_map_func1",
    "_flat_map_func1",
    "_reduce_function",
)
_METHODS = ("process_element", "process_element1", "process_broadcast_element", "process")


@dataclasses.dataclass(frozen=True)
class Declared:
    """Rows of a declared type.

    Attributes:
        fields: their fields; without names in a row type that has none.
        named: whether the fields have names.
        cls: the record class that `row_type` was asked about, if it was.
    """

    fields: Fields
    named: bool
    cls: type | None

    def __str__(self) -> str:
        name = self.cls.__name__ if self.cls else "a row"
        return f"{name}({', '.join(name for name, _ in self.fields)})"


def declared(output_type: Any) -> Declared | None:
    """Return what a PyFlink ``output_type`` asks of a result; None if it is no row type."""
    from pyflink.common.typeinfo import RowTypeInfo

    if isinstance(output_type, list):
        output_type = RowTypeInfo(output_type)
    if not isinstance(output_type, RowTypeInfo):
        return None
    cls = getattr(output_type, "flinksec_record", None)
    fields = fields_of(cls, {}) if cls else _fields_of_row(output_type)
    return Declared(fields, bool(output_type._field_names), cls)


def hands_on(function: Any) -> bool:
    """Whether a function only returns what it got."""
    return type(function).__name__ in _HANDS_ON


def name_of(function: Any) -> str:
    """Return the name that a user has given to a function, for messages, and where it stands."""
    for attribute in _USER_FUNCTIONS:
        inner = getattr(function, attribute, None)
        if inner is not None:
            name = str(getattr(inner, "__qualname__", type(inner).__name__))
            return name + _place(getattr(inner, "__code__", None))
    methods = (getattr(type(function), name, None) for name in _METHODS)
    codes = (getattr(method, "__code__", None) for method in methods)
    return type(function).__name__ + _place(next(filter(None, codes), None))


def _place(code: Any) -> str:
    """Return the file and line of code that Python has read from a file."""
    if code is None or code.co_filename.startswith("<"):
        return ""
    return f" ({code.co_filename}:{code.co_firstlineno})"


def _fields_of_row(row: Any) -> Fields:
    names = row._field_names or [f"f{place}" for place in range(len(row._field_types))]
    return tuple(
        (name, _field_type(kind)) for name, kind in zip(names, row._field_types, strict=True)
    )


def _field_type(flink: Any) -> FieldType:
    """Read a Flink type back, as far as it is one that a record can have."""
    from pyflink.common import Types, typeinfo

    for kind, made in {
        "str": Types.STRING(),
        "int": Types.LONG(),
        "float": Types.DOUBLE(),
        "bool": Types.BOOLEAN(),
        "bytes": Types.PRIMITIVE_ARRAY(Types.BYTE()),
    }.items():
        if flink == made:
            return FieldType(kind, nullable=True)
    if isinstance(flink, typeinfo.RowTypeInfo):
        return FieldType("row", nullable=True, fields=_fields_of_row(flink))
    if isinstance(flink, (typeinfo.ObjectArrayTypeInfo, typeinfo.BasicArrayTypeInfo)):
        return FieldType("list", nullable=True, inner=_field_type(flink._element_type))
    if isinstance(flink, typeinfo.MapTypeInfo) and flink._key_type_info == Types.STRING():
        return FieldType("dict", nullable=True, inner=_field_type(flink._value_type_info))
    return _ANY
