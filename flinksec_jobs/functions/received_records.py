# SPDX-License-Identifier: Apache-2.0
"""What a function of whole batches takes, found where it is defined."""

from __future__ import annotations

import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flinksec_jobs.errors import JobError
from flinksec_jobs.functions import record_arrivals
from flinksec_jobs.records.field_types import FieldType, fields_of, is_record_class
from flinksec_jobs.records.rows import fit_row

# Kinds that are the same on their way to Python, where a Flink type says less than a record.
_SAID_LESS = {"uuid": "str", "int32": "int"}
_HOLD_RECORDS = ("list", "Sequence", "Iterable", "Collection")


@dataclass(frozen=True)
class Received:
    """The records of a batch as a function takes them.

    Attributes:
        element: their type, of a class if it is known; None for pickled values.
        checked: whether they are known to fit their class.
        state_class: that of the state that a function gets; None for none.
    """

    element: FieldType | None
    checked: bool
    state_class: type | None = None

    def many(self) -> Callable[[list[Any]], list[Any]]:
        """Return what makes records of the values of a batch, which are decoded, in their list."""
        if self.element is None:
            import pickle

            make: Callable[[Any], Any] | None = pickle.loads
        else:
            make = record_arrivals.making(self.element, checked=self.checked)
        if make is None:
            return lambda values: values
        each = make
        return lambda values: [None if value is None else each(value) for value in values]

    def alone(self, value: Any) -> list[Any]:
        """Return a batch of one record, of what PyFlink gives a function."""
        return [_of_class(self.element, value)]

    def state(self, held: Any) -> Any:
        """Return the state as an instance of its class; None for none."""
        cls = self.state_class
        if held is None or cls is None:
            return held
        return _of_class(FieldType("row", cls=cls, fields=fields_of(cls, {})), held)


def _of_class(field: FieldType | None, value: Any) -> Any:
    if value is None or field is None or field.kind != "row" or field.cls is None:
        return value
    if type(value) is field.cls:
        return value
    return fit_row(field, field.cls.__name__)(value)


def of_function(
    function: Callable[..., Any], name: str, element: FieldType | None, state: type | None
) -> Received:
    """Return what a function takes: of the class that it declares, else of the stream's.

    Args:
        function: the user's.
        name: of it, for messages.
        element: of the stream; None for pickled values.
        state: the class of its state.

    Raises:
        JobError: the function declares a class with other fields than the stream's records have.
    """
    declared = _declared(function)
    if declared is None or element is None or declared is element.cls:
        return Received(element, element is not None and element.cls is not None, state)
    wanted = FieldType("row", nullable=True, cls=declared, fields=fields_of(declared, {}))
    if element.kind != "row" or not _same_on_the_way(wanted, element):
        raise JobError(
            f"{name} takes records of {declared.__name__} ({_fields(wanted)}), but those of its "
            f"stream are {_named(element)}",
            hint="annotate it with the class that the stream has, or convert the stream before it",
        )
    return Received(wanted, checked=False, state_class=state)


def _named(element: FieldType) -> str:
    if element.kind != "row":
        return f"of the type {element.kind}"
    name = element.cls.__name__ if element.cls else "rows"
    return f"{name} ({_fields(element)})"


def _fields(row: FieldType) -> str:
    return ", ".join(f"{name}: {field.kind}" for name, field in row.fields)


def _same_on_the_way(one: FieldType, other: FieldType) -> bool:
    """Whether values of the second type can be read as the first, if they have its values."""
    if _kind(one) != _kind(other):
        return False
    if one.kind == "row":
        names = [[name for name, _ in row.fields] for row in (one, other)]
        return names[0] == names[1] and all(
            _same_on_the_way(mine, theirs)
            for (_, mine), (_, theirs) in zip(one.fields, other.fields, strict=True)
        )
    if one.inner is not None and other.inner is not None:
        return _same_on_the_way(one.inner, other.inner)
    return True


def _kind(field: FieldType) -> str:
    if field.kind == "enum":
        return "str" if isinstance(field.symbols[0], str) else "int"
    return _SAID_LESS.get(field.kind, field.kind)


def _declared(function: Callable[..., Any]) -> type | None:
    """Return the record class that a function's first parameter declares; None if it does not."""
    hint = first_hint(function)
    origin = typing.get_origin(hint)
    arguments = typing.get_args(hint)
    if getattr(origin, "__name__", "") not in _HOLD_RECORDS or len(arguments) != 1:
        return None
    return arguments[0] if is_record_class(arguments[0]) else None


def first_hint(function: Any) -> Any:
    """Return the annotation of a function's first parameter; None if there is none to be read."""
    described = getattr(function, "__func__", function)  # of a method
    if not hasattr(described, "__code__"):
        described = getattr(type(function), "__call__", None)  # noqa: B004
    code = getattr(described, "__code__", None)
    if code is None:
        return None
    names = code.co_varnames[: code.co_argcount]
    if described is not function and names[:1]:
        names = names[1:]  # self
    try:
        hints = typing.get_type_hints(described)
    except Exception:  # a name that is not there at run time
        return None
    return hints.get(names[0]) if names else None
