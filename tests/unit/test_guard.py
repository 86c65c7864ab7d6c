# SPDX-License-Identifier: Apache-2.0
"""What a guarded function raises is caught where it runs; PyFlink's own adapters call it."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from typing import Any

import cloudpickle
import pytest
from pyflink.common import Row
from pyflink.datastream import MapFunction, ProcessFunction
from pyflink.datastream.functions import AggregateFunction

from flinksec_jobs import SecureJob, load_settings
from flinksec_jobs.errors import FlinkSecError, RecordValueError, SettingsError
from flinksec_jobs.records import guard as guards
from flinksec_jobs.records import worker
from flinksec_jobs.records.declared import Incoming

CANARY = "CANARY-4711"


class Adapter(ProcessFunction):  # type: ignore[misc]
    """As `DataStream.map` makes one."""

    def __init__(self, function: Any) -> None:
        self._map_func = function.map if isinstance(function, MapFunction) else function

    def process_element(self, value: Any, ctx: Any) -> Any:
        yield self._map_func(value)


def here(function: Any, most: int = 100) -> Callable[[Any], list[Any]]:
    """A function with a guard as it is where it runs, after its way there."""
    used: list[Any] = []
    guard = guards.Guard(guards.name_of(function), "tag", most, used.append)
    adapter = Adapter(guards.with_guard(function, guard))
    found = guards.guard_of(adapter)
    assert found is guard
    sent, loaded = pickle.loads(cloudpickle.dumps((adapter, found)))
    worker.load(sent, None, None, Incoming(), loaded)
    return lambda value: list(sent.process_element(value, None))


def inverse(row: Any) -> float:
    try:
        return float(1 / row.n)
    except ZeroDivisionError as error:
        raise ValueError(f"cannot invert {row.secret}") from error


def failed(results: list[Any]) -> Row:
    ((tag, row),) = results
    assert tag.tag_id == "tag"
    return row


def test_an_element_that_a_function_fails_with_goes_to_a_side_output_whole() -> None:
    call = here(inverse)
    assert call(Row(n=2, secret="s")) == [0.5]
    element, kind, why, trace = failed(call(Row(n=0, secret=CANARY)))
    assert json.loads(element) == {"n": 0, "secret": CANARY}
    assert kind == "ValueError"
    assert why.startswith("ValueError in inverse (") and __file__ in why
    lines = trace.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert "ZeroDivisionError" in lines
    assert lines[-1] == "ValueError"
    assert "pyflink" not in trace


def test_nothing_of_an_exceptions_own_text_is_told() -> None:
    row = failed(here(inverse)(Row(n=0, secret=CANARY)))
    assert not any(CANARY in text for text in list(row)[1:])


def test_a_map_function_is_guarded_as_a_plain_one_is() -> None:
    class Inverse(MapFunction):  # type: ignore[misc]
        def map(self, value: Any) -> float:
            return inverse(value)

    call = here(Inverse())
    assert call(Row(n=4, secret="s")) == [0.25]
    assert failed(call(Row(n=0, secret="s")))[1] == "ValueError"


def test_of_an_element_that_failed_half_way_nothing_is_left() -> None:
    class Twice(ProcessFunction):  # type: ignore[misc]
        def process_element(self, value: Any, ctx: Any) -> Any:
            yield value
            yield 1 / value

    guard = guards.Guard("m.Twice", "tag", 0, lambda _: None)
    function = guards.with_guard(Twice(), guard)
    guards.set_up(function, guard)
    assert list(function.process_element(2, None)) == [2, 0.5]
    assert failed(list(function.process_element(0, None)))[0] == '{"value": 0}'


@pytest.mark.parametrize("error", [ImportError, MemoryError, NameError, NotImplementedError])
def test_what_is_raised_for_any_element_is_no_bad_record(error: type[Exception]) -> None:
    def function(_: Any) -> Any:
        raise error

    with pytest.raises(error):
        here(function)(1)


def test_too_many_in_a_row_are_the_jobs_fault_and_one_good_one_begins_anew() -> None:
    call = here(inverse, most=2)
    bad, good = Row(n=0, secret=CANARY), Row(n=1, secret="s")
    for element in (bad, bad, good, bad, bad):
        call(element)
    with pytest.raises(FlinkSecError) as caught:
        call(bad)
    assert "has failed with 2 elements in a row (job.max_skipped_in_a_row)" in caught.value.message
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


def test_a_result_of_the_wrong_type_is_the_jobs_fault_whatever_guards_the_function() -> None:
    from pyflink.common import Types

    from flinksec_jobs.records.declared import declared

    guard = guards.Guard("m.f", "tag", 0, lambda _: None)
    adapter = Adapter(guards.with_guard(lambda value: value, guard))
    wanted = declared(Types.ROW_NAMED(["n"], [Types.LONG()]))
    worker.load(adapter, wanted, "f", Incoming(), guard)
    with pytest.raises(RecordValueError):
        list(adapter.process_element("no row", None))


def test_only_functions_of_one_element_are_guarded() -> None:
    class Sum(AggregateFunction):  # type: ignore[misc]
        def create_accumulator(self) -> int:
            return 0

        def add(self, value: Any, accumulator: Any) -> Any:
            return accumulator + value

        def get_result(self, accumulator: Any) -> Any:
            return accumulator

        def merge(self, acc_a: Any, acc_b: Any) -> Any:
            return acc_a + acc_b

    job = SecureJob("j", settings=load_settings(environ={}))
    for function in (Sum(), 5, int):
        with pytest.raises(FlinkSecError, match="which is no function of one element"):
            job.guard(function, on_error="skip")


def test_what_a_call_does_not_say_the_settings_say() -> None:
    skipping = SecureJob(
        "j", settings=load_settings(overrides={"job.on_error": "skip"}, environ={})
    )
    assert skipping.guard(inverse) is not inverse  # with dead_letter a topic would be missing
    assert skipping.guard(inverse, "fail") is inverse
    failing = SecureJob("j", settings=load_settings(overrides={"job.on_error": "fail"}, environ={}))
    assert failing.guard(inverse) is inverse
    with pytest.raises(SettingsError, match=r"job\.on_error.*job\.dead_letters names no topic"):
        load_settings(overrides={"job.on_error": "dead_letter"}, environ={})
    with pytest.raises(SettingsError, match=r"job\.on_error"):
        load_settings(overrides={"job.on_error": "ignore"}, environ={})


def test_a_job_of_named_clusters_alone_says_which_keeps_the_letters_of_a_function() -> None:
    east = {"kafka.east.bootstrap_servers": ["a:1"], "kafka.east.security_protocol": "SSL"}
    job = SecureJob(
        "j", settings=load_settings(overrides=east | {"job.dead_letters": "d"}, environ={})
    )
    assert isinstance(job.guard(inverse, cluster="east"), guards.Guarded)
    with pytest.raises(SettingsError, match=r"no section \[kafka\]") as caught:
        job.guard(inverse)
    assert 'cluster="east"' in (caught.value.hint or "")
    for on_error in ("skip", "dead_letter"):
        with pytest.raises(SettingsError, match=r"no section \[kafka\.west\]"):
            job.guard(inverse, on_error, cluster="west")


def test_dead_letters_need_a_topic_and_a_topic_needs_kafka() -> None:
    job = SecureJob("j", settings=load_settings(environ={}))
    assert job.guard(inverse, on_error="fail") is inverse
    with pytest.raises(SettingsError, match=r"its settings have no topic job\.dead_letters"):
        job.guard(inverse)
    with pytest.raises(SettingsError, match=r"job\.dead_letters.*no section \[kafka\]"):
        load_settings(overrides={"job.dead_letters": "d"}, environ={})
    with pytest.raises(SettingsError, match=r"job\.dead_letters.*must be a topic"):
        load_settings(
            overrides={"job.dead_letters": "a b", "kafka.bootstrap_servers": ["a:1"]}, environ={}
        )
