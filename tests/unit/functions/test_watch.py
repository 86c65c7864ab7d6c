# SPDX-License-Identifier: Apache-2.0
"""A function that does not return is seen and interrupted from another thread."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from flinksec_jobs.functions import packing, watch
from flinksec_jobs.functions.runner import Runner
from tests.patience import PATIENCE


class Spinning:
    """Goes round and round in a thread, and catches what is an ``Exception``."""

    def __init__(self) -> None:
        self.is_told_to_end = False
        self.raised: list[type[BaseException]] = []
        self._is_there = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._is_there.wait(PATIENCE)
        self.ident = self._thread.ident

    def _run(self) -> None:
        try:
            self.spin()
        except BaseException as error:
            self.raised.append(type(error))

    def spin(self) -> None:
        while not self.is_told_to_end:
            try:
                self._is_there.set()
            except Exception:
                continue

    def join(self) -> None:
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()


@pytest.fixture
def spinning() -> Iterator[Spinning]:
    made = Spinning()
    yield made
    made.is_told_to_end = True
    made.join()


def seen(ident: int | None) -> Any:
    return packing.decoder()(watch.answer(f"l{ident}"))


def test_a_look_tells_file_line_and_function_the_innermost_first(spinning: Spinning) -> None:
    item, frames = seen(spinning.ident)
    assert item == -1
    names = [function for _, _, function in frames]
    assert names.index("spin") < names.index("_run")
    assert any(file == __file__ and line > 1 for file, line, _ in frames)


def test_of_a_thread_that_is_not_there_nothing_is_seen() -> None:
    assert seen(1) == [-1, []]


def test_what_is_told_to_stop_is_interrupted_though_it_catches_exceptions(
    spinning: Spinning,
) -> None:
    watch.answer(f"s{spinning.ident}")
    spinning.join()
    assert spinning.raised == [watch.FunctionStopped]


def test_the_methods_that_have_places_are_there() -> None:
    assert all(hasattr(Runner, name) for name in watch._ONE_BY_ONE)


def test_the_place_of_a_record_is_that_of_the_room_s_own_frame() -> None:
    scope = {"__name__": "flinksec_jobs.functions.runner", "look": seen, "me": threading.get_ident}
    body = "    for item in (4,):\n        return look(me())"
    exec(f"def _records():\n{body}\ndef run():\n{body}", scope)
    records: Any = scope["_records"]
    item, frames = records()
    assert item == 4
    assert "_records" not in [function for _, _, function in frames]
    run: Any = scope["run"]
    assert run()[0] == -1  # which has no record of its own


def test_an_interruption_that_has_come_too_late_is_taken_back() -> None:
    watch._raise_in(threading.get_ident(), None)
    outcome: list[str] = []
    ready, go = threading.Event(), threading.Event()

    def wait() -> None:
        ready.set()
        go.wait(PATIENCE)
        outcome.append("went on")

    thread = threading.Thread(target=wait)
    thread.start()
    assert ready.wait(PATIENCE)
    # It waits in C, so the exception stays pending until it is taken back.
    watch.answer(f"s{thread.ident}")
    watch.answer(f"c{thread.ident}")
    go.set()
    thread.join(PATIENCE)
    assert outcome == ["went on"]
