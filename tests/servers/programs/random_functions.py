# SPDX-License-Identifier: Apache-2.0
"""Functions made at random, run by PyFlink's own way, and in batches in threads and processes.

What a function does with a record is drawn from its seed and the record, so all ways do the same.

    random_functions.py DIRECTORY SEED COUNT

Writes one object of JSON: what came, by the way, and by the function, its output and the key.
"""

from __future__ import annotations

import datetime
import json
import random
import sys
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from pyflink.common import Types, WatermarkStrategy
from pyflink.common.watermark_strategy import TimestampAssigner
from pyflink.datastream import DataStream, KeyedProcessFunction, OutputTag, RuntimeContext
from pyflink.datastream.functions import AggregateFunction
from pyflink.datastream.state import (
    AggregatingStateDescriptor,
    ListStateDescriptor,
    MapStateDescriptor,
    ReducingStateDescriptor,
    ValueStateDescriptor,
)

from flinksec_jobs import SecureJob, fast, key_by_field, record, row_type

ALPHABET = "aä𝄞\x00\ufeffz \n'\"\\"
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


@record
class Given:
    key: str
    n: int
    at: int


@record
class Inner:
    text: str
    numbers: list[int]


@record
class Held:
    text: str
    number: float
    when: datetime.datetime
    day: datetime.date
    exact: Decimal
    id: uuid.UUID
    inner: Inner | None
    inners: list[Inner]
    by_name: dict[str, int]
    raw: bytes


def text(chance: random.Random) -> str:
    return "".join(chance.choices(ALPHABET, k=chance.randrange(5)))


def inner(chance: random.Random) -> Inner:
    return Inner(text(chance), [chance.randrange(-9, 9) for _ in range(chance.randrange(3))])


def held(chance: random.Random) -> Held:
    return Held(
        text(chance),
        chance.uniform(-1e9, 1e9),
        EPOCH + datetime.timedelta(microseconds=chance.randrange(-(10**15), 10**16)),
        datetime.date.fromordinal(chance.randrange(1, 3_000_000)),
        Decimal(chance.randrange(-(10**12), 10**12)).scaleb(-3),
        uuid.UUID(int=chance.getrandbits(128)),
        inner(chance) if chance.random() < 0.5 else None,
        [inner(chance) for _ in range(chance.randrange(3))],
        {text(chance): chance.randrange(9) for _ in range(chance.randrange(3))},
        bytes(chance.randrange(256) for _ in range(chance.randrange(4))),
    )


def whole(chance: random.Random) -> int:
    return chance.choice((0, -1, 2**63 - 1, -(2**63), chance.randrange(100)))


KINDS: dict[str, tuple[Callable[[], Any], Callable[[random.Random], Any]]] = {
    "long": (Types.LONG, whole),
    "double": (Types.DOUBLE, lambda chance: chance.choice((0.5, 1e300, chance.random()))),
    "boolean": (Types.BOOLEAN, lambda chance: chance.random() < 0.5),
    "string": (Types.STRING, text),
    "tuple": (
        lambda: Types.TUPLE([Types.LONG(), Types.STRING()]),
        lambda chance: (whole(chance), text(chance)),
    ),
    "record": (lambda: row_type(Held), held),
    "pickled": (
        Types.PICKLED_BYTE_ARRAY,
        lambda chance: chance.choice(({"a": [1, (2,)]}, {1, 2}, "text", whole(chance))),
    ),
}
OF_KEYS = ("long", "string", "boolean")


class Joined(AggregateFunction):  # type: ignore[misc]
    """Counts, and adds."""

    def create_accumulator(self) -> tuple[int, int]:
        return 0, 0

    def add(self, value: int, accumulator: tuple[int, int]) -> tuple[int, int]:
        return accumulator[0] + 1, (accumulator[1] + value) % 1000

    def get_result(self, accumulator: tuple[int, int]) -> str:
        return f"{accumulator[0]}: {accumulator[1]}"

    def merge(self, one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
        return one[0] + other[0], one[1] + other[1]


def shorter(one: Any, other: Any) -> Any:
    return min(one, other, key=lambda each: (len(repr(each)), repr(each)))


def made(context: Any, name: str, form: str, kind: str, of_key: str) -> Any:
    flink = KINDS[kind][0]()
    if form == "value":
        return context.get_state(ValueStateDescriptor(name, flink))
    if form == "list":
        return context.get_list_state(ListStateDescriptor(name, flink))
    if form == "map":
        return context.get_map_state(MapStateDescriptor(name, KINDS[of_key][0](), flink))
    if form == "reducing":
        return context.get_reducing_state(ReducingStateDescriptor(name, shorter, flink))
    two = Types.TUPLE([Types.LONG(), Types.LONG()])
    return context.get_aggregating_state(AggregatingStateDescriptor(name, Joined(), two))


class AtRandom(KeyedProcessFunction):  # type: ignore[misc]
    """A function of a seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.side = OutputTag(f"side{seed}", Types.STRING())

    def open(self, runtime_context: RuntimeContext) -> None:
        chance = random.Random(self.seed)
        self.states: list[tuple[str, str, str, Any]] = []
        for number in range(chance.randrange(1, 5)):
            name, kind = f"s{number}", chance.choice(list(KINDS))
            if chance.random() < 0.3:  # often only such as stay in Python
                kind = chance.choice(("long", "double", "boolean"))
            form = chance.choice(("value", "value", "list", "map", "reducing", "aggregating"))
            of_key = chance.choice(OF_KEYS)
            state = made(runtime_context, name, form, kind, of_key)
            self.states.append((form, kind, of_key, state))

    def act(self, chance: random.Random) -> None:
        for form, kind, of_key, state in self.states:
            value, key = KINDS[kind][1], KINDS[of_key][1]
            act = chance.randrange(6)
            if act == 0:
                state.clear()
            elif form == "value" and act > 1:
                state.update(value(chance))
            elif form == "list" and act > 1:
                values = [value(chance) for _ in range(1 + chance.randrange(3))]
                (state.update if act == 2 else state.add_all)(values)
            elif form == "map" and act > 1:
                if act == 2:
                    state.remove(key(chance))
                elif act == 3:
                    state.put_all({key(chance): value(chance) for _ in range(2)})
                else:
                    state.put(key(chance), value(chance))
            elif form == "reducing" and act > 1:
                state.add(value(chance))
            elif form == "aggregating" and act > 1:
                state.add(chance.randrange(100))

    def told(self) -> str:
        parts = []
        for form, _, of_key, state in self.states:
            if form == "value":
                parts.append(shown(state.value()))
            elif form == "list":
                parts.append(shown(list(state.get() or ())))
            elif form == "map":
                items = sorted((shown(k), shown(v)) for k, v in state.items())
                parts.append(f"{items} {state.is_empty()} {len(list(state.keys()))}")
                parts.append(shown(state.contains(KINDS[of_key][1](random.Random(3)))))
            else:
                parts.append(shown(state.get()))
        return " | ".join(parts)

    def process_element(self, given: Any, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        chance = random.Random(f"{self.seed} {given.n}")
        self.act(chance)
        timers = ctx.timer_service()
        for _ in range(chance.randrange(3)):
            when = given.at + chance.randrange(-20, 60)
            register = chance.random() < 0.7
            (timers.register_event_time_timer if register else timers.delete_event_time_timer)(when)
        if chance.random() < 0.2:
            yield self.side, f"{given.key}\t{given.n}"
        for _ in range(chance.choice((0, 1, 1, 1, 2))):
            now = f"{given.n} {ctx.timestamp()} {timers.current_watermark()}"
            yield f"{given.key}\t{now} {self.told()}"
        if chance.random() < 0.1:
            self.act(chance)

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Any]:
        key = ctx.get_current_key()
        chance = random.Random(f"{self.seed} {key} {timestamp}")
        self.act(chance)
        if chance.random() < 0.3:
            ctx.timer_service().register_event_time_timer(timestamp + chance.randrange(1, 40))
        if chance.random() < 0.2:
            yield self.side, f"{key}\tat {timestamp}"
        yield f"{key}\ttimer {timestamp} {ctx.time_domain().name} {self.told()}"


def shown(value: Any) -> str:
    """A value in one way, whether it is a record or the row that stands for one."""
    if (hasattr(value, "_values") and hasattr(value, "as_dict")) or type(value) in (Held, Inner):
        names = ("text", "numbers") if not hasattr(value, "inners") else tuple(Held.__annotations__)
        return "{" + ", ".join(shown(getattr(value, name)) for name in names) + "}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(shown, value))}]"
    if isinstance(value, dict):
        return f"{sorted((shown(k), shown(v)) for k, v in value.items())}"
    return repr(value)


class OfGiven(TimestampAssigner):  # type: ignore[misc]
    """The time that a record holds."""

    def extract_timestamp(self, value: Any, _record_timestamp: int) -> int:
        return int(value.at)


def at_random(
    directory: Path, seed: int, count: int, way: tuple[str, str] | None
) -> dict[str, list[str]]:
    """What some functions gave, by function, output and key.

    Args:
        directory: for checkpoints.
        seed: of the first; each other has the next one.
        count: of functions.
        way: where those in batches run, and the state backend; None for PyFlink's own way.
    """
    mode, backend = way or ("thread", "hashmap")
    chance = random.Random(seed)
    records = [
        Given(f"k{chance.randrange(4)}", n, n * 3 + chance.randrange(-6, 7)) for n in range(150)
    ]
    overrides = {
        "python": {
            "batch_execution_mode": mode,
            "batch_records": chance.choice((1, 2, 7, 1000)),
        },
        "state": {
            "directory": str(directory / f"{mode}-{backend}"),
            "sealed": False,
            "backend": backend,
            "checkpoint_interval": "100 ms" if way else "10 min",
        },
        "job": {"resume": "never"},
    }
    came: dict[str, list[str]] = {}
    with SecureJob(f"random-{seed}-{mode}-{backend}", overrides=overrides) as job:
        job.env.set_parallelism(1)
        job.env.get_config().set_auto_watermark_interval(0)
        source = job.env.from_collection(records, type_info=row_type(Given))
        timed = source.assign_timestamps_and_watermarks(
            WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(OfGiven())
        )
        outs: list[DataStream] = []
        keyed: Any = key_by_field(timed, "key")
        for number in range(seed, seed + count):
            function = AtRandom(number)
            made = (fast(keyed) if way else keyed).process(function, Types.STRING())
            for kind, out in (("main", made), ("side", made.get_side_output(function.side))):
                head = f"{number} {kind}"
                outs.append(out.map(lambda line, head=head: f"{head} {line}", Types.STRING()))
        with outs[0].union(*outs[1:]).execute_and_collect() as lines:
            for line in lines:
                key, text = line.split("\t", 1)
                came.setdefault(key, []).append(text)
    return came


WAYS: dict[str, tuple[str, str] | None] = {
    "plain": None,
    "threads": ("thread", "hashmap"),
    "processes": ("process", "hashmap"),
    "rocksdb": ("thread", "rocksdb"),
}


if __name__ == "__main__":
    place, first, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    gave = {name: at_random(place, first, count, way) for name, way in WAYS.items()}
    (place / "came.json").write_text(json.dumps(gave))
