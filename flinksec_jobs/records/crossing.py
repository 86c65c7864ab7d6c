# SPDX-License-Identifier: Apache-2.0
"""Send each function of a job with what it declares to return, and with `worker.load` around it.

PyFlink makes the Python operators of a ``DataStream`` in two functions and a method of one module,
and packs every function of a user in a third; these are replaced once, in the program that builds
the job.
"""

from __future__ import annotations

import copyreg
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flinksec_jobs.records import worker
from flinksec_jobs.records.declared import Declared, declared, hands_on, name_of
from flinksec_jobs.records.definition import row_type

_PACKS = "_create_j_data_stream_python_function_info"


def install() -> None:
    """Replace PyFlink's functions, if that has not been done in this process.

    Raises:
        FlinkSecError: PyFlink is another release than the one that this was written for.
    """
    worker.prepare()
    from pyflink.common.typeinfo import RowTypeInfo
    from pyflink.datastream import data_stream

    copyreg.pickle(RowTypeInfo, _row_type_by_record)

    if hasattr(data_stream, "flinksec_declared"):
        return
    data_stream.flinksec_declared = []
    pack = getattr(data_stream, _PACKS)

    def pack_with_declaration(func: Any, func_type: int) -> Any:
        return pack(Crossing(func, data_stream.flinksec_declared), func_type)

    setattr(data_stream, _PACKS, pack_with_declaration)
    for name in ("_get_one_input_stream_operator", "_get_two_input_stream_operator"):
        setattr(data_stream, name, _remembering(getattr(data_stream, name), data_stream))
    broadcast = data_stream.BroadcastConnectedStream
    broadcast.process = _remembering_method(broadcast.process, data_stream)


def _row_type_by_record(made: Any) -> Any:
    """Pickle a row type by its record: once used, PyFlink's own holds parts of the JVM.

    An ``OutputTag`` of a row type could otherwise not be used in a second function.
    """
    cls = getattr(made, "flinksec_record", None)
    return made.__reduce_ex__(2) if cls is None else (row_type, (cls,))


def _remembering(make_operator: Any, module: Any) -> Any:
    def make(stream: Any, func: Any, func_type: int, output_type: Any = None) -> Any:
        with _pending(module.flinksec_declared, output_type):
            return make_operator(stream, func, func_type, output_type)

    return make


def _remembering_method(process: Any, module: Any) -> Any:
    def process_with_declaration(stream: Any, func: Any, output_type: Any = None) -> Any:
        with _pending(module.flinksec_declared, output_type):
            return process(stream, func, output_type)

    return process_with_declaration


@contextmanager
def _pending(pending: list[Declared | None], output_type: Any) -> Iterator[None]:
    pending.append(declared(output_type))
    try:
        yield
    finally:
        pending.pop()


class Crossing:
    """A function on its way to where it runs: unpickling it calls `worker.load`."""

    def __init__(self, function: Any, pending: list[Declared | None]) -> None:
        self._function = function
        self._wanted = pending[-1] if pending else None
        self._name = None if hands_on(function) else name_of(function)

    def __reduce__(self) -> Any:
        return worker.load, (self._function, self._wanted, self._name)
