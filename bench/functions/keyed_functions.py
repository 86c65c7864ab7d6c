# SPDX-License-Identifier: Apache-2.0
"""The keyed functions, written for PyFlink; raw PyFlink and the library run them unchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pyflink.common import Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext
from pyflink.datastream.state import MapStateDescriptor, ValueStateDescriptor

from bench.functions.logic import window_end

SUMS = Types.TUPLE([Types.LONG(), Types.LONG()])


class Totals(KeyedProcessFunction):  # type: ignore[misc]
    """The sum and number of a user's payments so far.

    Args:
        read: makes user, id and amount of a record.
        made: makes an output of id, user, sum and number.
    """

    def __init__(
        self,
        read: Callable[[Any], tuple[str, int, int]],
        made: Callable[[int, str, int, int], Any],
    ) -> None:
        self._read = read
        self._made = made

    def open(self, runtime_context: RuntimeContext) -> None:
        """Get the state."""
        self._sums = runtime_context.get_state(ValueStateDescriptor("sums", SUMS))

    def process_element(self, value: Any, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:  # noqa: ARG002
        """Count a payment, and tell how it stands."""
        user, number, amount = self._read(value)
        total, count = self._sums.value() or (0, 0)
        total, count = total + amount, count + 1
        self._sums.update((total, count))
        yield self._made(number, user, total, count)


class Windows(KeyedProcessFunction):  # type: ignore[misc]
    """The sum and number of a user's payments of each minute of event time, by timers.

    Args:
        read: makes user, time in ms and amount of a record.
        made: makes an output of user, end in ms, sum and number.
    """

    def __init__(
        self,
        read: Callable[[Any], tuple[str, int, int]],
        made: Callable[[str, int, int, int], Any],
    ) -> None:
        self._read = read
        self._made = made

    def open(self, runtime_context: RuntimeContext) -> None:
        """Get the state: the sums of each window, by its end."""
        self._windows = runtime_context.get_map_state(
            MapStateDescriptor("windows", Types.LONG(), SUMS)
        )

    def process_element(self, value: Any, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        """Count a payment in its window; the first one sets the timer."""
        _, time, amount = self._read(value)
        end = window_end(time)
        sums = self._windows.get(end)
        if sums is None:
            ctx.timer_service().register_event_time_timer(end - 1)
            sums = (0, 0)
        self._windows.put(end, (sums[0] + amount, sums[1] + 1))
        return iter(())

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Any]:
        """Tell what a window had, and forget it."""
        key = ctx.get_current_key()
        total, count = self._windows.get(timestamp + 1)
        self._windows.remove(timestamp + 1)
        # The key of PyFlink's own key_by is the value itself, behind a JVM's key it is a row.
        yield self._made(key if isinstance(key, str) else key[0], timestamp + 1, total, count)
