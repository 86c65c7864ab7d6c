# SPDX-License-Identifier: Apache-2.0
"""Guarded functions that fail, and states that expire: as PyFlink has them, and in batches."""

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyflink.common import Time, Types, WatermarkStrategy
from pyflink.common.watermark_strategy import TimestampAssigner
from pyflink.datastream import KeyedProcessFunction, OutputTag, RuntimeContext
from pyflink.datastream.functions import AggregateFunction, FilterFunction
from pyflink.datastream.state import (
    AggregatingStateDescriptor,
    ListStateDescriptor,
    ReducingStateDescriptor,
    StateTtlConfig,
    ValueStateDescriptor,
)

from flinksec_jobs import SecureJob, fast, record, row_type
from tests.servers.programs.jobs_of_one_process import WAYS

SIDE = OutputTag("side", Types.STRING())
TTL_SECONDS = 1.0


class OfNumber(TimestampAssigner):  # type: ignore[misc]
    """The number is the time."""

    def extract_timestamp(self, value: Any, _record_timestamp: int) -> int:
        return int(value.n)


@record
class Number:
    n: int


class Fails(KeyedProcessFunction):  # type: ignore[misc]
    """Fails with every fifth number: it has changed states, registered a timer and yielded then."""

    def open(self, runtime_context: RuntimeContext) -> None:
        self.count = runtime_context.get_state(ValueStateDescriptor("count", Types.LONG()))
        self.list = runtime_context.get_list_state(ListStateDescriptor("list", Types.LONG()))

    def process_element(self, row: Any, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        number = row.n
        self.count.update((self.count.value() or 0) + 1)
        self.list.add(number)
        ctx.timer_service().register_event_time_timer(number + 20)
        yield SIDE, f"{number % 4}\t{number}"
        yield f"{number % 4}\t{number} {self.count.value()} {list(self.list.get())[-3:]}"
        if number % 5 == 0:
            raise ValueError("of five")

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[str]:
        told = self.count.value(), list(self.list.get())[-3:]
        yield f"{ctx.get_current_key()}\ttimer {timestamp} {told}"


class Written(FilterFunction):  # type: ignore[misc]
    """Writes lines to a file, and lets none through."""

    def __init__(self, file: Path) -> None:
        self._file = str(file)

    def filter(self, value: str) -> bool:
        with Path(self._file).open("a") as file:
            file.write(f"{value}\n")
        return False


def guarded(batch_records: int, directory: Path) -> dict[str, dict[str, list[str]]]:
    """What comes out by way, kind and key, of numbers with which a function fails."""
    file = directory / f"guarded-{batch_records}"
    overrides = {"python.batch_records": batch_records, "python.batch_wait": "10 s"}
    with SecureJob("guarded", overrides=overrides) as job:
        job.env.get_config().set_auto_watermark_interval(0)
        rows = [Number(n) for n in range(1, 200)]
        numbers = job.env.from_collection(rows, type_info=row_type(Number))
        timed = numbers.assign_timestamps_and_watermarks(
            WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(OfNumber())
        )
        outs = []
        for name, way in WAYS.items():
            fails = way(timed.key_by(lambda row: row.n % 4, Types.LONG())).process(
                job.guard(Fails(), on_error="skip"), Types.STRING()
            )
            streams = {"fails": fails, "side": fails.get_side_output(SIDE)}
            outs += [
                stream.map(lambda text, head=f"{name}\t{kind}": f"{head}\t{text}", Types.STRING())
                for kind, stream in streams.items()
            ]
        outs[0].union(*outs[1:]).filter(Written(file)).print()
    came: dict[str, dict[str, list[str]]] = {name: {} for name in WAYS}
    for line in file.read_text().splitlines():
        name, kind, key, text = line.split("\t", 3)
        came[name].setdefault(f"{kind} {key}", []).append(text)
    return came


def collected() -> dict[str, str]:
    """How jobs end that fail with an element, and leave out what would take it."""
    modes = {"plain": "thread", "fast": "thread", "processes": "process"}
    return {name: _collected(name, mode) for name, mode in modes.items()}


def _collected(name: str, mode: str) -> str:
    way = fast if name == "fast" else WAYS["plain"]
    try:
        with SecureJob("collected", overrides={"python.execution_mode": mode}) as job:
            numbers = job.env.from_collection([1, 0, 2], type_info=Types.LONG())
            inverses = way(numbers).map(job.guard(lambda n: 1 // n, on_error="skip"), Types.LONG())
            with inverses.execute_and_collect() as came:
                return str(list(came))
    except Exception as error:
        return str(error)


class Sum(AggregateFunction):  # type: ignore[misc]
    """A sum."""

    def create_accumulator(self) -> int:
        return 0

    def add(self, value: int, accumulator: int) -> int:
        return accumulator + value

    def get_result(self, accumulator: int) -> int:
        return accumulator

    def merge(self, one: int, other: int) -> int:
        return one + other


class Expires(KeyedProcessFunction):  # type: ignore[misc]
    """Tells at what time it found what in states that live for a second."""

    def __init__(self, renewed_by_reads: bool) -> None:
        self._renewed_by_reads = renewed_by_reads

    def open(self, runtime_context: RuntimeContext) -> None:
        builder = StateTtlConfig.new_builder(Time.milliseconds(int(TTL_SECONDS * 1000)))
        if self._renewed_by_reads:
            builder = builder.update_ttl_on_read_and_write()
        config = builder.never_return_expired().build()
        value = ValueStateDescriptor("value", Types.LONG())
        reducing = ReducingStateDescriptor("sum", lambda a, b: a + b, Types.LONG())
        aggregating = AggregatingStateDescriptor("mean", Sum(), Types.LONG())
        for descriptor in (value, reducing, aggregating):
            descriptor.enable_time_to_live(config)
        self.value = runtime_context.get_state(value)
        self.sum = runtime_context.get_reducing_state(reducing)
        self.all = runtime_context.get_aggregating_state(aggregating)

    def process_element(self, writes: int, ctx: KeyedProcessFunction.Context) -> Iterator[str]:
        before = time.time()
        found = self.value.value(), self.sum.get(), self.all.get()
        if writes:
            self.value.update((found[0] or 0) + 1)
            self.sum.add(1)
            self.all.add(1)
        yield f"{before} {writes} {[each or 0 for each in found]}"


def paced(writes: int) -> int:
    """Let some time pass before a record."""
    time.sleep(random.choice((0.1, 0.4, 0.7, 1.3, 1.6)))
    return writes


def expiring() -> dict[str, list[str]]:
    """What was found when, by way and by whether reads renew what they read."""
    with SecureJob("expiring") as job:
        writes = job.env.from_collection([1, 1, 0, 1, 0, 0, 1, 1, 1, 0, 1, 0], Types.LONG())
        # In a task of its own, so that batches are of one record.
        slow = writes.map(paced, Types.LONG()).rebalance()
        outs = []
        for name, way in WAYS.items():
            for renewed in (False, True):
                found = way(slow.key_by(lambda _: 0, Types.LONG())).process(
                    Expires(renewed), Types.STRING()
                )
                outs.append(
                    found.map(
                        lambda text, head=f"{name} {renewed}": f"{head}\t{text}", Types.STRING()
                    )
                )
        came: dict[str, list[str]] = {}
        with outs[0].union(*outs[1:]).execute_and_collect() as lines:
            for line in lines:
                name, text = line.split("\t")
                came.setdefault(name, []).append(text)
    return came
