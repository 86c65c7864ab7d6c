# SPDX-License-Identifier: Apache-2.0
"""Send each function of a job with what comes to it and what it declares to return.

PyFlink makes the Python operators of a ``DataStream`` in two functions and a method of one module,
and packs every function of a user in a third; these are replaced once, in the program that builds
the job, and so is how it reads Java's types, so that a record's stays one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flinksec_jobs.records import incoming, worker
from flinksec_jobs.records.declared import Declared, Incoming, declared, hands_on, name_of
from flinksec_jobs.records.guard import Guard, guard_of

_PACKS = "_create_j_data_stream_python_function_info"
_FROM_JAVA = "_from_java_type"


def install() -> None:
    """Replace PyFlink's functions, if that has not been done in this process.

    Raises:
        FlinkSecError: PyFlink is another release than the one that this was written for.
    """
    worker.prepare()
    from pyflink.common import typeinfo
    from pyflink.datastream import data_stream

    if hasattr(data_stream, "flinksec_pending"):
        return
    data_stream.flinksec_pending = []
    pack = getattr(data_stream, _PACKS)

    def pack_with_declaration(func: Any, func_type: int) -> Any:
        guard = guard_of(func)
        packed = pack(Crossing(func, data_stream.flinksec_pending, guard), func_type)
        if guard is not None:
            guard.used(packed.getPythonFunction())
        return packed

    setattr(data_stream, _PACKS, pack_with_declaration)
    for name, comes in (
        ("_get_one_input_stream_operator", incoming.of_one),
        ("_get_two_input_stream_operator", incoming.of_two),
    ):
        setattr(data_stream, name, _remembering(getattr(data_stream, name), data_stream, comes))
    broadcast = data_stream.BroadcastConnectedStream
    broadcast.process = _remembering_method(broadcast.process, data_stream)
    reading = incoming.reading_records(getattr(typeinfo, _FROM_JAVA))
    setattr(typeinfo, _FROM_JAVA, reading)
    setattr(data_stream, _FROM_JAVA, reading)


def _remembering(make_operator: Any, module: Any, comes: Callable[[Any], Incoming]) -> Any:
    def make(stream: Any, func: Any, func_type: int, output_type: Any = None) -> Any:
        with _pending(module.flinksec_pending, comes(stream), output_type):
            return make_operator(stream, func, func_type, output_type)

    return make


def _remembering_method(process: Any, module: Any) -> Any:
    def process_with_declaration(stream: Any, func: Any, output_type: Any = None) -> Any:
        with _pending(module.flinksec_pending, incoming.of_broadcast(stream), output_type):
            return process(stream, func, output_type)

    return process_with_declaration


_Pending = tuple[Declared | None, Incoming]


@contextmanager
def _pending(pending: list[_Pending], comes: Incoming, output_type: Any) -> Iterator[None]:
    pending.append((declared(output_type), comes))
    try:
        yield
    finally:
        pending.pop()


class Crossing:
    """A function on its way to where it runs: unpickling it calls `worker.load`."""

    def __init__(self, function: Any, pending: list[_Pending], guard: Guard | None = None) -> None:
        self._function = function
        self._guard = guard
        self._wanted, self._comes = pending[-1] if pending else (None, Incoming())
        self._name = None if hands_on(function) else name_of(function)

    def __reduce__(self) -> Any:
        return worker.load, (
            self._function,
            self._wanted,
            self._name,
            self._comes,
            self._guard,
        )
