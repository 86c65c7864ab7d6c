# SPDX-License-Identifier: Apache-2.0
"""Parts of functions_in_batches.py: functions that take whole batches, beside PyFlink's own way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NotRequired, TypedDict

from pyflink.common import Types, WatermarkStrategy
from pyflink.common.watermark_strategy import TimestampAssigner
from pyflink.datastream import (
    DataStream,
    KeyedProcessFunction,
    OutputTag,
    ProcessFunction,
    RuntimeContext,
)
from pyflink.datastream.state import ValueStateDescriptor

from flinksec_jobs import (
    SecureJob,
    fast,
    key_by_field,
    map_batches,
    process_batches,
    record,
    row_type,
)
from tests.servers.programs.jobs_of_one_process import ending, warnings_of_fast


class Note(TypedDict):
    text: str
    stars: NotRequired[int | None]


@record
class Item:
    name: str
    weights: list[float]


@record
class Sale:
    user: str
    amount: int
    at: int
    item: Item | None
    items: list[Item]
    note: Note


@record
class Sum:
    user: str
    total: int
    last: list[int]


class OfSale(TimestampAssigner):  # type: ignore[misc]
    """The time that a sale holds."""

    def extract_timestamp(self, value: Any, _record_timestamp: int) -> int:
        return int(value.at)


class Times(ProcessFunction):  # type: ignore[misc]
    """Tells each element with its time."""

    def __init__(self, name: str) -> None:
        self.name = name

    def process_element(self, value: Any, ctx: ProcessFunction.Context) -> Iterator[str]:
        yield f"{self.name}\t{value.user}\t{ctx.timestamp()} {value.total} {value.last}"


LARGE = OutputTag("large", row_type(Sum))


class Sums(KeyedProcessFunction):  # type: ignore[misc]
    """The sum of each user, as PyFlink has it done."""

    def open(self, runtime_context: RuntimeContext) -> None:
        self.sum = runtime_context.get_state(ValueStateDescriptor("state", row_type(Sum)))

    def process_element(self, sale: Any, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        held = self.sum.value() or Sum(sale.user, 0, [])
        made = Sum(sale.user, held.total + sale.amount, [*held.last[-2:], sale.amount])
        self.sum.update(made)
        if sale.amount % 9 == 0:
            yield LARGE, made
        if sale.amount % 13 == 0:
            self.sum.clear()
        yield made


class Adds:
    """The same for whole batches, by one that is opened."""

    def open(self, _runtime_context: RuntimeContext) -> None:
        self.seen: dict[int, int] = {}

    def __call__(self, sales: list[Sale], held: Sum | None) -> tuple[list[Any], Sum | None]:
        assert {type(sale) for sale in sales} == {Sale}
        assert len({sale.user for sale in sales}) == 1
        assert held is None or type(held) is Sum
        self.seen[len(sales)] = self.seen.get(len(sales), 0) + 1
        made: list[Any] = []
        for sale in sales:
            held = held or Sum(sale.user, 0, [])
            held = Sum(sale.user, held.total + sale.amount, [*held.last[-2:], sale.amount])
            if sale.amount % 9 == 0:
                made.append((LARGE, held))
            made.append(held)
            if sale.amount % 13 == 0:
                held = None
        if held is not None:
            held.last.append(-1)
            held.last.pop()
        return made, held


def scored(sales: list[Sale]) -> list[Sum]:
    """One for each, from what is inside of it; tells of a batch by its length."""
    for sale in sales:
        assert type(sale) is Sale
        assert sale.item is None or type(sale.item) is Item
        assert {type(item) for item in sale.items} <= {Item}
        assert type(sale.note) is dict
    return [
        Sum(sale.user, len(sale.note["text"]), [sale.amount, sale.note.get("stars") or 0])
        for sale in sales
    ]


def score(sale: Any) -> Sum:
    """The same for each record alone."""
    return Sum(sale.user, len(sale.note.text), [sale.amount, sale.note.stars or 0])


def both(one: Any, other: Any) -> Any:
    """One sale of two, as reduce takes it."""
    return replace(
        Sale.of(one),  # type: ignore[attr-defined]
        amount=one.amount + other.amount,
        at=other.at,
    )


def halves(sales: list[Sale]) -> Iterator[Sum]:
    """Without state, and not for each."""
    yield from (Sum(sale.user, sale.at, []) for sale in sales if sale.amount % 2)


def plain(stream: DataStream) -> list[DataStream]:
    """By PyFlink's own way."""
    by_user = key_by_field(stream, "user")
    sums = by_user.process(Sums(), row_type(Sum))
    return [
        stream.map(score, row_type(Sum)),
        by_user.map(score, row_type(Sum)),
        sums,
        sums.get_side_output(LARGE),
        stream.filter(lambda sale: sale.amount % 2).map(
            lambda sale: Sum(sale.user, sale.at, []), row_type(Sum)
        ),
        by_user.reduce(both).map(lambda sale: Sum(sale.user, sale.amount, []), row_type(Sum)),
    ]


def whole(stream: DataStream) -> list[DataStream]:
    """By whole batches."""
    by_user = key_by_field(stream, "user")
    sums = process_batches(by_user, Adds(), Sum, state=Sum)
    return [
        map_batches(stream, scored, Sum),
        map_batches(by_user, scored, row_type(Sum)),
        sums,
        sums.get_side_output(LARGE),
        process_batches(by_user, halves, Sum),
        fast(by_user).reduce(both).map(lambda sale: Sum(sale.user, sale.amount, []), row_type(Sum)),
    ]


KINDS = ("map", "keyed map", "sums", "large", "halves", "reduce")


def sale_of(number: int) -> Sale:
    items = [Item(f"i{n}", [0.5] * n) for n in range(number % 3)]
    note: Any = {"text": "t" * (number % 4)} | ({} if number % 2 else {"stars": number})
    return Sale(
        f"u{number % 5}",
        number * 7 % 31,
        number * 3,
        items[0] if items else None,
        items,
        note,
    )


def whole_compared() -> dict[str, dict[str, list[str]]]:
    """What came, by the way and by what did it and the user."""
    sales = [sale_of(number) for number in range(150)]
    with SecureJob("whole") as job:
        job.env.set_parallelism(1)
        stream = job.env.from_collection(sales, type_info=row_type(Sale))
        timed = stream.assign_timestamps_and_watermarks(
            WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(OfSale())
        )
        outs = [
            out.process(Times(f"{way}\t{kind}"), Types.STRING())
            for way, build in (("plain", plain), ("whole", whole))
            for kind, out in zip(KINDS, build(timed), strict=True)
        ]
        came: dict[str, dict[str, list[str]]] = {"plain": {}, "whole": {}}
        with outs[0].union(*outs[1:]).execute_and_collect() as lines:
            for line in lines:
                way, kind, user, text = line.split("\t")
                came[way].setdefault(f"{kind} {user}", []).append(text)
    return came


def one_less(numbers: list[int]) -> list[int]:
    return numbers[1:]


def fails(numbers: list[int]) -> list[int]:
    raise ValueError("some of them")


def one_wrong(numbers: list[int]) -> list[Any]:
    return ["a text" if number == 3 else number for number in numbers]


def no_state(_sales: list[Sale], _held: Sum | None) -> Any:
    return []


def other_record(items: list[Item]) -> list[Item]:
    return items


def whole_endings() -> dict[str, str]:
    """How jobs end whose functions of whole batches are wrong."""

    def numbers(job: SecureJob) -> DataStream:
        job.env.set_parallelism(1)
        return job.env.from_collection(list(range(9)), type_info=Types.LONG())

    def sales(job: SecureJob) -> DataStream:
        job.env.set_parallelism(1)
        made = [sale_of(number) for number in range(9)]
        return job.env.from_collection(made, type_info=row_type(Sale))

    return {
        "count": ending(lambda job: map_batches(numbers(job), one_less, Types.LONG())),
        "raises": ending(lambda job: map_batches(numbers(job), fails, Types.LONG())),
        "wrong type": ending(lambda job: map_batches(numbers(job), one_wrong, Types.LONG())),
        "no state": ending(
            lambda job: process_batches(key_by_field(sales(job), "user"), no_state, Sum, state=Sum)
        ),
        "other record": ending(lambda job: map_batches(sales(job), other_record, Item)),
        "no keys": ending(lambda job: process_batches(sales(job), halves, Sum)),
    }


def pairs(numbers: list[int]) -> list[tuple[int, int]]:
    return [(number, len(numbers)) for number in numbers]


def scored_as_arrow(batch: Any) -> Any:
    """What scored() does, by columns."""
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.compute as pc  # type: ignore[import-untyped]

    notes = pc.struct_field(batch.column("note"), "text")
    stars = pc.fill_null(pc.struct_field(batch.column("note"), "stars"), 0)
    pairs = zip(batch.column("amount").to_pylist(), stars.to_pylist(), strict=True)
    return pa.table(
        {
            "last": pa.array([list(pair) for pair in pairs], pa.list_(pa.int64())),
            "total": pc.utf8_length(notes),
            "user": batch.column("user"),
        }
    )


def whole_arrow() -> dict[str, list[str]]:
    """What came of lists of records, and of Arrow data."""
    sales = [sale_of(number) for number in range(60)]
    came: dict[str, list[str]] = {"records": [], "arrow": []}
    with SecureJob("arrow") as job:
        job.env.set_parallelism(1)
        stream = job.env.from_collection(sales, type_info=row_type(Sale))
        records = map_batches(stream, scored, Sum)
        arrow = map_batches(stream, scored_as_arrow, Sum, as_arrow=True)
        ways = [
            way.map(lambda row, name=name: f"{name}\t{row}", Types.STRING())
            for name, way in (("records", records), ("arrow", arrow))
        ]
        with ways[0].union(ways[1]).execute_and_collect() as lines:
            for line in lines:
                name, text = line.split("\t")
                came[name].append(text)
    return came


def whole_fallbacks() -> dict[str, Any]:
    """What is said where batches cannot be, and that the functions run all the same."""
    with warnings_of_fast() as said, SecureJob("fallbacks") as job:
        numbers = job.env.from_collection([1, 2, 3], type_info=Types.LONG())
        two = Types.TUPLE([Types.LONG(), Types.LONG()])
        with map_batches(numbers, pairs, two).execute_and_collect() as came:
            values = [list(pair) for pair in came]
    return {"said": said, "values": values}


PARTS: dict[str, Callable[[], Any]] = {
    "whole": whole_compared,
    "whole endings": whole_endings,
    "whole arrow": whole_arrow,
    "whole fallbacks": whole_fallbacks,
}
