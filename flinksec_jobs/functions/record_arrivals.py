# SPDX-License-Identifier: Apache-2.0
"""Records that functions of whole batches receive: instances of their own classes.

A class that does nothing of its own when an instance is made gets its values put in place, which
takes a third of the time that its constructor does: whoever sent them has checked them.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Sequence
from typing import Any

from flinksec_jobs.errors import RecordValueError
from flinksec_jobs.functions import codecs
from flinksec_jobs.records import natural
from flinksec_jobs.records.field_types import Fields, FieldType
from flinksec_jobs.records.rows import constructor

Change = Callable[[Any], Any]


def making(field: FieldType, *, checked: bool) -> Change | None:
    """Return what makes of a decoded value, which is not None, what a function gets.

    Args:
        field: its type; rows of a class become instances of it, others rows.
        checked: whether the values are known to fit; else each constructor looks at them.

    Returns:
        None if that is the decoded value itself.
    """
    if field.kind == "row" and field.cls is not None:
        return _of_class(field, checked=checked)
    if field.inner is not None:
        return natural.in_container(field.kind, making(field.inner, checked=checked))
    return codecs.arriving(field)


def _of_class(field: FieldType, *, checked: bool) -> Change:
    cls: Any = field.cls
    names = [name for name, _ in field.fields]
    change = natural.each_in_place([making(inner, checked=checked) for _, inner in field.fields])
    if typing.is_typeddict(cls):
        make = _dict_of(cls, names)
    elif checked and _is_plain(cls, names):
        make = _put_in_place(cls, names)
    else:
        make = _by_constructor(cls, field.fields)
    count = len(names)

    def arrive(values: list[Any]) -> Any:
        if len(values) != count:
            raise _of_changelog(cls)
        if change is not None:
            change(values)
        return make(values)

    return arrive


def _of_changelog(cls: type) -> RecordValueError:
    return RecordValueError(
        f"a {cls.__name__} comes from a changelog, with a kind that is no insert",
        hint="use fast(…).process, which gets rows with their kind, or filter them before",
    )


def _dict_of(cls: Any, names: Sequence[str]) -> Change:
    """Return what makes the dict of a TypedDict, without the optional keys that are null."""
    optional = cls.__optional_keys__
    return lambda values: {
        name: value
        for name, value in zip(names, values, strict=True)
        if value is not None or name not in optional
    }


def _by_constructor(cls: type, fields: Fields) -> Change:
    make = constructor(cls, fields, cls.__name__)
    return lambda values: make(None, values)


def _is_plain(cls: Any, names: Sequence[str]) -> bool:
    """Whether an instance is nothing but its fields in its dict."""
    init = inspect.unwrap(cls.__init__)
    after: Any = getattr(cls, "__post_init__", None)
    return (
        getattr(getattr(init, "__code__", None), "co_filename", "") == "<string>"
        and (after is None or getattr(after, "flinksec_user", after) is None)
        and cls.__new__ is object.__new__
        and not any("__slots__" in base.__dict__ for base in cls.__mro__[:-1])
        and not any(hasattr(inspect.getattr_static(cls, name, None), "__set__") for name in names)
    )


def _put_in_place(cls: type, names: Sequence[str]) -> Change:
    lines = ["def made(v):", "    instance = new(cls)", "    own = instance.__dict__"]
    lines += [f"    own[{name!r}] = v[{place}]" for place, name in enumerate(names)]
    scope: dict[str, Any] = {"new": object.__new__, "cls": cls}
    exec("\n".join([*lines, "    return instance"]), scope)  # noqa: S102  names of fields
    made: Change = scope["made"]
    return made
