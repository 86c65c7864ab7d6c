# SPDX-License-Identifier: Apache-2.0
"""What a field of a record may hold: from a Python annotation to what all else is derived from."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import inspect
import types
import typing
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flinksec_jobs.errors import RecordTypeError
from flinksec_jobs.records import options, symbols

_SCALARS: dict[Any, str] = {
    str: "str",
    int: "int",
    float: "float",
    bool: "bool",
    bytes: "bytes",
    datetime.datetime: "datetime",
    datetime.date: "date",
    decimal.Decimal: "decimal",
    uuid.UUID: "uuid",
}
_DEEPEST = 50  # Python's own stack holds some more; what fits a value calls itself for each
_UNIONS = (typing.Union, types.UnionType)
_KEY_MARKS = ("Required", "NotRequired", "ReadOnly")
NO_ROW_TYPE = (
    "use str, int, float, bool, bytes, datetime, date, Decimal, UUID, an Enum, a Literal, another "
    "dataclass, a TypedDict, list[...], dict[str, ...], or one of these with '| None'"
)


@dataclass(frozen=True)
class FieldType:
    """What a field holds.

    Attributes:
        kind: ``str``, ``int``, ``float``, ``bool``, ``bytes``, ``datetime``, ``date``,
            ``decimal``, ``uuid``, ``enum``; ``row``, ``list``, ``dict``; or, which only a Flink
            type written by hand can have, ``int32`` and ``any``, which nobody checks.
        nullable: whether it may be null.
        cls: the dataclass or TypedDict of a ``row``, the class of an ``enum``; None for a row
            type written by hand, and for a ``Literal``.
        fields: the fields of a ``row``.
        inner: what a ``list`` or the values of a ``dict`` hold.
        symbols: all values of an ``enum``: text, or whole numbers.
        precision: all digits of a ``decimal``; 0 where nothing is said.
        scale: those after the point.
        alias: its name outside of Python and Flink; None for the same.
        default: what a document that lacks it has, as the only element; empty if it must be
            there, or is null.
    """

    kind: str
    nullable: bool = False
    cls: type | None = None
    fields: tuple[tuple[str, FieldType], ...] = ()
    inner: FieldType | None = None
    symbols: tuple[str, ...] | tuple[int, ...] = ()
    precision: int = 0
    scale: int = 0
    alias: str | None = None
    default: tuple[Any, ...] = dataclasses.field(default=(), compare=False)


Fields = tuple[tuple[str, FieldType], ...]


@dataclass(frozen=True)
class _Around:
    """Where a type stands: names that it may use, and what it is a part of."""

    names: dict[str, Any]
    outer: tuple[type, ...]
    containers: int = 0


def fields_of(cls: type, local_names: dict[str, Any], outer: tuple[type, ...] = ()) -> Fields:
    """Return the fields of a dataclass or TypedDict with their types, in order.

    Args:
        cls: the class.
        local_names: names that its annotations may use besides those of its module.
        outer: the classes that this one is a part of.

    Raises:
        RecordTypeError: it is neither, has no fields, holds itself, or a field's type has no
            Flink type.
    """
    if not is_record_class(cls):
        raise RecordTypeError(
            f"{getattr(cls, '__name__', cls)!r} is not a dataclass",
            hint="decorate it with @record (flinksec_jobs) or @dataclass",
        )
    if not typing.is_typeddict(cls) and (known := own_fields(cls)):
        return known
    if cls in outer:
        raise RecordTypeError(
            f"{cls.__name__} contains itself, which a row cannot",
            hint="keep the inner one as JSON text in a str, or only its id",
        )
    hints = _hints(cls, local_names)
    names = _names(cls, hints)
    if not names:
        raise RecordTypeError(f"{cls.__name__} has no fields", hint="add a field")
    around = _Around(local_names, (*outer, cls))
    fields = tuple((name, _declared(cls, name, hints[name], around)) for name in names)
    _refuse_same_names(cls, fields)
    return fields


def _refuse_same_names(cls: type, fields: Fields) -> None:
    seen: dict[str, str] = {}
    for name, field in fields:
        other = seen.setdefault(field.alias or name, name)
        if other != name:
            raise RecordTypeError(
                f"{cls.__name__}.{name} and {cls.__name__}.{other} are both called "
                f"{field.alias or name!r} outside",
                hint="give one of them another alias",
            )


def is_record_class(cls: Any) -> bool:
    """Whether rows can be made of a class: a dataclass, or a TypedDict."""
    return typing.is_typeddict(cls) or (dataclasses.is_dataclass(cls) and isinstance(cls, type))


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


def _names(cls: type, hints: dict[str, Any]) -> list[str]:
    if not typing.is_typeddict(cls):
        return [field.name for field in dataclasses.fields(cls)]
    for name in hints:
        if not name.isidentifier():
            raise RecordTypeError(
                f"{cls.__name__} has a key {name!r}, which is not a name in Python",
                hint="read it under another: name: Annotated[str, field(alias='the-key')]",
            )
    return list(hints)


def _hints(cls: type, local_names: dict[str, Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(
            cls, localns={cls.__name__: cls, **local_names}, include_extras=True
        )
    except NameError as error:
        raise RecordTypeError(
            f"the type of a field of {cls.__name__} cannot be found: {error}",
            hint="define the types that a record uses before the record",
        ) from error
    except Exception as error:
        raise RecordTypeError(
            f"the type of a field of {cls.__name__} cannot be read: {error}", hint=NO_ROW_TYPE
        ) from error


def _declared(cls: type, name: str, hint: Any, around: _Around) -> FieldType:
    where = f"{cls.__name__}.{name}"
    if typing.is_typeddict(cls):
        made = _field_type(_without_key_marks(hint), where, around)
        optional = name in cls.__optional_keys__  # type: ignore[attr-defined]
        return dataclasses.replace(made, nullable=True) if optional else made
    part = cls.__dataclass_fields__[name]  # type: ignore[attr-defined]
    made = _field_type(hint, where, around, options.of_field(part))
    return dataclasses.replace(made, default=_default(part, made))


def _default(part: dataclasses.Field[Any], made: FieldType) -> tuple[Any, ...]:
    """Return the default that a field has in every record; none if it is made anew each time.

    What a factory makes is the same each time if it is a list or a dict and equal to the next.
    """
    if part.default is not dataclasses.MISSING:
        return (part.default,)
    if part.default_factory is dataclasses.MISSING or made.kind not in ("list", "dict", "row"):
        return ()
    try:
        one, other = part.default_factory(), part.default_factory()
    except Exception:  # a factory of a user's, which may ask for what is not there yet
        return ()
    return (one,) if one == other else ()


def _without_key_marks(hint: Any) -> Any:
    """Look through what only says whether a key of a TypedDict must be there."""
    while getattr(typing.get_origin(hint), "_name", "") in _KEY_MARKS:
        (hint,) = typing.get_args(hint)
    return hint


def _field_type(
    hint: Any, where: str, around: _Around, said: options.Options = options.NOTHING
) -> FieldType:
    hint, extras = _plain(hint)
    said = options.merged(options.of_annotation(extras, where), said)
    made = _union(hint, where, around, said) or _of_hint(hint, where, around)
    if said.alias is not None:
        made = dataclasses.replace(made, alias=said.alias)
    if made.kind == "decimal" and not made.precision:
        precision, scale = options.digits(said)
        return dataclasses.replace(made, precision=precision, scale=scale)
    if made.kind != "decimal" and (said.precision, said.scale) != (None, None):
        raise RecordTypeError(
            f"{where} has a precision or scale, but is no Decimal",
            hint="write its type as Decimal, or leave them out",
        )
    return made


def _union(hint: Any, where: str, around: _Around, said: options.Options) -> FieldType | None:
    """Return the type of ``T | None``; None if it is something else."""
    if typing.get_origin(hint) not in _UNIONS:
        return None
    arguments = typing.get_args(hint)
    rest = [argument for argument in arguments if argument is not type(None)]
    if len(rest) != 1 or len(rest) == len(arguments):
        return None
    return dataclasses.replace(_field_type(rest[0], where, around, said), nullable=True)


def _of_hint(hint: Any, where: str, around: _Around) -> FieldType:
    arguments = typing.get_args(hint)
    origin = typing.get_origin(hint)
    try:
        if hint in _SCALARS:
            return FieldType(_SCALARS[hint])
    except TypeError:
        pass  # what has no hash is no scalar
    if origin is typing.Literal:
        values, nullable = symbols.of_literal(arguments, where)
        return FieldType("enum", nullable=nullable, symbols=values)
    if symbols.is_enum(hint):
        return FieldType("enum", cls=hint, symbols=symbols.of_enum(hint, where))
    if origin is list and len(arguments) == 1:
        return FieldType("list", inner=_inner(arguments[0], where, around))
    if origin is dict and [_plain(argument)[0] for argument in arguments[:1]] == [str]:
        return FieldType("dict", inner=_inner(arguments[1], where, around))
    if is_record_class(hint):
        return FieldType("row", cls=hint, fields=fields_of(hint, around.names, around.outer))
    raise RecordTypeError(
        f"{where} has the type {hint}, which has no Flink row type", hint=NO_ROW_TYPE
    )


def _inner(hint: Any, where: str, around: _Around) -> FieldType:
    if around.containers == _DEEPEST:
        raise RecordTypeError(
            f"{where} has lists or dicts in each other, more than {_DEEPEST} deep",
            hint="keep what is inside as JSON text in a str",
        )
    deeper = dataclasses.replace(around, containers=around.containers + 1)
    made = _field_type(hint, where, deeper)
    if made.alias is not None:
        raise RecordTypeError(
            f"{where} gives an alias to what a list or dict holds, which has no name",
            hint="write it at the field: name: Annotated[list[...], field(alias=...)]",
        )
    return made


def _plain(hint: Any) -> tuple[Any, list[Any]]:
    """Look through ``NewType``, ``type X = …`` and ``Annotated`` at what they stand for."""
    extras: list[Any] = []
    while True:
        if hasattr(hint, "__supertype__"):
            hint = hint.__supertype__
        elif type(hint).__name__ == "TypeAliasType":
            hint = hint.__value__
        elif typing.get_origin(hint) is typing.Annotated:
            hint, more = options.without_extras(hint)
            extras = [*more, *extras]
        else:
            return hint, extras


def containers_of_rows(field: FieldType) -> bool:
    """Whether a value is a list or dict that holds rows, at any depth."""
    return field.inner is not None and (
        field.inner.kind == "row" or containers_of_rows(field.inner)
    )


def below(fields: Fields) -> Iterator[FieldType]:
    """Return the types of all fields, and of what is in them, at every depth."""
    for _, field in fields:
        at: FieldType | None = field
        while at is not None:
            yield at
            yield from below(at.fields)
            at = at.inner
