# SPDX-License-Identifier: Apache-2.0
"""What a field of a record may hold: from a Python annotation to a Flink type."""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flinksec_jobs.errors import RecordTypeError

if TYPE_CHECKING:
    from pyflink.common.typeinfo import TypeInformation

_SCALARS: dict[Any, str] = {str: "str", int: "int", float: "float", bool: "bool", bytes: "bytes"}
_UNIONS = (typing.Union, types.UnionType)
NO_ROW_TYPE = (
    "Use str, int (a time: epoch milliseconds), float, bool, bytes, another dataclass, "
    "list[...], dict[str, ...], or one of these with '| None'."
)


@dataclass(frozen=True)
class FieldType:
    """What a field holds.

    Attributes:
        kind: ``str``, ``int``, ``float``, ``bool``, ``bytes``; ``row``, ``list``, ``dict``; or
            ``any``, which only a Flink type written by hand can have and nobody checks.
        nullable: whether it may be null.
        cls: the dataclass of a ``row``; None for a row type written by hand.
        fields: the fields of a ``row``.
        inner: what a ``list`` or the values of a ``dict`` hold.
    """

    kind: str
    nullable: bool = False
    cls: type | None = None
    fields: tuple[tuple[str, FieldType], ...] = ()
    inner: FieldType | None = None


Fields = tuple[tuple[str, FieldType], ...]


def fields_of(cls: type, local_names: dict[str, Any], outer: tuple[type, ...] = ()) -> Fields:
    """Return the fields of a dataclass with their types, in order.

    Args:
        cls: the dataclass.
        local_names: names that its annotations may use besides those of its module.
        outer: the dataclasses that this one is a part of.

    Raises:
        RecordTypeError: it is no dataclass, has no fields, holds itself, or a field's type has no
            Flink type.
    """
    if not dataclasses.is_dataclass(cls) or not isinstance(cls, type):
        raise RecordTypeError(
            f"{getattr(cls, '__name__', cls)!r} is not a dataclass",
            hint="decorate it with @record (flinksec_jobs) or @dataclass",
        )
    if known := own_fields(cls):
        return known
    if cls in outer:
        raise RecordTypeError(
            f"{cls.__name__} contains itself, which a row cannot",
            hint="keep the inner one as JSON text in a str, or only its id",
        )
    names = [field.name for field in dataclasses.fields(cls)]
    if not names:
        raise RecordTypeError(f"{cls.__name__} has no fields", hint="add a field")
    hints = _hints(cls, local_names)
    outer = (*outer, cls)
    return tuple(
        (name, _field_type(hints[name], f"{cls.__name__}.{name}", local_names, outer))
        for name in names
    )


def own_fields(cls: type) -> Fields | None:
    """Return what `record` has found out about a class, or about one that it adds no field to."""
    if "__dataclass_fields__" in cls.__dict__:
        return cls.__dict__.get("__record_fields__")
    _refuse_lost_fields(cls)
    return getattr(cls, "__record_fields__", None)


def _refuse_lost_fields(cls: type) -> None:
    """Refuse a subclass that is no dataclass itself: it would have its base's fields only."""
    if lost := _annotated(cls):
        raise RecordTypeError(
            f"{cls.__name__} adds {', '.join(lost)} to a dataclass, but is none itself",
            hint="decorate it with @record too",
        )


def _annotated(cls: type) -> list[str]:
    return [
        name for name, hint in inspect.get_annotations(cls).items() if "ClassVar" not in str(hint)
    ]


def _hints(cls: type, local_names: dict[str, Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(cls, localns={cls.__name__: cls, **local_names})
    except NameError as error:
        raise RecordTypeError(
            f"the type of a field of {cls.__name__} cannot be found: {error}",
            hint="define the types that a record uses before the record",
        ) from error
    except Exception as error:
        raise RecordTypeError(
            f"the type of a field of {cls.__name__} cannot be read: {error}", hint=NO_ROW_TYPE
        ) from error


def _field_type(
    hint: Any, where: str, local_names: dict[str, Any], outer: tuple[type, ...]
) -> FieldType:
    hint = _plain(hint)
    arguments = typing.get_args(hint)
    origin = typing.get_origin(hint)
    try:
        if hint in _SCALARS:
            return FieldType(_SCALARS[hint])
    except TypeError:
        pass  # what has no hash is no scalar
    if origin in _UNIONS:
        rest = [argument for argument in arguments if argument is not type(None)]
        if len(rest) == 1 and len(rest) < len(arguments):
            made = _field_type(rest[0], where, local_names, outer)
            return dataclasses.replace(made, nullable=True)
    elif origin is list and len(arguments) == 1:
        return FieldType("list", inner=_inner(arguments[0], where, local_names, outer))
    elif origin is dict and [_plain(argument) for argument in arguments[:1]] == [str]:
        return FieldType("dict", inner=_inner(arguments[1], where, local_names, outer))
    elif dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return FieldType("row", cls=hint, fields=fields_of(hint, local_names, outer))
    raise RecordTypeError(
        f"{where} has the type {hint}, which has no Flink row type", hint=NO_ROW_TYPE
    )


def _plain(hint: Any) -> Any:
    """Look through ``NewType`` and ``type X = …`` at what they stand for."""
    while True:
        if hasattr(hint, "__supertype__"):
            hint = hint.__supertype__
        elif type(hint).__name__ == "TypeAliasType":
            hint = hint.__value__
        else:
            return hint


def _inner(
    hint: Any, where: str, local_names: dict[str, Any], outer: tuple[type, ...]
) -> FieldType:
    """Return the type of what a list or dict holds, which must not be a row.

    PyFlink's thread mode converts all rows of a list into one and the same object, so that each
    element would silently become the last one.
    """
    made = _field_type(hint, where, local_names, outer)
    if made.kind == "row":
        raise RecordTypeError(
            f"{where} holds a list or dict of dataclasses, which PyFlink's thread mode mixes up",
            hint="use a list for each of their fields, or keep them as JSON text in a str",
        )
    return made


def required_paths(fields: Fields) -> list[str]:
    """Name what may not be null, at every depth.

    Returns:
        Paths: ``place``, below it ``place.name``; ``tags[]`` for the elements of a list and
        ``counts{}`` for the values of a dict.
    """
    return [path for name, field in fields for path in _paths(name, field)]


def _paths(path: str, field: FieldType) -> Iterable[str]:
    if not field.nullable:
        yield path
    if field.kind == "row":
        for name, inner in field.fields:
            yield from _paths(f"{path}.{name}", inner)
    elif field.inner:
        yield from _paths(path + ("[]" if field.kind == "list" else "{}"), field.inner)


def flink_type(field: FieldType) -> TypeInformation:
    """Return the Flink type of a field."""
    from pyflink.common import Types

    scalars: dict[str, Any] = {
        "str": Types.STRING,
        "int": Types.LONG,
        "float": Types.DOUBLE,
        "bool": Types.BOOLEAN,
        "bytes": lambda: Types.PRIMITIVE_ARRAY(Types.BYTE()),
    }
    if field.kind in scalars:
        return scalars[field.kind]()
    if field.kind == "row":
        names = [name for name, _ in field.fields]
        return Types.ROW_NAMED(names, [flink_type(inner) for _, inner in field.fields])
    inner = flink_type(typing.cast(FieldType, field.inner))
    return Types.OBJECT_ARRAY(inner) if field.kind == "list" else Types.MAP(Types.STRING(), inner)
