# SPDX-License-Identifier: Apache-2.0
"""What a function of a job has declared that it returns, in a form that goes where it runs."""

from __future__ import annotations

import dataclasses
from typing import Any

from flinksec_jobs.records.field_types import Fields, FieldType
from flinksec_jobs.records.flink_types import row_fields

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
    "_batch_func",
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


@dataclasses.dataclass(frozen=True)
class Incoming:
    """What comes to a function from the JVM, as far as it has to be made natural.

    Attributes:
        elements: the type of each of its inputs; None for one that comes as it is.
        key: the type of the key, if it is one that `key_by_field` has taken from a record.
    """

    elements: tuple[FieldType | None, ...] = ()
    key: FieldType | None = None


def declared(output_type: Any) -> Declared | None:
    """Return what a PyFlink ``output_type`` asks of a result; None if it is no row type."""
    from pyflink.common.typeinfo import RowTypeInfo

    if isinstance(output_type, list):
        output_type = RowTypeInfo(output_type)
    if not isinstance(output_type, RowTypeInfo):
        return None
    cls = getattr(output_type, "flinksec_record", None)
    return Declared(row_fields(output_type), bool(output_type._field_names), cls)


def hands_on(function: Any) -> bool:
    """Whether a function only returns what it got."""
    return type(function).__name__ in _HANDS_ON


def name_of(function: Any) -> str:
    """Return the name that a user has given to a function, for messages, and where it stands."""
    for attribute in _USER_FUNCTIONS:
        inner = getattr(function, attribute, None)
        if inner is not None:
            return name_of_callable(inner)
    methods = (getattr(type(function), name, None) for name in _METHODS)
    codes = (getattr(method, "__code__", None) for method in methods)
    return type(function).__name__ + _place(next(filter(None, codes), None))


def name_of_callable(function: Any) -> str:
    """Return the name of a function, or of the class of what can be called, and its place."""
    name = str(getattr(function, "__qualname__", type(function).__name__))
    return name + _place(getattr(function, "__code__", None))


def _place(code: Any) -> str:
    """Return the file and line of code that Python has read from a file."""
    if code is None or code.co_filename.startswith("<"):
        return ""
    return f" ({code.co_filename}:{code.co_firstlineno})"
