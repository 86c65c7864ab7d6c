# SPDX-License-Identifier: Apache-2.0
"""From rows to records and back: by name, never by position alone where there are names."""

from __future__ import annotations

import dataclasses
import functools
import typing
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, cast

from flinksec_jobs.errors import RecordValueError
from flinksec_jobs.records import natural, pickling
from flinksec_jobs.records.field_types import Fields, FieldType, below, containers_of_rows
from flinksec_jobs.records.quick_tests import NAMES_IN_QUICK, own, quick
from flinksec_jobs.records.values import Fit, article, fitting

FitRow = Callable[[FieldType, str], Fit]


class RecordInfo:
    """What is known of a record class: its fields, and how to check and read an instance.

    Attributes:
        cls: the class.
        fields: its fields with their types.
        names: their names.
        checked: whether each instance has been checked where it was made.
        values: gives the values of an instance as a new list.
        leaving_values: gives them as they leave Python.
    """

    def __init__(self, cls: type, fields: Fields, *, checked: bool) -> None:
        self.cls = cls
        self.fields = fields
        self.checked = checked
        self.names = [name for name, _ in fields]
        self.values = _reader(self)
        self._check: Callable[[Any], None] | None = None
        self._make: Callable[..., Any] | None = None

    @functools.cached_property
    def leaving_values(self) -> Callable[[Any], list[Any]]:
        """Made when first asked for, as it differs between thread mode and process mode."""
        leave, values = natural.ways(self.fields).leave, self.values
        return values if leave is None else lambda instance: leave(values(instance))

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

    def make(self, names: Sequence[str] | None, values: Sequence[Any]) -> Any:
        """Make an instance from the values of a row, nested rows included.

        Raises:
            RecordValueError: the fields are others, or a value does not fit.
        """
        if self._make is None:
            self._make = constructor(self.cls, self.fields, self.cls.__name__)
        return self._make(names, values)


def _restore(cls: type, fields: Fields, checked: bool) -> RecordInfo:
    pickling.make_importable(cls)
    for part in below(fields):
        if part.kind == "enum" and part.cls is not None:
            pickling.make_importable(part.cls)
    return RecordInfo(cls, fields, checked=checked)


def _reader(info: RecordInfo) -> Callable[[Any], list[Any]]:
    getter = attrgetter(*info.names)
    only = len(info.names) == 1

    def read(instance: Any) -> list[Any]:
        try:
            return [getter(instance)] if only else list(getter(instance))
        except AttributeError as error:
            raise _unset(info, instance, error) from None

    return read


def _unset(info: RecordInfo, instance: Any, error: AttributeError) -> Exception:
    """Return what is wrong with an instance that lacks a field, as ``init=False`` allows."""
    for name in info.names:
        if not hasattr(instance, name):
            return RecordValueError(
                f"{info.cls.__name__}.{name} has no value: it has init=False, and nobody sets it",
                hint="give the field a default, or set it in __post_init__",
            )
    return error


def _checker(info: RecordInfo) -> Callable[[Any], None]:
    """Write a function that looks at each field once: most values pass without a call."""
    lines = ["def made(instance):", "  try:"]
    scope: dict[str, Any] = {"put": object.__setattr__, **NAMES_IN_QUICK}
    scope["unset"] = functools.partial(_unset, info)
    for place, (name, field) in enumerate(info.fields):
        where = f"{info.cls.__name__}.{name}"
        lines += [
            f"    v = instance.{name}",
            f"    if not ({quick(field, 'v', place, scope)}):",
            f"        put(instance, {name!r}, fit{place}(v))",
        ]
        if field.inner is not None:  # nobody else has what an instance holds
            lines += ["    else:", f"        put(instance, {name!r}, {own(field, 'v')})"]
        scope[f"fit{place}"] = fitting(field, where, fit_row)
    lines += ["  except AttributeError as error:", "    raise unset(instance, error) from None"]
    return _compiled(lines, scope)


def values_fitter(fields: Fields, where: str, fit_inner: FitRow) -> Fit:
    """Write a function that fits the values of a row, given in the order of its fields.

    Returns:
        A function that returns the very sequence that it got if no value had to change.
    """
    names = [f"v{place}" for place in range(len(fields))]
    lines = ["def made(values):", f"    {', '.join(names)}, = values", "    same = True"]
    scope: dict[str, Any] = dict(NAMES_IN_QUICK)
    for place, (name, field) in enumerate(fields):
        lines += [
            f"    if not ({quick(field, f'v{place}', place, scope)}):",
            f"        new = fit{place}(v{place})",
            f"        if new is not v{place}:",
            f"            v{place}, same = new, False",
        ]
        if field.inner is not None:
            lines += [
                f"    elif v{place} is not None:",
                f"        v{place}, same = {own(field, f'v{place}')}, False",
            ]
        scope[f"fit{place}"] = fitting(field, f"{where}.{name}", fit_inner)
    lines.append(f"    return values if same else [{', '.join(names)}]")
    return _compiled(lines, scope)


def compiled(name: str, lines: Sequence[str], scope: dict[str, Any]) -> Any:
    """Return a function of these lines, in which only identifiers have been put."""
    exec("\n".join(lines), scope)  # noqa: S102  all that is put in is an identifier
    return scope.pop(name)


def _compiled(lines: Sequence[str], scope: dict[str, Any]) -> Callable[[Any], Any]:
    made: Callable[[Any], Any] = compiled("made", lines, scope)
    return made


def info_of(cls: type) -> RecordInfo | None:
    """Return what is known of a class if its instances pass for rows."""
    return getattr(cls, "__record__", None)


def fit_row(field: FieldType, where: str) -> Fit:
    """Make the function that fits a value into a field that holds a row; see `fitting`."""
    cls = cast("type", field.cls)
    if typing.is_typeddict(cls):
        return _fit_dict(field, where)
    makes: list[Callable[..., Any]] = []  # when first needed: a class may still be in the making

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
                hint=f"make a {cls.__name__} of it",
            )
        if not makes:
            makes.append(constructor(cls, field.fields, where))
        return makes[0](*named)

    return fit


def _fit_dict(field: FieldType, where: str) -> Fit:
    """Make the function that fits a value into a field that is a TypedDict: into a dict."""
    cls: Any = field.cls
    fits = {name: fitting(inner, f"{where}.{name}", fit_row) for name, inner in field.fields}

    def fit(value: Any) -> Any:
        if isinstance(value, Mapping):
            given = dict(value)
        else:
            named = named_values(value)
            if named is None:
                raise RecordValueError(
                    f"{where} should be a {cls.__name__} but is {article(value)}",
                    hint=f"make a {cls.__name__} of it",
                )
            given = dict(zip(fits, in_order(list(fits), *named, where), strict=True))
        if unknown := [str(name) for name in given if name not in fits]:
            raise RecordValueError(
                f"{where} has the fields {', '.join(fits)}, and {len(unknown)} more are there",
                hint=f"give exactly the fields of {where}",
            )
        made = {name: fit(given.get(name)) for name, fit in fits.items()}
        left_out = cls.__optional_keys__ - given.keys() if isinstance(value, Mapping) else ()
        return {name: each for name, each in made.items() if name not in left_out}

    return fit


@functools.cache
def row_class() -> Any:
    """Return PyFlink's row, which is not imported for those that only define records."""
    from pyflink.common import Row

    return Row


def named_values(value: Any) -> tuple[Sequence[str] | None, Sequence[Any]] | None:
    """Return the names and values of a row, a record or another dataclass.

    Returns:
        None for anything else; the names are None for a row or tuple that has none.
    """
    if isinstance(value, row_class()):
        return getattr(value, "_fields", None), value.__dict__["_values"]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        info = info_of(type(value))
        if info is not None:
            return info.names, info.values(value)
        names = [field.name for field in dataclasses.fields(value)]
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
        hint=f"give exactly the fields of {where}",
    )


def constructor(cls: type, fields: Fields, where: str) -> Callable[..., Any]:
    """Make the function that takes the names and values of a row and gives an instance.

    Returns:
        A function that raises RecordValueError if the fields are others, or a value does not fit.
    """
    wanted = [name for name, _ in fields]
    makes = _from_ordered(cls, fields, where)
    return lambda names, values: makes(in_order(wanted, names, values, where))


def _from_ordered(cls: type, fields: Fields, where: str) -> Callable[[Sequence[Any]], Any]:
    parts = dataclasses.fields(cls)
    nested = [
        (place, fitting(field, f"{where}.{name}", fit_row))
        for place, (name, field) in enumerate(fields)
        if field.kind == "row" or containers_of_rows(field)
    ]

    def fitted(values: Sequence[Any]) -> Sequence[Any]:
        if not nested:
            return values
        made = list(values)
        for place, fit in nested:
            made[place] = fit(made[place])
        return made

    def by_name(values: Sequence[Any]) -> Any:
        given = dict(zip((part.name for part in parts), fitted(values), strict=True))
        made = cls(**{part.name: given[part.name] for part in parts if part.init})
        for part in parts:
            if not part.init:
                object.__setattr__(made, part.name, given[part.name])
        return made

    if all(part.init and not part.kw_only for part in parts):
        return lambda values: cls(*fitted(values))
    return by_name
