# SPDX-License-Identifier: Apache-2.0
"""Let dataclasses that a script defines itself survive the way to where functions run.

PyFlink sends the classes of ``__main__`` by value (cloudpickle), and makes them anew there. Two
things get lost on the way, and are kept here: the marks by which `dataclasses` knows a field,
which it compares by identity; and the name under which plain pickle, which PyFlink uses for
state, looks the class up again.
"""

from __future__ import annotations

import copyreg
import dataclasses
import sys
from typing import Any

_MARKS = ("_FIELD", "_FIELD_CLASSVAR", "_FIELD_INITVAR", "MISSING", "KW_ONLY")


def keep_marks() -> None:
    """Pickle the marks of `dataclasses` by their names, so that each stays the one that it is."""
    for name in _MARKS:
        mark = getattr(dataclasses, name)
        copyreg.pickle(type(mark), _name_of)


def _name_of(mark: Any) -> str:
    return next(name for name in _MARKS if getattr(dataclasses, name) is mark)


def make_importable(cls: type) -> None:
    """Put a class of ``__main__`` that was made anew where pickle looks for it."""
    main = sys.modules.get("__main__")
    if main is None or cls.__module__ != "__main__" or "." in cls.__qualname__:
        return
    there = getattr(main, cls.__name__, None)
    if there is None or "__record__" in getattr(there, "__dict__", {}) or there in _PUT_THERE:
        setattr(main, cls.__name__, cls)
        _PUT_THERE.append(cls)


_PUT_THERE: list[Any] = []


keep_marks()
