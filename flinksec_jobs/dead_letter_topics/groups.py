# SPDX-License-Identifier: Apache-2.0
"""Letters by their cause: how many, since when, and what is said of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flinksec_jobs.dead_letter_topics.letter import Cause, Letter

_MOST_MESSAGES = 1000
_LONGEST_MESSAGE = 500


@dataclass
class Group:
    """Letters of one cause.

    Attributes:
        cause: what they have in common.
        count: how many there are.
        first: the earliest timestamp, epoch milliseconds.
        last: the latest.
        messages: what is said of them, and how often; the first 1,000 kinds, shortened
            to 500 characters.
        jobs: that wrote them.
        records: how many hold the record that was read, which can go back.
        replayed: how many have gone back.
    """

    cause: Cause
    count: int = 0
    first: int = 2**63 - 1
    last: int = -1
    messages: Counter[str] = field(default_factory=Counter)
    jobs: set[str] = field(default_factory=set)
    records: int = 0
    replayed: int = 0

    def add(self, letter: Letter, *, replayed: bool) -> None:
        """Count one letter."""
        self.count += 1
        self.first = min(self.first, letter.timestamp)
        self.last = max(self.last, letter.timestamp)
        message = letter.message[:_LONGEST_MESSAGE]
        if message in self.messages or len(self.messages) < _MOST_MESSAGES:
            self.messages[message] += 1
        self.jobs.add(letter.job)
        self.records += letter.holds_a_record
        self.replayed += replayed

    def as_dict(self) -> dict[str, Any]:
        """Return it for scripts."""
        cause = self.cause
        return {
            "cause": cause.id,
            "source": cause.source,
            "target": cause.target,
            "stage": cause.stage,
            "found_by": cause.found_by,
            "error": cause.error,
            "letters": self.count,
            "records": self.records,
            "replayed": self.replayed,
            "first": self.first,
            "last": self.last,
            "jobs": sorted(self.jobs),
            "messages": dict(self.messages.most_common(3)),
        }


def grouped(letters: Iterable[tuple[Letter, bool]]) -> list[Group]:
    """Return groups of letters, the largest first.

    Args:
        letters: with whether each has gone back.
    """
    found: dict[Cause, Group] = {}
    for letter, replayed in letters:
        found.setdefault(letter.cause, Group(letter.cause)).add(letter, replayed=replayed)
    return sorted(found.values(), key=lambda group: (-group.count, group.cause.id))
