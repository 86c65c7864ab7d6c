# SPDX-License-Identifier: Apache-2.0
"""Kubernetes' quantities as bytes."""

from __future__ import annotations

import re

_KUBERNETES = re.compile(r"(\d+(?:\.\d+)?)([EPTGMk]i?|Ki|m)?")
_POWERS = {"k": 1, "m": 2, "g": 3, "t": 4, "p": 5, "e": 6}


def amount(quantity: object) -> int | None:
    """Return a quantity such as ``512Mi`` in bytes; `None` if it is none."""
    match = _KUBERNETES.fullmatch(str(quantity)) if quantity is not None else None
    if not match:
        return None
    unit = match[2] or ""
    if unit == "m":
        return int(float(match[1]) / 1000)
    base = 1024 if unit.endswith("i") else 1000
    power: int = base ** _POWERS.get(unit[:1].lower(), 0)
    return int(float(match[1]) * power)
