# SPDX-License-Identifier: Apache-2.0
"""Record classes by a key that goes into the JVM and comes back: whose rows these are."""

from __future__ import annotations

_BY_KEY: dict[str, type] = {}


def key_of(cls: type) -> str:
    """Return the key of a class: its name, with a number for one defined anew under that name."""
    name = f"{cls.__module__}.{cls.__qualname__}"
    number = 1
    while True:
        key = name if number == 1 else f"{name}#{number}"
        if _BY_KEY.setdefault(key, cls) is cls:
            return key
        number += 1


def of_key(key: str) -> type | None:
    """Return the class of a key that this process has given."""
    return _BY_KEY.get(key)
