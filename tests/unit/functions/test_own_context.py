# SPDX-License-Identifier: Apache-2.0
"""The metrics of a function with a process of its own, as the JVM hears of them."""

from typing import Any

import msgspec

from flinksec_jobs.functions.own_context import OwnContext


def context() -> OwnContext:
    return OwnContext("task", "task (2/3)", 3, 128, 1, 5, ["a", "1", "b", "2"])


def told(made: OwnContext) -> Any:
    changed = made.metrics.changed()
    return None if changed is None else msgspec.msgpack.decode(changed)


def test_a_metric_is_told_once_with_its_group_and_then_only_when_it_changes() -> None:
    made = context()
    group = made.get_metrics_group().add_group("a").add_group("b", "c")
    counter, meter = group.counter("count"), group.meter("rate", 30)
    assert told(made) == [
        [["counter", [["a"], ["b", "c"]], "count", 0], ["meter", [["a"], ["b", "c"]], "rate", 30]],
        [],
    ]
    assert told(made) is None
    counter.inc()
    counter.inc(4)
    counter.dec(2)
    meter.mark_event(7)
    assert (counter.get_count(), meter.get_count()) == (3, 7)
    assert told(made) == [[], [0, 3, 1, 7]]
    assert told(made) is None


def test_a_gauge_is_asked_each_time_and_a_distribution_has_its_last_value() -> None:
    made = context()
    values = iter((1, 1, 2))
    made.get_metrics_group().gauge("size", lambda: next(values))
    distribution = made.get_metrics_group().distribution("length")
    assert told(made) == [[["gauge", [], "size", 0], ["distribution", [], "length", 0]], [0, 1]]
    distribution.update(5)
    distribution.update(9)
    assert told(made) == [[], [1, 9]]
    assert told(made) == [[], [0, 2]]


def test_the_context_says_what_the_jvm_has_told() -> None:
    made = context()
    assert made.get_task_name() == "task"
    assert made.get_task_name_with_subtasks() == "task (2/3)"
    assert made.get_number_of_parallel_subtasks() == 3
    assert made.get_max_number_of_parallel_subtasks() == 128
    assert made.get_index_of_this_subtask() == 1
    assert made.get_attempt_number() == 5
    assert made.get_job_parameter("b", "") == "2"
    assert made.get_job_parameter("c", "other") == "other"
