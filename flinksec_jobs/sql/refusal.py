# SPDX-License-Identifier: Apache-2.0
"""What is wrong with an option of a table, as whoever judges options tells it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """What is wrong with an option of a table.

    Attributes:
        key: the option.
        why: what is wrong; begins with the option in quotes.
        fix: the way out.
    """

    key: str
    why: str
    fix: str
