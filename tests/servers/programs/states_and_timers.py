# SPDX-License-Identifier: Apache-2.0
"""Parts of functions_in_batches.py: states, timers, side outputs and contexts, in both ways."""

import gc
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyflink.common import Duration, Types, WatermarkStrategy
from pyflink.common.watermark_strategy import TimestampAssigner
from pyflink.datastream import (
    DataStream,
    KeyedProcessFunction,
    OutputTag,
    ProcessFunction,
    RuntimeContext,
)
from pyflink.datastream.functions import AggregateFunction
from pyflink.datastream.state import (
    AggregatingStateDescriptor,
    ListStateDescriptor,
    MapStateDescriptor,
    ReducingStateDescriptor,
    ValueStateDescriptor,
)

from flinksec_jobs import SecureJob, fast, key_by_field, record, row_type
from tests.servers.programs.jobs_of_one_process import WAYS


@record
class Order:
    user: str
    amount: int
    at: int


@record
class Total:
    user: str
    total: int
    seen: list[int]


SIDE = OutputTag("large", row_type(Order))
TEXTS = OutputTag("texts", Types.STRING())


class OfOrder(TimestampAssigner):  # type: ignore[misc]
    """The time that an order holds."""

    def extract_timestamp(self, value: Any, _record_timestamp: int) -> int:
        return int(value.at)


class Mean(AggregateFunction):  # type: ignore[misc]
    """The mean of whole numbers, rounded down."""

    def create_accumulator(self) -> tuple[int, int]:
        return 0, 0

    def add(self, value: int, accumulator: tuple[int, int]) -> tuple[int, int]:
        return accumulator[0] + value, accumulator[1] + 1

    def get_result(self, accumulator: tuple[int, int]) -> int:
        return accumulator[0] // accumulator[1]

    def merge(self, one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
        return one[0] + other[0], one[1] + other[1]


class EveryState(KeyedProcessFunction):  # type: ignore[misc]
    """Keeps states of every kind, and tells all of them for each order and timer."""

    def open(self, runtime_context: RuntimeContext) -> None:
        two = Types.TUPLE([Types.LONG(), Types.LONG()])
        self.pair = runtime_context.get_state(ValueStateDescriptor("pair", two))
        self.total = runtime_context.get_state(ValueStateDescriptor("total", row_type(Total)))
        self.any = runtime_context.get_state(
            ValueStateDescriptor("any", Types.PICKLED_BYTE_ARRAY())
        )
        self.list = runtime_context.get_list_state(ListStateDescriptor("list", Types.LONG()))
        self.map = runtime_context.get_map_state(
            MapStateDescriptor("map", Types.STRING(), row_type(Order))
        )
        self.sum = runtime_context.get_reducing_state(
            ReducingStateDescriptor("sum", lambda one, other: one + other, Types.LONG())
        )
        self.mean = runtime_context.get_aggregating_state(
            AggregatingStateDescriptor("mean", Mean(), two)
        )
        self.counter = runtime_context.get_metrics_group().counter("orders")

    def process_element(self, order: Any, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        self.counter.inc()
        if order.amount == 9:
            gc.collect()  # which meets whatever has been counted wrongly
        count, total = self.pair.value() or (0, 0)
        self.pair.update((count + 1, total + order.amount))
        held = self.total.value() or Total(user=order["user"], total=0, seen=[])
        held.seen.append(-1)  # which nobody puts back, and so is nowhere
        self.total.update(
            Total(order[0], held.total + order.amount, [*held.seen[:-1], order.amount][-3:])
        )
        known = self.any.value() or {}
        known[order.amount % 3] = order
        if order.amount % 2:
            self.any.update(known)
        self.list.add(order.amount)
        if order.amount % 5 == 0:
            self.list.update([0])
        if order.amount % 7 == 0:
            self.map.remove("k0")
        self.map.put(f"k{order.amount % 4}", Order("m", order.amount, 0))
        self.sum.add(order.amount)
        self.mean.add(order.amount)
        if order.amount % 11 == 0:
            self.sum.clear()
        timers = ctx.timer_service()
        timers.register_event_time_timer(order.at + 100)
        if order.amount % 4 == 0:
            timers.delete_event_time_timer(order.at + 100)
        if order.amount % 9 == 0:
            yield SIDE, order
            yield TEXTS, f"{order.user}: {order.amount}"
        now = timers.current_watermark(), ctx.timestamp(), ctx.get_current_key()
        yield f"{order.user}\torder {order.amount} {now} {self.told()}"

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[str]:
        count, total = self.pair.value()
        self.pair.update((count, total + 1))
        timers = ctx.timer_service()
        if timestamp % 3 == 0:  # earlier than others that wait, and one that goes
            timers.register_event_time_timer(timestamp + 1)
            timers.delete_event_time_timer(timestamp + 7)
        if timestamp % 10 == 0:
            self.map.clear()
        domain = ctx.time_domain().name
        yield f"{ctx.get_current_key()}\ttimer {timestamp} {domain} {self.told()}"

    def told(self) -> list[Any]:
        return [
            self.pair.value(),
            repr(self.total.value()),
            repr(sorted((self.any.value() or {}).items())),
            list(self.list.get()),
            sorted((key, repr(value)) for key, value in self.map.items()),
            self.map.contains("k1"),
            self.map.is_empty(),
            self.sum.get(),
            self.mean.get(),
        ]


class SmallStates(KeyedProcessFunction):  # type: ignore[misc]
    """Keeps only states that may stay in Python from batch to batch."""

    def open(self, runtime_context: RuntimeContext) -> None:
        two = Types.TUPLE([Types.LONG(), Types.DOUBLE()])
        self.pair = runtime_context.get_state(ValueStateDescriptor("pair", two))
        self.sum = runtime_context.get_reducing_state(
            ReducingStateDescriptor("sum", lambda one, other: one + other, Types.LONG())
        )

    def process_element(self, order: Any, ctx: KeyedProcessFunction.Context) -> Iterator[str]:
        count, mean = self.pair.value() or (0, 0.0)
        self.pair.update((count + 1, mean + order.amount / 2))
        self.sum.add(order.amount)
        ctx.timer_service().register_event_time_timer(order.at + 20)
        if order.amount % 11 == 0:
            self.sum.clear()
        yield f"{order.user}\t{self.pair.value()} {self.sum.get()}"

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[str]:
        if timestamp % 2:
            self.pair.clear()
        self.sum.add(timestamp)
        yield f"{ctx.get_current_key()}\t{timestamp} {self.pair.value()} {self.sum.get()}"


class Ticks(KeyedProcessFunction):  # type: ignore[misc]
    """Registers timers of the machine's time, and deletes those of one key."""

    def process_element(self, order: Any, ctx: KeyedProcessFunction.Context) -> Iterator[str]:
        when = ctx.timer_service().current_processing_time() // 1000 * 1000 + 100
        ctx.timer_service().register_processing_time_timer(when)
        if order.user == "u1":
            ctx.timer_service().delete_processing_time_timer(when)
        yield from ()

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[str]:
        late = ctx.timer_service().current_processing_time() >= timestamp
        yield f"{ctx.get_current_key()}\t{ctx.time_domain().name} {late} {ctx.timestamp() is None}"


class Unkeyed(ProcessFunction):  # type: ignore[misc]
    """Has no keys, but times and side outputs."""

    def process_element(self, order: Any, ctx: ProcessFunction.Context) -> Iterator[Any]:
        if order.amount % 9 == 0:
            yield TEXTS, f"{order.user} {order.amount}"
        mark = ctx.timer_service().current_watermark()
        yield f"{order.user}\t{ctx.timestamp()} {mark} {order.as_dict()}"


def slowly(order: Any) -> Any:
    """Let the machine's time pass before the last order comes."""
    if order.user == "last":
        time.sleep(0.5)
    return order


def compared() -> dict[str, Any]:
    """The same functions in both ways."""
    orders = [Order(f"u{n % 5}", n * 7 % 31, n * 3) for n in range(120)]
    orders.append(Order("last", 1, 400))
    with SecureJob("compared") as job:
        job.env.get_config().set_auto_watermark_interval(0)
        source = job.env.from_collection(orders, type_info=row_type(Order))
        timed = source.assign_timestamps_and_watermarks(
            WatermarkStrategy.for_bounded_out_of_orderness(
                Duration.of_millis(5)
            ).with_timestamp_assigner(OfOrder())
        ).map(slowly, row_type(Order))
        outs: list[DataStream] = []
        for name, way in WAYS.items():
            kinds = {
                "states": way(key_by_field(timed, "user")).process(EveryState(), Types.STRING()),
                "small": way(key_by_field(timed, "user")).process(SmallStates(), Types.STRING()),
                "ticks": way(key_by_field(timed, "user")).process(Ticks(), Types.STRING()),
                "unkeyed": way(timed).process(Unkeyed(), Types.STRING()),
                "flat": way(timed).flat_map(
                    lambda order: [f"{order.user}\t{n}" for n in range(order.amount % 3)],
                    Types.STRING(),
                ),
                "filter": way(way(timed).filter(lambda order: order.amount % 2)).map(repr),
                "pickled": way(way(timed).map(lambda order: (order.user, {"a": order.amount}))).map(
                    lambda each: f"{each[0]}\t{each[1]}"
                ),
                "keyed": way(timed.key_by(lambda order: order.amount % 4)).map(
                    lambda order: f"{order.amount}"
                ),
            }
            kinds["large"] = kinds["states"].get_side_output(SIDE).map(repr)
            kinds["texts"] = kinds["states"].get_side_output(TEXTS)
            kinds["more texts"] = kinds["unkeyed"].get_side_output(TEXTS)
            outs += [
                stream.map(
                    lambda text, name=name, kind=kind: f"{name}\t{kind}\t{text}", Types.STRING()
                )
                for kind, stream in kinds.items()
            ]
        came: dict[str, dict[str, list[str]]] = {name: {} for name in WAYS}
        with outs[0].union(*outs[1:]).execute_and_collect() as lines:
            for line in lines:
                name, kind, text = line.split("\t", 2)
                key = text.split("\t")[0] if "\t" in text else ""
                came[name].setdefault(f"{kind} {key}", []).append(text)
    return came


def many_keys() -> list[list[int]]:
    """Running sums of more keys than may stay in Python, each of which comes more than once."""
    orders = [Order(f"u{n * 7919 % 11_000}", n, 0) for n in range(24_000)]

    class Running(SmallStates):
        def process_element(self, order: Any, ctx: Any) -> Iterator[Any]:
            count, total = self.pair.value() or (0, 0.0)
            self.pair.update((count + 1, total + order.amount))
            yield Order(order.user, order.amount, int(total + order.amount))

    with SecureJob("many-keys") as job:
        source = job.env.from_collection(orders, type_info=row_type(Order))
        made = fast(key_by_field(source, "user")).process(Running(), row_type(Order))
        with made.execute_and_collect() as rows:
            return [[int(row.user[1:]), row.amount, row.at] for row in rows]


def lone(came: Path) -> float:
    """How long a record waits that nothing follows until it has come, in seconds."""
    with SecureJob("lone", overrides={"python.batch_wait": "90 s"}) as job:
        numbers = job.env.from_collection([1, 2], type_info=Types.LONG())

        def sent(number: int) -> float:
            end = time.time() + 60
            while number == 2 and not came.exists() and time.time() < end:
                time.sleep(0.05)
            return time.time()

        def waited(at: float) -> float:
            came.touch()
            return time.time() - at

        # In a task of its own, which the sleep does not keep from work.
        waits = fast(numbers.map(sent, Types.DOUBLE()).rebalance()).map(waited, Types.DOUBLE())
        with waits.execute_and_collect() as found:
            return float(next(iter(found)))
