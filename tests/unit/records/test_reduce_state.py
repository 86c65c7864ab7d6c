# SPDX-License-Identifier: Apache-2.0
"""PyFlink's own adapter of ``reduce`` asks for its state by one name. No JVM is started."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import cloudpickle
import pytest
from pyflink.common import Types
from pyflink.datastream import KeyedStream, ReduceFunction, data_stream
from pyflink.datastream.state import ReducingStateDescriptor

from flinksec_jobs.records import worker
from flinksec_jobs.records.declared import Incoming


class Longest(ReduceFunction):  # type: ignore[misc]
    """Has a state of its own, beside PyFlink's."""

    def open(self, runtime_context: Any) -> None:
        runtime_context.get_reducing_state(
            ReducingStateDescriptor("_reduce_state-of-mine", max, Types.STRING())
        )
        self.subtask = runtime_context.get_index_of_this_subtask()

    def reduce(self, value1: str, value2: str) -> str:
        return max(value1, value2, key=len)


def adapter_of(function: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what PyFlink's ``reduce`` makes of a function, with stand-ins for what asks Java."""
    monkeypatch.setattr(data_stream, "_from_java_type", lambda _: Types.STRING())
    monkeypatch.setattr(data_stream, "get_gateway", MagicMock())
    configuration = SimpleNamespace(get=lambda _: "thread")
    monkeypatch.setattr(data_stream, "get_j_env_configuration", lambda _: configuration)
    stream = MagicMock()
    KeyedStream.reduce(stream, function)
    return stream.process.call_args.args[0]


def names_asked_for(adapter: Any) -> list[str]:
    """Open the adapter as a task does, and return the names of the states that it asks for."""
    loaded = worker.load(cloudpickle.loads(cloudpickle.dumps(adapter)), None, None, Incoming())
    asked: list[str] = []
    context = SimpleNamespace(
        get_reducing_state=lambda descriptor: asked.append(descriptor.name),
        get_job_parameter=lambda _name, default: default,
        get_index_of_this_subtask=lambda: 3,
    )
    loaded.open(context)
    return asked


def test_reduce_has_one_name_for_its_state_at_every_start(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = adapter_of(max, monkeypatch)
    assert names_asked_for(adapter) == names_asked_for(adapter) == ["_reduce_state"]


def test_a_state_that_a_reduce_function_has_itself_keeps_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    adapter = adapter_of(Longest(), monkeypatch)
    assert names_asked_for(adapter) == ["_reduce_state-of-mine", "_reduce_state"]
