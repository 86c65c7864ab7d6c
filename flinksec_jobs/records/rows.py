# SPDX-License-Identifier: Apache-2.0
"""From rows to records and back: by name, never by position alone where there are names."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, cast

from flinksec_jobs.records import pickling
from flinksec_jobs.records.field_types import Fields, FieldType
from flinksec_jobs.records.values import (
    LARGEST,
    SMALLEST,
    Fit,
    RecordValueError,
    article,
    fitting,
)

# What a value looks like that needs no second look, in the most frequent case.
_QUICK = {
    "str": "type(v) is str and v.isascii()",
    "int": f"type(v) is int and {SMALLEST} <= v <= {LARGEST}",
    "float": "type(v) is float",
    "bool": "v is True or v is False",
    "bytes": "type(v) is bytes",
}


class RecordInfo:
    """What is known of a record class: its fields, and how to check and read an instance.

    Attributes:
        cls: the class.
        fields: its fields with their types.
        names: their names.
        checked: whether each instance has been checked where it was made.
        values: gives the values of an instance as a new list.
    """

    def __init__(self, cls: type, fields: Fields, *, checked: bool) -> None:
        self.cls = cls
        self.fields = fields
        self.checked = checked
        self.names = [name for name, _ in fields]
        self.values = _reader(self.names)
        self._check: Callable[[Any], None] | None = None

    def __reduce__(self) -> Any:
        return _restore, (self.cls, self.fields, self.checked)

    def check(self, instance: Any) -> None:
        """Bring the values of an instance into the classes that its fields declare.

        Raises:
            RecordValueError: a value has another type.
        """
        if self._check is None:
            self._check = _checker(self)
        self._check(instance)


def _restore(cls: type, fields: Fields, checked: bool) -> RecordInfo:
    pickling.make_importable(cls)
    return RecordInfo(cls, fields, checked=checked)


def _reader(names: Sequence[str]) -> Callable[[Any], list[Any]]:
    if len(names) == 1:
        only = names[0]
        return lambda instance: [getattr(instance, only)]
    getter = attrgetter(*names)
    return lambda instance: list(getter(instance))


def _checker(info: RecordInfo) -> Callable[[Any], None]:
    """Write a function that looks at each field once: most values pass without a call."""
    lines = ["def check(instance):"]
    scope: dict[str, Any] = {"put": object.__setattr__}
    for place, (name, field) in enumerate(info.fields):
        scope[f"fit{place}"] = fitting(field, f"{info.cls.__name__}.{name}", fit_row)
        quick = _QUICK.get(field.kind, "False")
        if field.kind == "row":
            scope[f"cls{place}"] = field.cls
            quick = f"type(v) is cls{place}" if is_checked(field.cls) else "False"
        if field.nullable:
            quick = f"v is None or {quick}"
        lines += [
            f"    v = instance.{name}",
            f"    if not ({quick}):",
            f"        put(instance, {name!r}, fit{place}(v))",
        ]
    exec("\n".join(lines), scope)  # noqa: S102  the names are identifiers
    made: Callable[[Any], None] = scope["check"]
    return made


def info_of(cls: type) -> RecordInfo | None:
    """Return what is known of a class if its instances pass for rows."""
    return getattr(cls, "__record__", None)


def is_checked(cls: type | None) -> bool:
    """Whether each instance of exactly this class has been checked where it was made."""
    info = cls.__dict__.get("__record__") if cls else None
    return info is not None and bool(info.checked)


def fit_row(field: FieldType, where: str) -> Fit:
    """Make the function that fits a value into a field that holds a row; see `fitting`."""
    cls = cast("type", field.cls)

    def fit(value: Any) -> Any:
        info = info_of(cls)
        if isinstance(value, cls):
            if info is not None:
                info.check(value)  # a plain dataclass is not checked where it is made
            return value
        named = named_values(value)
        if named is None:
            raise RecordValueError(
                f"{where} should be a {cls.__name__} but is {article(value)}",
                hint=f"Make a {cls.__name__} of it.",
            )
        return construct(cls, field.fields, *named, where=where)

    return fit


def named_values(value: Any) -> tuple[Sequence[str] | None, Sequence[Any]] | None:
    """Return the names and values of a row, a record or another dataclass.

    Returns:
        None for anything else; the names are None for a row or tuple that has none.
    """
    from pyflink.common import Row

    if isinstance(value, Row):
        return value.__dict__.get("_fields"), value.__dict__["_values"]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        info = info_of(type(value))
        names = info.names if info else [field.name for field in dataclasses.fields(value)]
        return names, [getattr(value, name) for name in names]
    return None


def in_order(
    wanted: Sequence[str], names: Sequence[str] | None, values: Sequence[Any], where: str
) -> Sequence[Any]:
    """Return values in the order in which a record has their fields.

    Raises:
        RecordValueError: the names are not the wanted ones, or without names the number is not.
    """
    if names == wanted or (names is None and len(values) == len(wanted)):
        return values
    if names is not None and sorted(names) == sorted(wanted):
        by_name = dict(zip(names, values, strict=True))
        return [by_name[name] for name in wanted]
    found = f"{len(values)} values without names" if names is None else ", ".join(names)
    raise RecordValueError(
        f"{where} has the fields {', '.join(wanted)}, and what is there has {found}",
        hint=f"Give exactly the fields of {where}.",
    )


def construct(
    cls: type, fields: Fields, names: Sequence[str] | None, values: Sequence[Any], *, where: str
) -> Any:
    """Make an instance of a dataclass from the values of a row, nested rows included.

    Raises:
        RecordValueError: the fields are others, or a value does not fit.
    """
    ordered = in_order([name for name, _ in fields], names, values, where)
    fitted = {
        name: fitting(field, f"{where}.{name}", fit_row)(value) if field.kind == "row" else value
        for (name, field), value in zip(fields, ordered, strict=True)
    }
    given = {field.name for field in dataclasses.fields(cls) if field.init}
    made = cls(**{name: value for name, value in fitted.items() if name in given})
    for name in fitted.keys() - given:
        object.__setattr__(made, name, fitted[name])
    return made
