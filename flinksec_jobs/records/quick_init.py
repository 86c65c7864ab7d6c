# SPDX-License-Identifier: Apache-2.0
"""A constructor for records that looks at all values at once, and then puts them into a dict.

That of a frozen dataclass calls ``object.__setattr__`` for each field, and then ``__post_init__``.
"""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

from flinksec_jobs.records import rows
from flinksec_jobs.records.quick_tests import NAMES_IN_QUICK, own, quick

_OURS = "_flinksec_"
_SELF = f"{_OURS}self"


def give(cls: Any) -> None:
    """Replace the constructor of a record class where all of its fields allow it.

    What does not pass at once goes to the constructor that was there, and so do subclasses.
    """
    parts = dataclasses.fields(cls)
    info = rows.info_of(cls)
    if info is None or not all(
        part.init and not part.kw_only and part.default_factory is dataclasses.MISSING
        for part in parts
    ):
        return
    names = [part.name for part in parts]
    if not cls.__dictoffset__ or any(
        hasattr(type(inspect.getattr_static(cls, name, None)), "__set__") for name in names
    ):
        return  # __slots__, or a descriptor, which takes the value itself
    original = cls.__init__
    scope: dict[str, Any] = {**NAMES_IN_QUICK, "_flinksec_original": original}
    tests = [quick(field, name, place, scope) for place, (name, field) in enumerate(info.fields)]
    if names != info.names or "False" in tests or set(names) & scope.keys():
        return
    if any(name.startswith(_OURS) for name in names):
        return
    scope["_flinksec_cls"] = cls
    given = ", ".join([_SELF, *names])
    lines = [
        f"def __init__({given}):",
        f"    if type_of({_SELF}) is _flinksec_cls and "
        + " and ".join(f"({t})" for t in tests)
        + ":",
        f"        _flinksec_own = {_SELF}.__dict__",
        *[f"        _flinksec_own[{name!r}] = {own(field, name)}" for name, field in info.fields],
        "    else:",
        f"        _flinksec_original({given})",
    ]
    made = rows.compiled("__init__", lines, scope)
    made.__defaults__ = original.__defaults__
    made.__annotations__ = original.__annotations__
    made.__qualname__ = original.__qualname__
    made.__module__ = cls.__module__
    cls.__init__ = made
