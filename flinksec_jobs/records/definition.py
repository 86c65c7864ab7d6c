# SPDX-License-Identifier: Apache-2.0
"""`record`: a dataclass whose instances PyFlink takes for rows, with fields that hold their types.

An instance is checked where it is made, so that an error has the line of the function that gave
a wrong value, and costs nothing again where it leaves Python.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import keyword
import sys
import typing
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar, cast, dataclass_transform

from flinksec_jobs.errors import RecordTypeError, RecordValueError
from flinksec_jobs.records import field_types, quick_init
from flinksec_jobs.records.defaults import check_defaults
from flinksec_jobs.records.field_types import Fields
from flinksec_jobs.records.options import field
from flinksec_jobs.records.rows import RecordInfo, in_order, info_of, named_values
from flinksec_jobs.records.values import article

T = TypeVar("T")
# What PyFlink's row has besides its fields: a field of such a name could not be read from a row.
TAKEN = (
    *("_fields", "_values", "_row_kind", "_from_dict", "_is_retract_msg", "_is_accumulate_msg"),
    *("as_dict", "get_fields_by_names", "get_row_kind", "of_kind", "set_field_names"),
    *("set_row_kind", "of"),
)


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field, field))
def record(cls: type[T]) -> type[T]:
    """Make a class a frozen dataclass whose instances a PyFlink function may return.

    Its fields are ``str``, ``int``, ``float``, ``bool``, ``bytes``, an aware ``datetime``, a
    ``date``, ``Decimal``, ``UUID``, an Enum or a Literal, another dataclass, a TypedDict, or a
    ``list`` of these or a ``dict`` from ``str`` to these; ``T | None`` marks a field that may be
    null. `field` gives one another name outside, or a Decimal its digits.

    A value that does not have the type of its field is refused where the instance is made; one
    that is the same in that type is taken: ``3`` for a float, NumPy's scalars, a tuple for a
    list. ``cls.of(row)`` makes an instance, with those inside it, from a received row. What is a
    dataclass already stays as it is in all else.

    Raises:
        RecordTypeError: a field's type has no Flink type, or its name is taken.
    """
    _refuse_no_class(cls)
    if (known := cls.__dict__.get("__record__")) is not None and known.cls is cls and known.checked:
        return cls
    _refuse_taken_names(cls)
    is_dataclass = "__dataclass_fields__" in cls.__dict__
    has_own_init = "__init__" in cls.__dict__  # which knows nothing of __post_init__
    made = cls if is_dataclass else _as_dataclass(cls)
    _refuse_init_only(made)
    fields = field_types.fields_of(made, dict(sys._getframe(1).f_locals))
    check_defaults(made, fields)
    _teach(made, fields, checked=True)
    made.of = classmethod(_of)  # type: ignore[attr-defined]
    if is_dataclass or has_own_init:
        _check_after_init(made)
    elif made.__post_init__.flinksec_user is None:  # type: ignore[attr-defined]
        quick_init.give(made)
    return made


def field_names(cls: type) -> list[str]:
    """Return the names of a record's fields, in order.

    Raises:
        RecordTypeError: the class is no dataclass, or has no field.
    """
    return [name for name, _ in field_types.fields_of(cls, {})]


def _as_dataclass(cls: type[T]) -> type[T]:
    user = getattr(cls, "__post_init__", None)
    user = getattr(user, "flinksec_user", user)  # of a record that this one extends

    def __post_init__(self: Any) -> None:  # noqa: N807
        if user is not None:
            user(self)
        cls.__record__.check(self)  # type: ignore[attr-defined]

    __post_init__.flinksec_user = user  # type: ignore[attr-defined]
    cls.__post_init__ = __post_init__  # type: ignore[attr-defined]
    try:
        return dataclasses.dataclass(frozen=True)(cls)
    except (TypeError, ValueError) as error:
        raise RecordTypeError(
            f"{cls.__name__} cannot be a frozen dataclass: {error}",
            hint="a record extends other records only, and its fields follow the rules of "
            "dataclasses",
        ) from error


def _check_after_init(cls: type) -> None:
    original: Any = cls.__init__  # type: ignore[misc]

    @functools.wraps(original)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        original(self, *args, **kwargs)
        if type(self) is cls:
            cls.__record__.check(self)

    cls.__init__ = __init__  # type: ignore[misc]


def _teach(cls: type, fields: Fields, *, checked: bool) -> None:
    """Give a class what PyFlink's row converters ask of a value: its values and its row kind.

    PyFlink hands an object on unchanged to the next function of a chain and converts it only
    where it leaves Python, so an instance has to serve as both record and row. A dataclass that
    is no record itself but a part of one needs the same.
    """
    info = RecordInfo(cls, fields, checked=checked)
    members: dict[str, Any] = {
        "__record__": info,
        "__record_fields__": fields,
        "_fields": info.names,
        "_values": _VALUES,
        "get_row_kind": _insert,
        "get_fields_by_names": _by_names,
    }
    for name, member in members.items():
        setattr(cls, name, member)
    _teach_parts(fields)


def _teach_parts(fields: Fields) -> None:
    """Teach the dataclasses that fields hold, in lists, dicts and TypedDicts too."""
    for _, part in fields:
        at = part
        while at.inner is not None:
            at = at.inner
        if at.kind != "row" or at.cls is None:
            continue
        if typing.is_typeddict(at.cls):
            _teach_parts(at.fields)
        elif info_of(at.cls) is None:
            _refuse_taken_names(at.cls)
            _teach(at.cls, at.fields, checked=False)


def _values(self: Any) -> list[Any]:
    return cast("list[Any]", type(self).__record__.leaving_values(self))


def _insert(_self: Any) -> Any:
    from pyflink.common import RowKind

    return RowKind.INSERT


def _by_names(self: Any, wanted: Sequence[str]) -> Sequence[Any]:
    info = type(self).__record__
    return in_order(wanted, info.names, info.leaving_values(self), "the output type")


def _of(cls: Any, row: Any) -> Any:
    """Make an instance from a row; an instance is returned as it is.

    Raises:
        RecordValueError: the row has other fields.
    """
    if isinstance(row, cls):
        return row
    named = (None, row) if isinstance(row, (tuple, list)) else named_values(row)
    if named is None:
        raise RecordValueError(
            f"{cls.__name__}.of() takes a row but got {article(row)}",
            hint="pass a row that a function of the job receives",
        )
    info = cls.__record__
    if info.cls is not cls:  # a subclass that only adds methods
        info = RecordInfo(cls, info.fields, checked=False)
    return info.make(*named)


_VALUES = property(_values)
_OURS = (_VALUES, _insert, _by_names)


def _refuse_no_class(cls: Any) -> None:
    if not isinstance(cls, type):
        raise RecordTypeError(
            f"@record stands in front of {article(cls)}, which is no class",
            hint="write it in front of a class, without brackets",
        )
    if typing.is_typeddict(cls):
        raise RecordTypeError(
            f"{cls.__name__} is a TypedDict, which stands for a record as it is",
            hint="leave @record out, or make it a class of its own",
        )
    if issubclass(cls, tuple):
        raise RecordTypeError(
            f"{cls.__name__} is a tuple, and a record is a dataclass",
            hint="leave NamedTuple out: a record has names anyway",
        )


def _refuse_taken_names(cls: type) -> None:
    for name in _annotated_names(cls):
        if not name.isidentifier() or keyword.iskeyword(name):
            raise RecordTypeError(
                f"{cls.__name__} has a field {name!r}, which is not a name in Python",
                hint="choose another name, as fields are read as row.name",
            )
        if name in TAKEN or (name.startswith("__") and name.endswith("__")):
            raise RecordTypeError(
                f"{cls.__name__}.{name}: a row uses this name itself",
                hint="give the field another name",
            )
    for name in ("of", "_values", "get_row_kind", "get_fields_by_names"):
        there = inspect.getattr_static(cls, name, None)
        function = there.__func__ if isinstance(there, classmethod) else there
        if function is not None and function is not _of and function not in _OURS:
            raise RecordTypeError(
                f"{cls.__name__} has a member {name} of its own, which @record would replace",
                hint="give it another name",
            )


def _annotated_names(cls: type) -> Iterator[str]:
    yield from inspect.get_annotations(cls)
    if "__dataclass_fields__" in cls.__dict__:
        yield from (field.name for field in dataclasses.fields(cls))


def _refuse_init_only(cls: type) -> None:
    for name, part in cls.__dict__["__dataclass_fields__"].items():
        if part._field_type is dataclasses._FIELD_INITVAR:  # type: ignore[attr-defined]
            raise RecordTypeError(
                f"{cls.__name__}.{name} is an InitVar, which a row does not hold",
                hint="a record is made from a row alone: make it a field, or leave it out",
            )
