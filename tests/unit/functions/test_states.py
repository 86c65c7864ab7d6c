# SPDX-License-Identifier: Apache-2.0
"""States of functions in batches: what their bytes are, and that they behave as PyFlink's do."""

import datetime
import math
from typing import Any, NotRequired, TypedDict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyflink.common import Row, Time, Types
from pyflink.datastream.state import (
    ListStateDescriptor,
    MapStateDescriptor,
    ReducingStateDescriptor,
    StateTtlConfig,
    ValueStateDescriptor,
)

from flinksec_jobs import FlinkSecError, JobError, record, row_type
from flinksec_jobs.errors import RecordValueError
from flinksec_jobs.functions import state_types
from flinksec_jobs.functions.contexts import Now
from flinksec_jobs.functions.states import States


@record
class Total:
    user: str
    at: datetime.datetime
    seen: list[int]


@record
class TotalLater:
    seen: list[int]
    user: str
    at: datetime.datetime
    mean: float = 0.5


class Note(TypedDict):
    text: str
    stars: NotRequired[int | None]


@record
class Trip:
    id: str
    note: Note
    notes: list[Note]


NOW = datetime.datetime(2024, 2, 29, 12, 0, 0, 1, datetime.UTC)


class JavaStates:
    """The JVM's side: what is registered."""

    def __init__(self) -> None:
        self.types: dict[str, str] = {}
        self.small: dict[str, bool] = {}

    def register(self, name: str, text: str, small: bool, _time_to_live: Any) -> None:
        self.types[name] = text
        self.small[name] = small


def opened(now: Now) -> States:
    return States(now, "Totals").opening(JavaStates())


def test_the_bytes_of_a_record_are_a_version_and_a_map_by_name() -> None:
    of_total = state_types.of_flink(row_type(Total), "the state")
    blob = of_total.to_bytes(Total("ü", NOW, [1]))
    assert blob[:1] == b"\x01"
    assert msgspec.msgpack.decode(blob[1:]) == [
        True,
        {"user": "ü", "at": 1709208000000001, "seen": [1]},
    ]
    assert of_total.of_bytes(blob) == Total("ü", NOW, [1])


def test_a_field_with_a_default_may_be_added_and_fields_may_change_their_order() -> None:
    blob = state_types.of_flink(row_type(Total), "s").to_bytes(Total("u", NOW, [1, 2]))
    later = state_types.of_flink(row_type(TotalLater), "s")
    assert later.of_bytes(blob) == TotalLater([1, 2], "u", NOW, 0.5)


def test_a_row_comes_back_as_a_row_and_a_record_as_a_record() -> None:
    of_total = state_types.of_flink(row_type(Total), "s")
    row = Row(user="u", at=NOW, seen=[1])
    assert of_total.of_bytes(of_total.to_bytes(row)) == row
    assert isinstance(of_total.of_bytes(of_total.to_bytes(Total("u", NOW, []))), Total)


def test_a_dict_that_stands_for_a_typed_dict_comes_back_with_the_keys_that_it_had() -> None:
    of_trip = state_types.of_flink(row_type(Trip), "s")
    notes: list[Note] = [{"text": "a"}, {"text": "b", "stars": 3}, {"text": "c", "stars": None}]
    for note in notes:
        trip = Trip("1", note, notes)
        assert of_trip.of_bytes(of_trip.to_bytes(trip)) == trip


@pytest.mark.parametrize("value", [{"text": "a", "more": 1}, {"stars": 1}, {"text": None}])
def test_a_dict_with_other_keys_than_its_typed_dict_is_refused(value: dict[str, Any]) -> None:
    with pytest.raises(
        RecordValueError, match=r"the state(\.text is None| should be Note but is a dict)"
    ):
        state_types.of_flink(row_type(Note), "the state").to_bytes(value)


def test_another_version_is_refused() -> None:
    with pytest.raises(FlinkSecError, match="has the version 2"):
        state_types.of_flink(Types.LONG(), "s").of_bytes(b"\x02\x01")


@pytest.mark.parametrize(
    ("flink", "value", "message"),
    [
        (Types.LONG(), "x", "the state should be an int but is a str"),
        (Types.LONG(), 2**63, "outside the 64-bit range"),
        (Types.TUPLE([Types.LONG(), Types.STRING()]), (1, 2), r"the state\[1\] should be a str"),
        (Types.TUPLE([Types.LONG()]), (1, 2), "should have 1 parts but has 2"),
        (Types.LIST(Types.STRING()), ["a", 1], r"the state\[\] should be a str but is an int"),
        (Types.MAP(Types.LONG(), Types.LONG()), {"a": 1}, "a key of the state should be an int"),
        (row_type(Total), Row(a=1), "should be Total but is a Row"),
    ],
)
def test_a_value_of_another_type_is_refused_without_being_quoted(
    flink: Any, value: Any, message: str
) -> None:
    with pytest.raises(RecordValueError, match=message):
        state_types.of_flink(flink, "the state").to_bytes(value)


PAIRS = Types.MAP(Types.LONG(), Types.TUPLE([Types.STRING(), Types.DOUBLE()]))


@given(
    st.dictionaries(
        st.integers(-(2**63), 2**63 - 1),
        st.tuples(st.text(st.characters(exclude_categories=["Cs"])), st.floats(allow_nan=False)),
    )
)
def test_dicts_with_keys_of_any_type_come_back(value: dict[int, tuple[str, float]]) -> None:
    held = state_types.of_flink(PAIRS, "s")
    assert held.of_bytes(held.to_bytes(value)) == value


def test_what_is_changed_after_it_was_put_or_read_is_not_in_the_state() -> None:
    now = Now()
    states = opened(now)
    value = states.get_value_state(ValueStateDescriptor("v", Types.PICKLED_BYTE_ARRAY()))
    listed = states.get_list_state(ListStateDescriptor("l", Types.PICKLED_BYTE_ARRAY()))
    mapped = states.get_map_state(
        MapStateDescriptor("m", Types.STRING(), Types.PICKLED_BYTE_ARRAY())
    )
    states.begin([[None], [None], [None]], 0)
    held = [1]
    value.update(held)
    listed.add(held)
    mapped.put("k", held)
    held.append(2)
    value.value().append(3)
    next(listed.get()).append(3)
    mapped.get("k").append(3)
    assert (value.value(), list(listed), mapped["k"]) == ([1], [[1]], [1])
    blobs = [changed[1] for changed in states.changed()]
    states.begin([[blob] for blob in blobs], 0)
    assert (value.value(), list(listed), dict(mapped.items())) == ([1], [[1]], {"k": [1]})
    assert states.changed() == [[], [], []]


def test_each_key_has_its_own_values_and_only_changed_ones_are_handed_back() -> None:
    now = Now()
    states = opened(now)
    total = states.get_reducing_state(
        ReducingStateDescriptor("sum", lambda one, other: one + other, Types.LONG())
    )
    states.begin([[None, None, None]], 0)
    for slot, number in ((0, 1), (2, 5), (0, 2)):
        now.slot = slot
        total.add(number)
    now.slot = 1
    assert total.get() is None
    (changed,) = states.changed()
    assert changed[::2] == [0, 2]
    states.begin([[changed[1], None, changed[3]]], 0)
    now.slot = 2
    assert total.get() == 5
    total.clear()
    assert states.changed() == [[2, None]]


PAIR = Types.TUPLE([Types.LONG(), Types.DOUBLE()])
_puts = st.tuples(st.integers(0, 7), st.none() | st.tuples(st.integers(), st.floats()))
_batches = st.lists(st.tuples(st.lists(_puts, max_size=6), st.sampled_from(("stay", "give", "go"))))


@given(_batches)
def test_states_that_stay_from_batch_to_batch_are_those_that_are_given_back_at_once(
    batches: list[tuple[list[tuple[int, tuple[int, float] | None]], str]],
) -> None:
    now = Now()
    states = opened(now)
    value = states.get_value_state(ValueStateDescriptor("v", PAIR))
    backend: dict[int, bytes | None] = {}
    model: dict[int, tuple[int, float] | None] = {}
    slots: dict[int, int] = {}
    for puts, after in batches:
        told = len(slots)
        new = [key for key in dict.fromkeys(key for key, _ in puts) if key not in slots]
        slots |= {key: told + place for place, key in enumerate(new)}
        states.begin([[backend.get(key) for key in new]], told)
        for key, put in puts:
            now.slot = slots[key]
            assert repr(value.value()) == repr(model.get(key))
            if put is None or -(2**63) <= put[0] < 2**63:
                value.update(put)
                model[key] = put
        if after != "stay":
            (changed,) = states.changed()
            keys = list(slots)
            backend |= {keys[s]: b for s, b in zip(changed[::2], changed[1::2], strict=True)}
            held = {
                key: blob and state_types.of_flink(PAIR, "v").of_bytes(blob)
                for key, blob in backend.items()
            }
            known = {key: one for key, one in model.items() if one is not None}
            assert repr(sorted((k, v) for k, v in held.items() if v)) == repr(sorted(known.items()))
        if after == "go":
            slots = {}


_KEYS = st.sampled_from(["a", "b", "ü", "c"])
_OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), _KEYS, st.tuples(st.integers(-5, 5), st.integers(0, 3))),
        st.tuples(st.sampled_from(["remove", "add", "batch", "clear"]), _KEYS, st.integers(0, 9)),
    )
)


@given(_OPERATIONS)
def test_maps_and_lists_of_values_that_nobody_can_change_are_dicts_and_lists(
    operations: list[tuple[str, str, Any]],
) -> None:
    now = Now()
    states = opened(now)
    mapped = states.get_map_state(MapStateDescriptor("m", Types.STRING(), PAIR))
    listed = states.get_list_state(ListStateDescriptor("l", Types.DOUBLE()))
    states.begin([[None], [None]], 0)
    there: dict[str, Any] = {}
    all_of: list[Any] = []
    blobs: list[bytes | None] = [None, None]
    for what, key, value in operations:
        before = list(mapped.items()), list(listed)
        walk = mapped.items(), listed.get()
        if what == "put":
            mapped.put(key, list(value))
            there[key] = (value[0], float(value[1]))
        elif what == "remove":
            mapped.remove(key)
            there.pop(key, None)
        elif what == "add":
            listed.add(value)
            all_of.append(float(value))
        elif what == "clear":
            (mapped if value % 2 else listed).clear()
            (there if value % 2 else all_of).clear()
        else:
            for place, changed in enumerate(states.changed()):
                blobs[place] = changed[1] if changed else blobs[place]
            states.begin([[blob] for blob in blobs], 0)
        assert (list(walk[0]), list(walk[1])) == before  # what is walked through does not change
        assert repr(dict(mapped.items())) == repr(there)
        assert repr(list(listed)) == repr(all_of)
        assert repr(mapped.get(key)) == repr(there.get(key))


@pytest.mark.parametrize(
    ("flink", "small"),
    [
        (Types.LONG(), True),
        (Types.DOUBLE(), True),
        (PAIR, True),
        (Types.STRING(), False),
        (Types.TUPLE([Types.LONG(), Types.STRING()]), False),
        (Types.LIST(Types.LONG()), False),
        (Types.PICKLED_BYTE_ARRAY(), False),
        (row_type(Total), False),
    ],
    ids=str,
)
def test_only_values_that_are_small_whatever_they_are_may_stay(flink: Any, small: bool) -> None:
    java = JavaStates()
    States(Now(), "Totals").opening(java).get_value_state(ValueStateDescriptor("v", flink))
    assert java.small == {"v": small}


def test_a_value_is_at_once_what_it_is_behind_a_checkpoint() -> None:
    now = Now()
    states = opened(now)
    value = states.get_value_state(ValueStateDescriptor("v", PAIR))
    states.begin([[None]], 0)
    put = [1, 2]
    value.update(put)
    put[0] = 7
    assert repr(value.value()) == "(1, 2.0)"
    ((_, blob),) = states.changed()
    states.begin([[blob]], 0)
    assert repr(value.value()) == "(1, 2.0)"


def test_a_list_or_map_that_lives_for_a_time_is_refused_and_so_is_a_state_without_keys() -> None:
    descriptor = MapStateDescriptor("m", Types.STRING(), Types.LONG())
    descriptor.enable_time_to_live(StateTtlConfig.new_builder(Time.seconds(1)).build())
    with pytest.raises(JobError, match="'m' of Totals is a MapState with a time to live"):
        opened(Now()).get_map_state(descriptor)
    with pytest.raises(JobError, match="asks for the state 'v' on a stream without keys"):
        States(Now(), "Totals").opening(None).get_value_state(
            ValueStateDescriptor("v", Types.LONG())
        )


def test_types_are_told_to_the_jvm_with_kinds_and_defaults() -> None:
    java = JavaStates()
    states = States(Now(), "Totals").opening(java)
    states.get_list_state(ListStateDescriptor("l", row_type(TotalLater)))
    assert '"kind": "list"' in java.types["l"]
    assert (
        '{"default": true, "name": "mean", "type": {"kind": "float", "nullable": false}}'
        in (java.types["l"])
    )


@pytest.mark.parametrize("key", [Types.DOUBLE(), Types.PICKLED_BYTE_ARRAY()])
@pytest.mark.parametrize("value", [Types.LONG(), Types.PICKLED_BYTE_ARRAY()])
def test_all_nan_are_one_key_of_a_map_as_in_flink(key: Any, value: Any) -> None:
    states = opened(Now())
    mapped = states.get_map_state(MapStateDescriptor("m", key, value))
    blob = None
    for number in range(1, 4):
        states.begin([[blob]], 0)
        mapped.put(float("nan"), (mapped.get(float("nan")) or 0) + 1)
        mapped.put_all({float("nan"): mapped.get(float("nan")), 1.0: 5})
        assert [each for at, each in mapped.items() if math.isnan(at)] == [number]
        assert mapped.contains(float("nan"))
        ((_, blob),) = states.changed()
    states.begin([[blob]], 0)
    mapped.remove(float("nan"))
    assert list(mapped.items()) == [(1.0, 5)]
