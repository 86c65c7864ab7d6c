# SPDX-License-Identifier: Apache-2.0
"""A job whose records, defined here in the script, cross into Python and back in every way."""

import dataclasses
import enum
import json
import os
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, NotRequired, TypedDict
from uuid import UUID

from pyflink.common import Types
from pyflink.datastream import (
    DataStream,
    KeyedProcessFunction,
    OutputTag,
    RuntimeContext,
)
from pyflink.datastream.functions import MapFunction
from pyflink.datastream.state import ListStateDescriptor, MapStateDescriptor, ValueStateDescriptor
from pyflink.table import StreamTableEnvironment
from pyflink.table.expressions import col

from flinksec_jobs import FlinkSecError, SecureJob, fast, field, key_by_field, record, row_type


@record
class Place:
    name: str
    lat: float | None
    tags: list[str] | None


class Colour(enum.Enum):
    RED = "red"
    GREEN = "grün"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = -(2**63)


Money = Annotated[Decimal, field(precision=12, scale=2)]


@record
class Leg:
    at: datetime
    maybe_on: date | None
    cost: Money
    colour: Colour
    place: Place
    maybe_places: list[Place | None] | None
    ids: dict[str, UUID]


class Note(TypedDict):
    text: str
    size: Size
    at: NotRequired[datetime]


@record
class Typed:
    at: datetime
    maybe_at: datetime | None
    on: date
    maybe_on: date | None
    cost: Money
    any_number: Decimal
    maybe_number: Decimal | None
    uuid: UUID
    maybe_uuid: UUID | None
    colour: Colour
    maybe_size: Size | None
    way: Literal["up", "down"]
    maybe_step: Literal[1, 2] | None
    leg: Leg
    maybe_leg: Leg | None
    legs: list[Leg]
    maybe_legs: list[Leg | None] | None
    groups: list[list[Leg]]
    by_name: dict[str, Leg]
    maybe_by_name: dict[str, list[Leg] | None] | None
    dicts: list[dict[str, Leg]]
    notes: list[Note]
    note: Note
    times: list[datetime | None]
    days: dict[str, date]
    costs: list[Money]
    uuids: list[list[UUID]]
    colours: dict[str, list[Colour | None]]
    renamed: str = field(alias="tail-number")


@record
class Stop:
    at: datetime
    cost: Money


@record
class Doc:
    """What goes to every sink; documents lack its last three fields."""

    uid: UUID
    at: datetime
    day: date
    cost: Money
    any_number: Decimal
    colour: Colour
    stops: list[Stop]
    by_name: dict[str, Stop]
    tail: Annotated[str, field(alias="tail-number")]
    size: Size = Size.SMALL
    note: str | None = "none"
    times: list[datetime] = field(default_factory=list)


@record
class Everything:
    id: str
    typed: Typed
    maybe_typed: Typed | None
    many: list[Place]
    text: str
    maybe_text: str | None
    number: int
    maybe_number: int | None
    real: float
    maybe_real: float | None
    flag: bool
    maybe_flag: bool | None
    raw: bytes
    maybe_raw: bytes | None
    place: Place
    maybe_place: Place | None
    texts: list[str]
    maybe_texts: list[str | None] | None
    numbers: list[int]
    reals: list[float | None] | None
    flags: list[bool]
    raws: list[bytes | None]
    lists: list[list[int]]
    maybe_lists: list[list[str | None] | None] | None
    counts: dict[str, int]
    maybe_counts: dict[str, int | None] | None
    groups: dict[str, list[str]]
    maybe_groups: dict[str, list[float | None] | None] | None
    dicts: list[dict[str, str]]
    _under: str | None


@record
class Seen:
    id: str
    problems: list[str]


def way(stream: DataStream) -> Any:
    """The stream, or the same whose functions run in batches."""
    return fast(stream) if "BATCHES" in os.environ else stream


SIDE = OutputTag("side", row_type(Everything))
KEPT: list[tuple[Any, str]] = []


def unnatural(typed: Any) -> list[str]:
    """Which values of a row or record are not of the classes that its record names."""
    places = {
        "at": (typed.at, datetime),
        "on": (typed.on, date),
        "cost": (typed.cost, Decimal),
        "uuid": (typed.uuid, UUID),
        "colour": (typed.colour, Colour),
        "leg.at": (typed.leg.at, datetime),
        "leg.colour": (typed.leg.colour, Colour),
    }
    for number, leg in enumerate([*typed.legs, *typed.by_name.values()]):
        places |= {f"legs {number} at": (leg.at, datetime), f"{number} cost": (leg.cost, Decimal)}
        places |= {f"{number} {name}": (each, UUID) for name, each in leg.ids.items()}
    found = [
        f"{name} is a {type(value).__name__}"
        for name, (value, cls) in places.items()
        if type(value) is not cls
    ]
    if typed.at.tzinfo is not UTC:
        found.append("a time is not in UTC")
    return found


def look(row: Any) -> Seen:
    """Compare a row with the record made of it, and with the one kept from the call before."""
    problems = []
    made: Any = Everything.of(row)  # type: ignore[attr-defined]
    again = dataclasses.replace(made)
    if again != made or [field.name for field in dataclasses.fields(made)] != row._fields:
        problems.append("replace, == or fields")
    if dataclasses.asdict(made)["id"] != row.id or row._under != made._under:
        problems.append("asdict, or a name with an underscore")
    problems += unnatural(row.typed) + unnatural(made.typed)
    if type(made.typed.legs) is not list or any(type(leg) is not Leg for leg in made.typed.legs):
        problems.append("of() leaves rows in a list")
    if type(made.typed.note) is not dict or type(made.typed.notes) is not list:
        problems.append("of() makes no dict of a TypedDict")
    if type(made.place) is not Place or type(made.texts) is not list:
        problems.append("of() leaves rows, or gives no list")
    if type(row.texts) is not list or row.texts != made.texts:
        problems.append(f"a list is a {type(row.texts).__name__}")
    if KEPT and repr(KEPT[-1][0]) != KEPT[-1][1]:
        problems.append("a row that was kept has changed")
    KEPT[:] = [(row, repr(row))]
    return Seen(row.id, problems)


class Copy(MapFunction):  # type: ignore[misc]
    """Makes a record of a row, with a type asked for where it runs."""

    def open(self, runtime_context: RuntimeContext) -> None:
        assert row_type(Everything).get_field_names()[0] == "id"

    def map(self, value: Any) -> Any:
        return Everything.of(value)  # type: ignore[attr-defined]


class Keep(KeyedProcessFunction):  # type: ignore[misc]
    """Returns what it has put into states of several kinds."""

    def open(self, runtime_context: RuntimeContext) -> None:
        self.rows = runtime_context.get_state(ValueStateDescriptor("row", row_type(Everything)))
        self.text = runtime_context.get_state(ValueStateDescriptor("text", Types.STRING()))
        self.texts = runtime_context.get_list_state(ListStateDescriptor("texts", Types.STRING()))
        self.by_text = runtime_context.get_map_state(
            MapStateDescriptor("map", Types.STRING(), Types.LONG())
        )
        self.typed = runtime_context.get_map_state(
            MapStateDescriptor("typed", Types.STRING(), row_type(Typed))
        )
        self.legs = runtime_context.get_list_state(ListStateDescriptor("legs", row_type(Leg)))
        self.at = runtime_context.get_state(ValueStateDescriptor("at", Types.INSTANT()))

    def process_element(self, value: Any, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        assert self.rows.value() is None
        made: Any = Everything.of(value)  # type: ignore[attr-defined]
        self.rows.update(made)
        self.text.update(made.text)
        self.texts.add(made.text)
        self.by_text.put(made.text, made.number)
        self.typed.put(made.text, made.typed)
        self.legs.update(made.typed.legs)
        self.at.update(made.typed.at)
        assert self.at.value() == made.typed.at, "a time in ValueState"
        again = [Typed.of(each) for each in self.typed.values()]  # type: ignore[attr-defined]
        assert again == [made.typed], "a record in MapState"
        legs = [Leg.of(leg) for leg in self.legs.get()]  # type: ignore[attr-defined]
        assert legs == made.typed.legs, "records in ListState"
        assert self.text.value() == made.text, "a text in ValueState"
        assert list(self.texts) == [made.text], "a text in ListState"
        assert list(self.by_text.items()) == [(made.text, made.number)], "a text in MapState"
        assert self.by_text.contains(made.text), "a key of MapState"
        assert ctx.get_current_key() == value.id, "the key"
        kept = Everything.of(self.rows.value())  # type: ignore[attr-defined]
        yield SIDE, kept
        yield kept


class Keyed(KeyedProcessFunction):  # type: ignore[misc]
    """Asks for the key of a row, by a field that is no text."""

    def __init__(self, field_name: str) -> None:
        self._field = field_name

    def process_element(self, value: Any, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        key, wanted = ctx.get_current_key(), getattr(value, self._field)
        same = key == wanted and type(key) is type(wanted)
        yield Seen(f"{self._field} {value.renamed}", [] if same else [f"the key {self._field}"])


KEYS = ("at", "on", "cost", "any_number", "uuid", "colour", "way")


def every_key(source: DataStream) -> Iterator[DataStream]:
    """Key by each kind of field."""
    typed = way(source).map(lambda row: row.typed, row_type(Typed))
    for name in KEYS:
        yield way(key_by_field(typed, name)).process(Keyed(name), row_type(Seen))


def every_way(prefix: str) -> None:
    """Send each document through Python in every way, all of them into one topic."""
    with SecureJob("round-trip") as job:
        everything = row_type(Everything)
        source = job.from_kafka(f"{prefix}-in", Everything, bounded=True)
        copied = way(source).map(Copy(), everything)
        kept = way(key_by_field(source, "id")).process(Keep(), everything)
        for stream in (
            source,
            way(source).map(lambda row: row, everything),
            way(source).filter(lambda row: row.id != ""),
            copied,
            way(copied.rebalance()).map(lambda row: row, everything),
            way(source.key_by(lambda row: row.id, Types.STRING())).map(Copy(), everything),
            kept,
            kept.get_side_output(SIDE),
            way(source).map(look, row_type(Seen)),
            *every_key(source),
        ):
            stream.sink_to(job.to_kafka(f"{prefix}-out", delivery="at_least_once"))


def every_sink(prefix: str) -> None:
    """Write documents of other kinds than JSON has to every sink, one way through a table."""
    with SecureJob("every-sink") as job:
        tables = StreamTableEnvironment.create(job.env)
        docs = job.from_kafka(f"{prefix}-docs", Doc, event_time="at", bounded=True)
        docs = docs.map(Doc.of, row_type(Doc))  # type: ignore[attr-defined]
        # Unchanged it would be the same stream again.
        table = tables.from_data_stream(docs).where(col("size") > 0)
        back = tables.to_data_stream(table)
        docs.sink_to(job.to_kafka(f"{prefix}-docs-out", key_field="day"))
        back.sink_to(job.to_kafka(f"{prefix}-table-out", key_field="any_number"))
        docs.sink_to(job.to_elasticsearch(f"{prefix}-docs", id_field="uid"))
        docs.sink_to(job.to_hdfs(f"/data/{prefix}-docs"))


def ending(build: Callable[[DataStream], DataStream]) -> str:
    """How a job ended whose function returns what it should not."""
    try:
        with SecureJob("wrong-results") as job:
            build(way(job.env.from_collection(["x"], type_info=Types.STRING()))).print()
    except FlinkSecError as error:
        return str(error)
    return "ended well"


if __name__ == "__main__":
    every_way(os.environ["ROUND_TRIP"])
    if "EVERY_SINK" in os.environ:
        every_sink(os.environ["ROUND_TRIP"])
    seen = row_type(Seen)
    endings = {
        "fewer fields": ending(lambda stream: stream.map(lambda _: Place("n", None, []), seen)),
        "nothing": ending(lambda stream: stream.map(lambda _: None, seen)),
        "a dict": ending(lambda stream: stream.map(lambda _: {"id": "n", "problems": []}, seen)),
        "half a pair": ending(lambda stream: stream.map(lambda _: Seen("\ud83d", []), seen)),
    }
    sys.stdout.write(f"endings {json.dumps(endings)}\n")
