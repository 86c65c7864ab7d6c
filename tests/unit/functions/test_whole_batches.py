# SPDX-License-Identifier: Apache-2.0
"""Functions of whole batches: what they receive, what they may return, and what a guard does."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NotRequired, TypedDict
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinksec_jobs import (
    FlinkSecError,
    JobError,
    fast,
    map_batches,
    process_batches,
    record,
    row_type,
)
from flinksec_jobs.errors import RecordValueError
from flinksec_jobs.functions import (
    codecs,
    received_records,
    record_arrivals,
    results_out,
    whole_batches,
)
from flinksec_jobs.functions.batch_functions import KeyedBatches, PlainBatches, Whole
from flinksec_jobs.functions.contexts import Now
from flinksec_jobs.functions.fast import WITHOUT_BATCHES, Fast
from flinksec_jobs.functions.plan import Plan
from flinksec_jobs.functions.whole_runner import WholeRunner
from flinksec_jobs.records.field_types import FieldType, fields_of
from flinksec_jobs.records.guard import Guard, Guarded, WrongReturnError


class Note(TypedDict):
    text: str
    stars: NotRequired[int]


@dataclass
class Place:
    name: str


@record
class Visit:
    id: UUID
    at: datetime.datetime
    cost: Decimal
    place: Place
    places: list[Place | None]
    note: Note
    by_name: dict[str, Place]


@record
class Number:
    n: int


@record
class Upper:
    name: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.name.upper())


PLACE = st.builds(Place, name=st.text(st.characters(exclude_categories=["Cs"]), max_size=5))
VISIT = st.builds(
    Visit,
    id=st.uuids(),
    at=st.datetimes(timezones=st.just(datetime.UTC)),
    cost=st.decimals(min_value=-(10**9), max_value=10**9, places=2),
    place=PLACE,
    places=st.lists(st.none() | PLACE, max_size=3),
    note=st.sampled_from([{"text": "a"}, {"text": "b", "stars": 3}]),
    by_name=st.dictionaries(st.sampled_from("abc"), PLACE, max_size=2),
)


def row_of(cls: Any) -> FieldType:
    return FieldType("row", nullable=True, cls=cls, fields=fields_of(cls, {}))


@given(VISIT)
@pytest.mark.parametrize("checked", [True, False])
def test_what_arrives_is_an_equal_instance_of_the_record_s_own_class(
    checked: bool, visit: Visit
) -> None:
    field = row_of(Visit)
    make, leave = record_arrivals.making(field, checked=checked), codecs.leaving(field)
    assert make is not None
    assert leave is not None
    made = make(list(leave(visit)))
    assert made == visit
    assert type(made) is Visit
    assert type(made.place) is Place


def test_a_class_that_does_something_where_it_is_made_is_made_by_its_constructor() -> None:
    make = record_arrivals.making(row_of(Upper), checked=True)
    assert make is not None
    assert make(["ann"]).name == "ANN"


def test_a_record_of_a_changelog_is_refused() -> None:
    make = record_arrivals.making(row_of(Number), checked=True)
    assert make is not None
    with pytest.raises(RecordValueError, match="a Number comes from a changelog"):
        make([1, 2])


def of_rows(_rows: list[Any]) -> list[Any]:
    return []


def of_visits(_visits: list[Visit]) -> list[Any]:
    return []


class OfNumbers:
    def __call__(self, numbers: list[Number]) -> list[Number]:
        return numbers


HAND_WRITTEN = FieldType("row", fields=(("n", FieldType("int", nullable=True)),))


@pytest.mark.parametrize(
    ("function", "element", "cls", "checked"),
    [
        (of_rows, row_of(Number), Number, True),
        (of_rows, HAND_WRITTEN, None, False),
        (OfNumbers(), HAND_WRITTEN, Number, False),
        (OfNumbers(), row_of(Number), Number, True),
        (OfNumbers().__call__, HAND_WRITTEN, Number, False),
        (lambda rows: rows, HAND_WRITTEN, None, False),
    ],
)
def test_records_are_of_the_class_that_is_annotated_else_of_the_stream_s(
    function: Callable[..., Any], element: FieldType, cls: type | None, checked: bool
) -> None:
    received = received_records.of_function(function, "f", element, None)
    assert received.element is not None
    assert (received.element.cls, received.checked) == (cls, checked)


def test_a_function_of_another_record_than_the_stream_has_is_refused() -> None:
    with pytest.raises(
        JobError, match=r"f takes records of Visit \(.*\), but .* Number \(n: int\)"
    ):
        received_records.of_function(of_visits, "f", row_of(Number), None)


def runner(
    function: Callable[..., Any], *, one_each: bool, guard: Guard | None = None, **more: Any
) -> tuple[WholeRunner, Any, results_out.SideOutputs]:
    field = row_of(Number)
    received = received_records.of_function(function, "f", field, more.get("state"))
    kind = PlainBatches if one_each else KeyedBatches
    made = kind(function, Whole("f", received, one_each))
    keyed = not one_each
    plan = Plan(made, "f", field, FieldType("int"), None, False, keyed, FieldType("int"), guard)
    sides = results_out.SideOutputs("f")
    return WholeRunner(plan, Now(), results_out.of_plan(plan), sides), made, sides


def values(*numbers: int) -> list[list[int]]:
    return [[number] for number in numbers]


@pytest.mark.parametrize("returned", [[], [1], [1, 2, 3], iter([1])])
def test_map_batches_has_one_result_for_each_record(returned: Any) -> None:
    made, _, _ = runner(lambda _: returned, one_each=True)
    with pytest.raises(WrongReturnError, match=r"the function f returned \d results for 2 records"):
        made.run(values(1, 2), None)


def test_process_batches_is_called_once_for_each_key_with_its_records_in_order() -> None:
    called: list[list[int]] = []

    def function(numbers: list[Number]) -> list[int]:
        called.append([number.n for number in numbers])
        return [len(numbers)] * 2 if len(numbers) > 1 else []

    made, _, _ = runner(function, one_each=False)
    outs, sources = made.run(values(10, 20, 11, 30, 12), [5, 1, 5, 2, 5])
    assert called == [[10, 11, 12], [20], [30]]
    assert (outs, sources) == ([3, 3], [4, 4])  # of the last record of its key


def guarded(most: int = 0) -> Guard:
    return Guard("module.f", "letters", most, lambda _: None)


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_a_guard_leaves_out_the_records_that_a_function_fails_with_and_no_others(
    bad: list[bool],
) -> None:
    def function(numbers: list[Number]) -> list[int]:
        if any(bad[number.n] for number in numbers):
            raise ValueError("one of them")
        return [number.n for number in numbers]

    made, _, sides = runner(function, one_each=True, guard=guarded())
    outs, sources = made.run(values(*range(len(bad))), None)
    assert outs == sources == [n for n, is_bad in enumerate(bad) if not is_bad]
    assert sides.sent[0::3] == ["letters"] * sum(bad)
    assert sides.sent[1::3] == [n for n, is_bad in enumerate(bad) if is_bad]


def test_a_guard_does_not_take_what_is_the_job_s_fault() -> None:
    made, _, _ = runner(lambda _: [], one_each=True, guard=guarded())
    with pytest.raises(WrongReturnError):
        made.run(values(1, 2), None)

    def fails(_numbers: list[Number]) -> list[int]:
        raise ValueError("always")

    made, _, _ = runner(fails, one_each=True, guard=guarded(most=2))
    with pytest.raises(FlinkSecError, match="has failed with 2 elements in a row"):
        made.run(values(1, 2, 3), None)


class Held:
    """A state of one key."""

    def __init__(self) -> None:
        self.held: Any = None

    def value(self) -> Any:
        return self.held

    def update(self, value: Any) -> None:
        self.held = value

    def clear(self) -> None:
        self.held = None


def test_a_guarded_function_with_state_goes_on_as_if_the_bad_record_had_not_come() -> None:
    def function(numbers: list[Number], held: Number | None) -> tuple[list[int], Number]:
        total = held.n if held else 0
        sums = []
        for number in numbers:
            total += 100 // number.n
            sums.append(total)
        return sums, Number(total)

    made, batches, sides = runner(function, one_each=False, guard=guarded(), state=Number)
    batches._state = Held()
    outs, _ = made.run(values(1, 2, 0, 4, 5), [0, 0, 0, 0, 0])
    assert outs == [100, 150, 175, 195]
    assert sides.sent[1] == 2
    assert batches._state.held == Number(195)


def test_none_for_the_state_forgets_it_and_all_else_but_a_pair_is_refused() -> None:
    returned: Any = [[1], None]
    made, batches, _ = runner(lambda _, _held: tuple(returned), one_each=False, state=Number)
    batches._state = Held()
    batches._state.held = Number(3)
    assert made.run(values(7), [0])[0] == [1]
    assert batches._state.held is None
    returned = [1, 2, 3]
    with pytest.raises(WrongReturnError, match="a tuple instead of its results and the new state"):
        made.run(values(7), [0])


@pytest.mark.parametrize("call", [fast, lambda it: map_batches(it, of_rows, Number)])
def test_what_is_no_stream_is_refused(call: Any) -> None:
    with pytest.raises(JobError, match="got a list, which is no stream of PyFlink"):
        call([1])


def stream_of(name: str) -> Any:
    from pyflink.datastream import data_stream

    made = object.__new__(getattr(data_stream, name))
    made._j_data_stream = None
    made._original_data_type_info = None
    return made


def test_a_state_is_of_a_record_class_and_a_function_can_be_called() -> None:
    keyed = stream_of("KeyedStream")
    with pytest.raises(JobError, match="<class 'int'> for its state, which is no record class"):
        process_batches(keyed, lambda _, state: ([], state), Number, state=int)
    with pytest.raises(JobError, match="got a int for its function"):
        map_batches(keyed, 3, Number)  # type: ignore[call-overload]
    with pytest.raises(JobError, match="process_batches got a stream without keys"):
        process_batches(stream_of("DataStream"), of_rows, Number)


@pytest.mark.parametrize("name", ["DataStream", "KeyedStream"])
def test_each_operation_that_fast_lacks_is_told_by_its_name(name: str) -> None:
    stream = stream_of(name)
    on = fast(stream)
    operations = [each for each in dir(type(stream)) if not each.startswith("_")]
    assert len(operations) > 30
    for each in operations:
        if each in vars(Fast):
            continue
        with pytest.raises(JobError, match=f"process, and no {each}\n") as raised:
            getattr(on, each)
        assert raised.value.hint is not None
        assert f"call {each} on the stream itself" in raised.value.hint
    with pytest.raises(AttributeError):
        _ = on.no_operation


def test_windows_and_connected_streams_run_as_before_and_one_line_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    from pyflink.datastream import data_stream

    streams = {
        name
        for name, each in vars(data_stream).items()
        if isinstance(each, type)
        and each.__module__ == data_stream.__name__
        and name.endswith(("Stream", "Streams"))
        and not issubclass(each, data_stream.DataStream)
    }
    assert set(WITHOUT_BATCHES) == streams
    for name in sorted(streams):
        caplog.clear()
        stream = stream_of(name)
        assert fast(stream) is stream
        assert f"the functions of a {name} run record by record" in caplog.text


@pytest.mark.parametrize(
    ("function", "element", "out", "said"),
    [
        (of_rows, FieldType("int"), Number, "a stream whose elements are no rows"),
        (of_rows, row_of(Number), None, "so what it gives has columns"),
        (Guarded(of_rows, guarded()), row_of(Number), Number, "a guard cannot tell which record"),
    ],
)
def test_what_cannot_be_arrow_data_is_refused_where_it_is_defined(
    function: Any, element: FieldType, out: Any, said: str
) -> None:
    with pytest.raises(JobError, match=said):
        whole_batches._require_arrow(function, "f", element, out and row_type(out))
