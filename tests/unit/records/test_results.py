# SPDX-License-Identifier: Apache-2.0
"""What a function returns is what it has declared, or an error by name. No JVM is started.

PyFlink's own converters of process mode stand for the way out: what `load` lets through must come
back from them equal.
"""

from __future__ import annotations

import pickle
import re
import threading
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import cloudpickle
import pytest
from pyflink.common import Row, RowKind, Types, typeinfo
from pyflink.datastream import OutputTag, data_stream

from flinksec_jobs.errors import FlinkSecError, RecordValueError
from flinksec_jobs.records import crossing, incoming, record, row_type, worker
from flinksec_jobs.records.declared import Incoming, declared
from flinksec_jobs.records.field_types import FieldType
from flinksec_jobs.records.results import result_fit


@record
class Wide:
    id: str
    n: int


@record
class Narrow:
    id: str


@record
class Turned:
    n: int
    id: str


@record
class Alike:
    id: str
    n: int


@record
class Whole:
    id: str
    part: Wide
    tags: list[str] | None


@record
class Listed:
    tags: list[str]
    counts: dict[str, int]


@record
class Holder:
    listed: Listed


SIDE = OutputTag("side", row_type(Narrow))


@cache
def coders() -> tuple[Any, Any]:
    """PyFlink's coders of `Wide` and of `Whole`; they bring Beam, which takes seconds."""
    from pyflink.fn_execution.coder_impl_fast import (
        BigIntCoderImpl,
        CharCoderImpl,
        GenericArrayCoderImpl,
        RowCoderImpl,
    )

    wide = RowCoderImpl([CharCoderImpl(), BigIntCoderImpl()], ["id", "n"])
    tags = GenericArrayCoderImpl(CharCoderImpl())
    return wide, RowCoderImpl([CharCoderImpl(), wide, tags], ["id", "part", "tags"])


class Function:
    """In the shape of PyFlink's adapters."""

    def __init__(self, results: Callable[[Any], Any]) -> None:
        self._map_func = results

    def process_element(self, value: Any, ctx: Any) -> Any:
        return self._map_func(value)

    def on_timer(self, timestamp: int, ctx: Any) -> Any:
        return self._map_func(timestamp)


class Flat:
    """As PyFlink's adapter of ``flat_map``."""

    def __init__(self, results: Callable[[Any], Any]) -> None:
        self._flat_map_func = results

    def process_element(self, value: Any, ctx: Any) -> Any:
        yield from self._flat_map_func(value)


def sent(function: Any, output_type: Any) -> Any:
    """A function as it arrives where it runs."""
    packed = crossing.Crossing(function, [(declared(output_type), Incoming())])
    return cloudpickle.loads(cloudpickle.dumps(packed))


def results_of(make: Callable[[], Any], cls: Any = Wide) -> list[Any]:
    """What a function returns, after the look at it."""
    function = sent(Function(lambda _: [make()]), row_type(cls))
    return list(function.process_element(None, None))


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: Narrow("a"), "a Narrow (id)"),
        (lambda: Turned(1, "a"), "a Turned (n, id)"),
        (lambda: Whole("a", Wide("a", 1), None), "a Whole (id, part, tags)"),
        (lambda: {"id": "a", "n": 1}, "a dict"),
        (lambda: ("a", 1), "a tuple"),
        (lambda: (), "a tuple"),
        (lambda: ["a", 1], "a list"),
        (lambda: None, "None"),
        (lambda: "a", "a str"),
        (lambda: Wide, "a type"),
        (lambda: Row("a"), "a Row (1 values)"),
        (lambda: Row("a", 1, 2), "a Row (3 values)"),
        (lambda: Row(id="a"), "a Row (id)"),
        (lambda: Row(id="a", n=1, m=2), "a Row (id, n, m)"),
        (lambda: Row(id="a", m=1), "a Row (id, m)"),
    ],
)
def test_a_result_of_another_form_is_refused_by_name(make: Any, what: str) -> None:
    with pytest.raises(RecordValueError) as caught:
        results_of(make)
    assert caught.value.message.startswith("the function test_a_result_of") is False
    assert f"{__file__}:" in caught.value.message
    assert caught.value.message.endswith(f") returned {what}, but its output type is Wide(id, n)")
    assert "output_type=row_type(…)" in str(caught.value.hint)
    assert ("flat_map" in str(caught.value.hint)) == (what == "None")


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        lambda: Wide("a", 1),
        lambda: Alike("a", 1),
        lambda: Row("a", 1),
        lambda: Row(id="a", n=1),
        lambda: Row(n=1, id="a"),
    ],
)
def test_what_has_the_declared_fields_comes_out_right(make: Any) -> None:
    (result,) = results_of(make)
    wide, _ = coders()
    assert list(wide.decode(wide.encode(result))) == ["a", 1]
    assert result._values == ["a", 1]  # what thread mode takes


def test_a_result_that_is_right_is_handed_on_itself() -> None:
    row = Row(id="a", n=1)
    wide = Wide("a", 1)
    function = worker.load(
        Function(lambda value: [value]), declared(row_type(Wide)), "f", Incoming()
    )
    for same in (row, wide):
        assert next(iter(function.process_element(same, None))) is same


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Row(id="a", n="1"), "Wide.n should be an int but is a str"),
        (lambda: Row(id="a", n=True), "Wide.n should be an int but is a bool"),
        (lambda: Row(id=None, n=1), "Wide.id is None, which its type does not allow"),
        (lambda: Row(id="\ud83d", n=1), "Wide.id holds half of a surrogate pair"),
    ],
)
def test_the_values_of_a_row_are_looked_at_too(make: Any, message: str) -> None:
    with pytest.raises(RecordValueError) as caught:
        results_of(make)
    assert caught.value.message.startswith(message)
    assert f"{__file__}:" in caught.value.message  # of the function


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tags, _: tags.append(None), "Listed.tags[] is None"),
        (lambda tags, _: tags.append("\ud83d"), "Listed.tags[] holds half of a surrogate pair"),
        (lambda _, counts: counts.update(b="1"), "Listed.counts{} should be an int but is a str"),
        (lambda _, counts: counts.update({1: 1}), "a key of Listed.counts should be a str"),
    ],
)
def test_what_was_put_into_a_record_s_lists_and_dicts_afterwards_is_looked_at(
    change: Any, message: str
) -> None:
    def changed(made: Any, listed: Listed) -> Any:
        change(listed.tags, listed.counts)
        return made

    listed = Listed(["a"], {"a": 1})
    for made in (listed, Holder(Listed(["a"], {"a": 1}))):
        inner = made.listed if isinstance(made, Holder) else made
        function = sent(Function(lambda value: [changed(*value)]), row_type(type(made)))
        with pytest.raises(RecordValueError, match=re.escape(message)) as caught:
            list(function.process_element((made, inner), None))
        assert f"{__file__}:" in caught.value.message


def test_a_record_with_lists_that_fits_is_handed_on_itself() -> None:
    made = Listed(["a"], {"a": 1})
    made.tags.append("b")
    (result,) = results_of(lambda: made, Listed)
    assert result == Listed(["a", "b"], {"a": 1})
    assert isinstance(result, Listed)


@pytest.mark.parametrize("result", [None, Wide("a", 1), 5])
def test_a_flat_map_that_returns_one_result_is_told_by_name(result: Any) -> None:
    function = sent(Flat(lambda _: result), row_type(Wide))
    with pytest.raises(RecordValueError, match=r"<lambda> \(.*test_results\.py:\d+\) returned"):
        list(function.process_element(None, None))
    (kept,) = sent(Flat(lambda _: [Wide("a", 1)]), row_type(Wide)).process_element(None, None)
    assert kept == Wide("a", 1)


@pytest.mark.slow
def test_rows_inside_keep_their_kind_and_are_looked_at() -> None:
    (kept,) = results_of(
        lambda: Row.of_kind(RowKind.DELETE, id="a", part=Row(id="b", n=2), tags=("t",)), Whole
    )
    assert kept.get_row_kind() is RowKind.DELETE
    _, whole = coders()
    assert kept == whole.decode(whole.encode(kept))
    assert kept.tags == ["t"]
    (turned,) = results_of(lambda: Row(id="a", part=Row(n=2, id="b"), tags=None), Whole)
    assert list(whole.decode(whole.encode(turned)).part) == ["b", 2]
    with pytest.raises(RecordValueError, match=r"^Whole\.part\.n should be an int but is a str"):
        results_of(lambda: Row(id="a", part=Row(id="b", n="x"), tags=None), Whole)
    with pytest.raises(RecordValueError, match=r"^Whole\.part should be a Wide but is a dict"):
        results_of(lambda: Row(id="a", part={}, tags=None), Whole)


def test_side_outputs_are_compared_with_the_type_of_their_tag() -> None:
    def both(_: Any) -> Iterator[Any]:
        yield SIDE, Narrow("a")
        yield Wide("a", 1)
        yield SIDE, Wide("a", 1)

    each = iter(sent(Function(both), row_type(Wide)).process_element(None, None))
    assert next(each)[1] == Narrow("a")
    assert next(each) == Wide("a", 1)
    with pytest.raises(RecordValueError, match=r"for the output 'side', returned a Wide \(id, n\)"):
        next(each)


def test_a_tag_can_be_sent_again_after_its_type_has_met_the_jvm() -> None:
    crossing.install()
    tag = OutputTag("side", row_type(Whole))
    tag.type_info._field_types[0]._j_typeinfo = threading.RLock()  # as unpicklable as Py4J's
    sent_tag = cloudpickle.loads(cloudpickle.dumps(tag))
    assert sent_tag.type_info == row_type(Whole)
    assert declared(sent_tag.type_info) == declared(row_type(Whole))
    by_hand = Types.ROW_NAMED(["a"], [Types.STRING()])
    assert pickle.loads(pickle.dumps(by_hand)) == by_hand


def test_timers_are_looked_at_and_other_types_are_not() -> None:
    function = sent(Function(lambda _: [Narrow("a")]), row_type(Wide))
    with pytest.raises(RecordValueError):
        list(function.on_timer(5, None))
    assert sent(Function(lambda _: None), row_type(Wide)).process_element(None, None) is None
    for other in (None, Types.STRING(), Types.TUPLE([Types.STRING()])):
        assert list(sent(Function(lambda _: ["x"]), other).process_element(None, None)) == ["x"]


def test_a_row_type_written_by_hand_is_enforced_as_far_as_it_says() -> None:
    by_hand = Types.ROW_NAMED(["id", "n", "at"], [Types.STRING(), Types.LONG(), Types.SQL_DATE()])
    function = sent(Function(lambda value: [value]), by_hand)
    assert next(iter(function.process_element(Row("a", None, object), None)))[1] is None
    with pytest.raises(RecordValueError, match=r"n should be an int but is a str"):
        list(function.process_element(Row("a", "b", None), None))
    with pytest.raises(RecordValueError, match=r"its output type is a row\(id, n, at\)"):
        list(function.process_element(Wide("a", 1), None))
    unnamed = sent(Function(lambda value: [value]), [Types.STRING(), row_type(Wide)])
    assert next(iter(unnamed.process_element(Row("a", Wide("b", 1)), None)))[1] == Wide("b", 1)


def test_windows_are_looked_at_by_what_their_function_returns() -> None:
    class Description:
        """In the shape of PyFlink's description of a window operation."""

        class internal_window_function:  # noqa: N801
            @staticmethod
            def process(*_args: Any) -> Any:
                return [Narrow("a")]

    description = worker.load(Description(), declared(row_type(Wide)), "window", Incoming())
    with pytest.raises(RecordValueError, match="the function window returned a Narrow"):
        list(description.internal_window_function.process(1, 2, 3, 4))


def test_a_field_whose_name_begins_with_an_underscore_can_be_read_from_a_row() -> None:
    worker.prepare()
    row: Any = Row(_id="a", n=1)
    assert (row._id, row.n) == ("a", 1)
    assert pickle.loads(pickle.dumps(row)) == row
    for missing in ("_other", "other", "__len_hint__"):
        with pytest.raises(AttributeError, match=missing):
            getattr(row, missing)
    with pytest.raises(AttributeError):
        Row("a", 1).id  # noqa: B018


def test_another_release_of_pyflink_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    worker.require_pyflink()
    monkeypatch.setattr("pyflink.version.__version__", "2.3.0")
    with pytest.raises(FlinkSecError, match=r"PyFlink 2\.3\.0 is installed, .* needs 2\.2\.1"):
        crossing.install()


def operator_of(_stream: Any, func: Any, func_type: int, _output_type: Any) -> Any:
    """In the place of PyFlink's functions that make operators: pack the function."""
    return getattr(data_stream, crossing._PACKS)(func, func_type)


def test_each_way_into_python_is_packed_with_its_declaration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("_get_one_input_stream_operator", "_get_two_input_stream_operator"):
        monkeypatch.setattr(data_stream, name, operator_of)
    broadcast = data_stream.BroadcastConnectedStream
    monkeypatch.setattr(broadcast, "process", lambda s, f, t: operator_of(s, f, 0, t))
    monkeypatch.setattr(data_stream, crossing._PACKS, lambda func, _type: func)
    monkeypatch.delattr(data_stream, "flinksec_pending", raising=False)
    for module in (typeinfo, data_stream):
        monkeypatch.setattr(module, crossing._FROM_JAVA, typeinfo._from_java_type)
    comes = Incoming((FieldType("datetime"),))
    for way in ("of_one", "of_two", "of_broadcast"):
        monkeypatch.setattr(incoming, way, lambda _: comes)
    crossing.install()
    crossing.install()  # once is enough
    for make in ("_get_one_input_stream_operator", "_get_two_input_stream_operator"):
        packed = getattr(data_stream, make)(None, Function(lambda _: []), 0, row_type(Wide))
        _, (_, wanted, name, got, _) = packed.__reduce__()
        assert got is comes
        assert str(wanted) == "Wide(id, n)"
        assert "<lambda> (" in name
    packed = broadcast.process(None, Function(lambda _: []), row_type(Wide))
    assert str(packed.__reduce__()[1][1]) == "Wide(id, n)"
    assert packed.__reduce__()[1][3] is comes
    assert data_stream.flinksec_pending == []
    monkeypatch.delattr(data_stream, "flinksec_pending")


def _fit(type_info: Any) -> Callable[[Any], Any]:
    wanted = declared(type_info)
    assert wanted is not None
    return result_fit(wanted, "f")


def test_a_record_in_a_row_whose_type_has_another_order_goes_out_in_that_order() -> None:
    inner = Types.ROW_NAMED(["id", "n"], [Types.STRING(), Types.LONG()])
    made = _fit(Types.ROW_NAMED(["part"], [inner]))(Row(part=Turned(7, "x")))
    assert list(made.part._values) == ["x", 7]
    kept = Alike("x", 7)
    assert _fit(Types.ROW_NAMED(["part"], [inner]))(Row(part=kept)).part is kept


def test_a_list_in_a_row_is_a_copy_that_the_function_cannot_change_any_more() -> None:
    tags = ["a"]
    made = _fit(Types.ROW_NAMED(["tags"], [Types.BASIC_ARRAY(Types.STRING())]))(Row(tags=tags))
    tags.append("b")
    assert made.tags == ["a"]
