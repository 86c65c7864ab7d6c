# SPDX-License-Identifier: Apache-2.0
"""Numbered readings of several keys in Kafka, and what `killed_functions` makes of them."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flinksec_jobs.sandbox import Sandbox
from tests.hdfs.reading_jobs import Readings

KEYS = 61
STEP_MS = 20
WINDOW_MS = 1000
# Behind all others, so that their windows end in every partition.
_FAR = 10**12
_TICK_SECONDS = 0.05

Rate = Callable[[float], float]
"""Readings a second, by the seconds since the first."""


def key_of(n: int) -> str:
    """Return the key of a reading."""
    return f"k{n * n % KEYS}"


def _line(key: str, n: int, at: int) -> str:
    return f"\t{key}\t{json.dumps({'key': key, 'n': n, 'at': at})}"


class Keyed(Readings):
    """Readings of several keys, whose times pass as they are written.

    Args:
        sandbox: whose Kafka has the topic.
        topic: its name.
        rate: how many are written.
    """

    def __init__(self, sandbox: Sandbox, topic: str, rate: Rate = lambda _: 200) -> None:
        super().__init__(sandbox, topic)
        self._rate = rate

    def _lines(self) -> Iterator[str]:
        n, due, begin, last = 0, 0.0, time.monotonic(), 0.0
        while not self._is_enough.wait(_TICK_SECONDS):
            now = time.monotonic() - begin
            due += self._rate(now) * (now - last)
            last = now
            while n < due:
                yield _line(key_of(n), n, n * STEP_MS)
                n += 1
            self.numbers = range(n)


def end_all_windows(sandbox: Sandbox, topic: str) -> None:
    """Write readings behind all others, which themselves come to nothing, to every partition."""
    sandbox.produce(topic, [_line(f"far{n}", -1, _FAR) for n in range(50)])


def windows_of(numbers: range) -> Counter[tuple[str, int]]:
    """Return how many readings each key has in each window, by its end."""
    return Counter((key_of(n), n * STEP_MS // WINDOW_MS * WINDOW_MS + WINDOW_MS) for n in numbers)


def wrong_totals(numbers: range, came: Iterable[dict[str, Any]]) -> str | None:
    """Tell what is wrong with totals in the order in which they were written; None for nothing.

    As the numbers of each key grow and their counts have no gap, each reading is there once if
    there are as many of them as there were readings.
    """
    last: dict[str, dict[str, Any]] = {}
    nothing = {"n": -1, "count": 0, "total": 0, "most": 0, "last": []}
    seen = 0
    for one in came:
        before, n = last.get(one["key"], nothing), one["n"]
        wanted = {
            "key": key_of(n),
            "n": n,
            "count": before["count"] + 1,
            "total": before["total"] + n,
            "most": max(before["most"], n % 1009),
            "last": [*before["last"], n][-3:],
        }
        if one != wanted or n <= before["n"]:
            return f"{one} is not {wanted}, behind {before}"
        last[one["key"]] = one
        seen += 1
    return None if seen == len(numbers) else f"{seen} totals of {len(numbers)} readings"


def wrong_windows(numbers: range, came: Iterable[dict[str, Any]]) -> str | None:
    """Tell what is wrong with windows; None for nothing."""
    wanted, seen = windows_of(numbers), 0
    for one in came:
        seen += 1
        count = wanted[one["key"], one["end"]]
        if one["count"] != count:
            return f"{one} should have {count}"
    return None if seen == len(wanted) else f"{seen} windows of {len(wanted)}"
