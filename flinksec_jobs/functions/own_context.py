# SPDX-License-Identifier: Apache-2.0
"""PyFlink's runtime context and metrics of a function that has a process of its own.

Metrics are told the JVM with each answer: what is new, and what has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflink.datastream import RuntimeContext
from pyflink.metrics import Counter, Distribution, Meter, MetricGroup

from flinksec_jobs.functions import packing


class OwnMetrics:
    """All metrics of a function; ``org.flinksec.functions.ProcessMetrics`` has those of Flink."""

    def __init__(self) -> None:
        self._made: list[list[Any]] = []
        self._changes: dict[int, int] = {}
        self._gauges: dict[int, Callable[[], int]] = {}
        self._told: dict[int, int] = {}
        self._count = 0

    def add(self, kind: str, path: list[list[str]], name: str, seconds: int = 0) -> int:
        """Add a metric; returns its number."""
        self._made.append([kind, path, name, seconds])
        self._count += 1
        return self._count - 1

    def add_gauge(self, path: list[list[str]], name: str, value: Callable[[], int]) -> None:
        """Add one that is asked for its value."""
        self._gauges[self.add("gauge", path, name)] = value

    def change(self, number: int, by: int) -> None:
        """Change one that counts."""
        self._changes[number] = self._changes.get(number, 0) + by

    def put(self, number: int, value: int) -> None:
        """Change one that holds its last value."""
        self._changes[number] = value

    def changed(self) -> bytes | None:
        """Return what is new since the last time; None for nothing."""
        for number, gauge in self._gauges.items():
            value = int(gauge())
            if self._told.get(number) != value:
                self._told[number] = self._changes[number] = value
        if not (self._made or self._changes):
            return None
        changes = [part for change in self._changes.items() for part in change]
        told = packing.encoder()([self._made, changes])
        self._made, self._changes = [], {}
        return told


class _Group(MetricGroup):  # type: ignore[misc]
    def __init__(self, metrics: OwnMetrics, path: list[list[str]]) -> None:
        self._metrics = metrics
        self._path = path

    def add_group(self, name: str, extra: str | None = None) -> MetricGroup:
        """Return a group below this one."""
        level = [name] if extra is None else [name, extra]
        return _Group(self._metrics, [*self._path, level])

    def counter(self, name: str) -> Counter:
        """Return a new counter."""
        return _Counting(self._metrics, self._metrics.add("counter", self._path, name))

    def gauge(self, name: str, obj: Callable[[], int]) -> None:
        """Add what is asked for its value."""
        self._metrics.add_gauge(self._path, name, obj)

    def meter(self, name: str, time_span_in_seconds: int = 60) -> Meter:
        """Return a new meter."""
        number = self._metrics.add("meter", self._path, name, time_span_in_seconds)
        return _Counting(self._metrics, number)

    def distribution(self, name: str) -> Distribution:
        """Return a new distribution."""
        return _Last(self._metrics, self._metrics.add("distribution", self._path, name))


class _Counting(Counter, Meter):  # type: ignore[misc]
    """A counter, or a meter."""

    def __init__(self, metrics: OwnMetrics, number: int) -> None:
        self._metrics = metrics
        self._number = number
        self._count = 0

    def inc(self, n: int = 1) -> None:
        """Count up."""
        self._count += n
        self._metrics.change(self._number, n)

    def dec(self, n: int = 1) -> None:
        """Count down."""
        self.inc(-n)

    mark_event = inc  # of a meter

    def get_count(self) -> int:
        """Return what has been counted here."""
        return self._count


class _Last(Distribution):  # type: ignore[misc]
    """A distribution, of which PyFlink's thread mode has the last value as well."""

    def __init__(self, metrics: OwnMetrics, number: int) -> None:
        self._metrics = metrics
        self._number = number

    def update(self, value: int) -> None:
        """Take a value."""
        self._metrics.put(self._number, value)


class OwnContext(RuntimeContext):  # type: ignore[misc]
    """PyFlink's runtime context.

    Args:
        name: of the task.
        name_with_subtasks: the same with ``(1/2)`` behind it.
        parallelism: of the task.
        max_parallelism: of the task.
        index: of this part of it, from 0.
        attempt: how often it has been started before.
        parameters: of the job, names and values in turns.
    """

    def __init__(  # noqa: PLR0917  as the JVM writes them
        self,
        name: str,
        name_with_subtasks: str,
        parallelism: int,
        max_parallelism: int,
        index: int,
        attempt: int,
        parameters: list[str],
    ) -> None:
        self._name = name
        self._name_with_subtasks = name_with_subtasks
        self._parallelism = parallelism
        self._max_parallelism = max_parallelism
        self._index = index
        self._attempt = attempt
        self._parameters = dict(zip(parameters[::2], parameters[1::2], strict=True))
        self._states: Any = None
        self.metrics = OwnMetrics()

    def set_keyed_state_backend(self, states: Any) -> None:
        """Take what has the states."""
        self._states = states

    def get_task_name(self) -> str:
        """Return the name of the task."""
        return self._name

    def get_task_name_with_subtasks(self) -> str:
        """Return it with the number of this part of it."""
        return self._name_with_subtasks

    def get_number_of_parallel_subtasks(self) -> int:
        """Return in how many parts the task runs."""
        return self._parallelism

    def get_max_number_of_parallel_subtasks(self) -> int:
        """Return in how many at most."""
        return self._max_parallelism

    def get_index_of_this_subtask(self) -> int:
        """Return the number of this one, from 0."""
        return self._index

    def get_attempt_number(self) -> int:
        """Return how often it has been started before."""
        return self._attempt

    def get_job_parameter(self, key: str, default_value: str) -> str:
        """Return one of the job."""
        return self._parameters.get(key, default_value)

    def get_metrics_group(self) -> MetricGroup:
        """Return what makes metrics."""
        return _Group(self.metrics, [])

    def get_state(self, state_descriptor: Any) -> Any:
        """Return a ``ValueState``."""
        return self._states.get_value_state(state_descriptor)

    def get_list_state(self, state_descriptor: Any) -> Any:
        """Return a ``ListState``."""
        return self._states.get_list_state(state_descriptor)

    def get_map_state(self, state_descriptor: Any) -> Any:
        """Return a ``MapState``."""
        return self._states.get_map_state(state_descriptor)

    def get_reducing_state(self, state_descriptor: Any) -> Any:
        """Return a ``ReducingState``."""
        return self._states.get_reducing_state(state_descriptor)

    def get_aggregating_state(self, state_descriptor: Any) -> Any:
        """Return an ``AggregatingState``."""
        return self._states.get_aggregating_state(state_descriptor)
