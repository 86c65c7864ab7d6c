# SPDX-License-Identifier: Apache-2.0
"""The keyed function of test_batches_killed.py and of `make soak`."""

from collections.abc import Iterator
from typing import Any

from pyflink.common import Types
from pyflink.datastream import KeyedProcessFunction, OutputTag, RuntimeContext
from pyflink.datastream.state import (
    ListStateDescriptor,
    MapStateDescriptor,
    ReducingStateDescriptor,
    ValueStateDescriptor,
)

from flinksec_jobs import record, row_type

WINDOW_MS = 1000


@record
class Reading:
    key: str
    n: int
    at: int


@record
class Total:
    key: str
    n: int
    count: int
    total: int
    most: int
    last: list[int]


@record
class Window:
    key: str
    end: int
    count: int


WINDOWS = OutputTag("windows", row_type(Window))


class Totals(KeyedProcessFunction):  # type: ignore[misc]
    """Has states of four kinds, and counts readings by windows, which timers end."""

    def open(self, runtime_context: RuntimeContext) -> None:
        two = Types.TUPLE([Types.LONG(), Types.LONG()])
        self.total = runtime_context.get_state(ValueStateDescriptor("total", two))
        self.last = runtime_context.get_list_state(ListStateDescriptor("last", Types.LONG()))
        self.windows = runtime_context.get_map_state(
            MapStateDescriptor("windows", Types.LONG(), Types.LONG())
        )
        self.most = runtime_context.get_reducing_state(
            ReducingStateDescriptor("most", max, Types.LONG())
        )

    def process_element(self, reading: Any, ctx: KeyedProcessFunction.Context) -> Iterator[Total]:
        count, total = self.total.value() or (0, 0)
        count, total = count + 1, total + reading.n
        self.total.update((count, total))
        self.most.add(reading.n % 1009)
        self.last.update([*self.last.get(), reading.n][-3:])
        end = reading.at // WINDOW_MS * WINDOW_MS + WINDOW_MS
        self.windows[end] = (self.windows[end] or 0) + 1
        ctx.timer_service().register_event_time_timer(end)
        yield Total(reading.key, reading.n, count, total, self.most.get(), list(self.last.get()))

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Any]:
        yield WINDOWS, Window(ctx.get_current_key(), timestamp, self.windows[timestamp])
        self.windows.remove(timestamp)
