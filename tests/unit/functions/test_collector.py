# SPDX-License-Identifier: Apache-2.0
"""What Python's collector of garbage looks at while functions run in batches."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from flinksec_jobs.functions.collector import Collector


@pytest.fixture
def collector() -> Iterator[Collector]:
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield Collector()
    gc.unfreeze()
    gc.set_threshold(*before)


class Node:
    def __init__(self) -> None:
        self.itself = self


def test_full_collections_pass_over_what_was_there_when_a_function_opened(
    collector: Collector,
) -> None:
    before = len(gc.get_objects())
    collector.opened()
    assert len(gc.get_objects()) < before / 10
    made = Node()
    assert any(one is made for one in gc.get_objects())


def test_what_functions_leave_in_circles_is_still_collected(collector: Collector) -> None:
    collector.opened()
    gone = weakref.ref(Node())
    gc.collect()
    assert gone() is None


def test_what_a_closed_function_has_left_is_collected_before_the_next_one_opens(
    collector: Collector,
) -> None:
    left = Node()
    gone = weakref.ref(left)
    collector.opened()
    del left
    gc.collect()
    assert gone() is not None
    collector.closed()
    collector.opened()
    assert gone() is None


@pytest.mark.parametrize("own", [(700, 10, 10), (0, 10, 10), (5000, 20, 20)])
def test_a_program_that_has_chosen_its_collections_keeps_them(
    collector: Collector, own: tuple[int, int, int]
) -> None:
    gc.set_threshold(*own)
    collector.opened()
    assert gc.get_threshold() == ((10_000, 10, 10) if own == (700, 10, 10) else own)
