# SPDX-License-Identifier: Apache-2.0
"""Dataclasses as Flink rows: one class describes a record in Python, in the JVM and in JSON.

Flink carries a record as a typed ``Row``, so that sinks, watermarks and keyed state on the JVM
side can read it without Python. A function of a job therefore *receives* rows, whose fields are
read by name (``flight.dep_delay``), and *returns* instances of a class made with `record`.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

from flinksec_jobs.errors import FlinkSecError

if TYPE_CHECKING:
    from pyflink.common.typeinfo import RowTypeInfo, TypeInformation

T = TypeVar("T")


class RecordTypeError(FlinkSecError):
    """A class cannot be a record: it is no dataclass, or a field's type has no Flink type."""


@dataclass_transform(frozen_default=True)
def record(cls: type[T]) -> type[T]:
    """Make a class a frozen dataclass whose instances a PyFlink function may return.

    Its fields are ``str``, ``int``, ``float``, ``bool``, ``bytes``, another dataclass, or a
    ``list`` or a ``dict`` from ``str`` of anything but dataclasses; ``T | None`` marks a field
    that may be null. A time is an ``int``, epoch milliseconds. ``cls.of(row)`` makes an instance
    from a received row.

    Raises:
        RecordTypeError: a field's type has no Flink type.
    """
    made = dataclasses.dataclass(frozen=True)(cls)
    return _teach_row_protocol(made)


def _teach_row_protocol(cls: type[T]) -> type[T]:
    """Give a class what PyFlink's row converters ask of a value: its values and its row kind.

    PyFlink hands an object on unchanged to the next function of a chain and converts it only
    where it leaves Python, so an instance has to serve as both record and row.
    """
    names = field_names(cls)
    if len(names) == 1:
        values: Callable[[Any], list[Any]] = lambda self: [getattr(self, names[0])]  # noqa: E731
    else:
        getter = attrgetter(*names)
        values = lambda self: list(getter(self))  # noqa: E731
    members: dict[str, Any] = {
        "_values": property(values),
        "_fields": names,
        "get_row_kind": _insert,
        "get_fields_by_names": lambda self, wanted: [getattr(self, name) for name in wanted],
        "of": classmethod(_of),
    }
    for name, member in members.items():
        setattr(cls, name, member)
    return cls


def _of(cls: Any, row: Any) -> Any:
    return row if isinstance(row, cls) else cls(*row)


def _insert(_self: Any) -> Any:
    from pyflink.common import RowKind

    return RowKind.INSERT


def field_names(cls: type) -> list[str]:
    """The names of a record's fields, in order.

    Raises:
        RecordTypeError: the class is no dataclass, or has no field.
    """
    if not dataclasses.is_dataclass(cls) or not isinstance(cls, type):
        raise RecordTypeError(
            f"{getattr(cls, '__name__', cls)!r} is not a dataclass",
            hint="Decorate it with @record (flinksec_jobs) or @dataclass.",
        )
    names = [field.name for field in dataclasses.fields(cls)]
    if not names:
        raise RecordTypeError(f"{cls.__name__} has no fields", hint="A record needs at least one.")
    return names


def required_fields(cls: type) -> list[str]:
    """The names of the fields that may not be null: those not written ``T | None``."""
    hints = _hints(cls)
    return [name for name in field_names(cls) if not _is_optional(hints[name])]


def row_type(cls: type) -> RowTypeInfo:
    """The Flink row type of a dataclass, for ``output_type=`` of a PyFlink operation.

    Raises:
        RecordTypeError: the class is no dataclass, or a field's type has no Flink type.
    """
    from pyflink.common import Types

    hints = _hints(cls)
    names = field_names(cls)
    types_ = [_flink_type(hints[name], f"{cls.__name__}.{name}") for name in names]
    return Types.ROW_NAMED(names, types_)


def _hints(cls: type) -> dict[str, Any]:
    try:
        return typing.get_type_hints(cls)
    except NameError as error:
        raise RecordTypeError(
            f"the type of a field of {cls.__name__} cannot be found: {error}",
            hint="Define a record class, and the types that it uses, at the top of a module.",
        ) from error


def _is_optional(hint: Any) -> bool:
    return _is_union(hint) and type(None) in typing.get_args(hint)


def _is_union(hint: Any) -> bool:
    return typing.get_origin(hint) in (typing.Union, types.UnionType)


def _flink_type(hint: Any, where: str) -> TypeInformation:
    from pyflink.common import Types

    scalars = {
        str: Types.STRING,
        int: Types.LONG,
        float: Types.DOUBLE,
        bool: Types.BOOLEAN,
        bytes: lambda: Types.PRIMITIVE_ARRAY(Types.BYTE()),
    }
    if _is_union(hint):
        rest = [argument for argument in typing.get_args(hint) if argument is not type(None)]
        if len(rest) == 1:
            return _flink_type(rest[0], where)
    elif hint in scalars:
        return scalars[hint]()
    elif dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return row_type(hint)
    elif typing.get_origin(hint) is list:
        return Types.OBJECT_ARRAY(_element_type(typing.get_args(hint)[0], where))
    elif typing.get_origin(hint) is dict and typing.get_args(hint)[0] is str:
        return Types.MAP(Types.STRING(), _element_type(typing.get_args(hint)[1], where))
    raise RecordTypeError(
        f"{where} has the type {hint}, which has no Flink row type",
        hint="Use str, int (a time: epoch milliseconds), float, bool, bytes, another dataclass, "
        "list[...], dict[str, ...], or one of these with '| None'.",
    )


def _element_type(hint: Any, where: str) -> TypeInformation:
    """The type of what a list or dict holds, which must not be a row.

    PyFlink's thread mode converts all rows of a list into one and the same object, so that each
    element would silently become the last one.
    """
    from pyflink.common.typeinfo import RowTypeInfo

    made = _flink_type(hint, where)
    if isinstance(made, RowTypeInfo):
        raise RecordTypeError(
            f"{where} holds a list or dict of dataclasses, which PyFlink's thread mode mixes up",
            hint="Use a list for each of their fields, or hold them as JSON text in a str.",
        )
    return made
