# SPDX-License-Identifier: Apache-2.0
"""A check: what was found, beside what should have been."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Check:
    """One line of the demo's result."""

    name: str
    expected: str | int
    actual: str | int

    @property
    def ok(self) -> bool:
        """Whether the expectation was met."""
        return self.expected == self.actual

    def as_dict(self) -> dict[str, Any]:
        """Return the form of ``flinksec demo --json``."""
        return {
            "name": self.name,
            "expected": self.expected,
            "actual": self.actual,
            "ok": self.ok,
        }


def refused(name: str, attempt: Callable[[], object], *reasons: str) -> Check:
    """Try something that must be refused, and for the right reason.

    Args:
        name: the line's name.
        attempt: what to try.
        reasons: parts of the message, one of which must be in the refusal: a server that is
            down refuses everything, which proves nothing.
    """
    try:
        attempt()
    except Exception as error:
        message = str(error).strip() or type(error).__name__
        if any(reason.lower() in message.lower() for reason in reasons):
            return Check(name, "refused", "refused")
        return Check(name, "refused", f"failed otherwise: {message.splitlines()[0][:160]}")
    return Check(name, "refused", "let in")
