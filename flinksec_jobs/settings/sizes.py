# SPDX-License-Identifier: Apache-2.0
"""Sizes of memory as Flink writes them: ``1600m``, ``2 gb``, ``64``."""

from __future__ import annotations

import re

_SIZE = re.compile(r"(\d+)\s*(b|bytes|k|kb|kib|m|mb|mib|g|gb|gib|t|tb|tib)?", re.IGNORECASE)
_POWERS = {"": 0, "b": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def size_bytes(size: object) -> int | None:
    """Return how many bytes a size is; `None` if it is none.

    Args:
        size: a number and a unit, of which each is 1024 of the one below; without a unit, bytes.
    """
    match = _SIZE.fullmatch(str(size).strip()) if size is not None else None
    if not match:
        return None
    power: int = 1024 ** _POWERS[(match[2] or "")[:1].lower()]
    return int(match[1]) * power
