# SPDX-License-Identifier: Apache-2.0
"""Makes a failing case smaller, as long as it still fails."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tests.differential.cases import CHUNK, Case, Reading

_ROUNDS = 40


def smallest(case: Case, fails: Callable[[Case], bool]) -> Case:
    """The case after which no smaller one fails."""
    for _ in range(_ROUNDS):
        smaller = next((candidate for candidate in _smaller(case) if fails(candidate)), None)
        if smaller is None:
            break
        case = smaller
    return case


def _smaller(case: Case) -> Iterator[Case]:
    """Cases with less in them, those with much less first."""
    for steps in _shorter(case.steps):
        yield replace(case, steps=steps)
    if not isinstance(case, Reading):
        for length in _lower(case.length):
            yield replace(case, length=length)
        return
    for changes in _shorter(case.changes):
        yield replace(case, changes=changes)
    for length in _lower(case.file.length):
        yield replace(case, file=replace(case.file, length=length))
    for length in _lower(case.sibling.length):
        yield replace(case, sibling=replace(case.sibling, length=length))
    plain = replace(case.file, name="f", policy="ignore", created_at_ms=0)
    if case.file != plain:
        yield replace(case, file=plain, path="/mnt/state/f")


def _shorter(items: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    if len(items) > 1:
        yield ()
        yield items[: len(items) // 2]
        yield items[len(items) // 2 :]
    for i in range(len(items)):
        yield items[:i] + items[i + 1 :]


def _lower(length: int) -> Iterator[int]:
    lower = {0, 1, length % CHUNK, length // 2, length - CHUNK, length - 1}
    yield from sorted(number for number in lower if 0 <= number < length)
