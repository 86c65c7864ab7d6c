# SPDX-License-Identifier: Apache-2.0
"""State of process mode that keeps natural values.

PyFlink's coders of process mode write a row field by field, and would give back what crosses in
the place of a ``datetime``. A row type with such fields is pickled instead, as thread mode pickles
all rows; one without keeps its bytes.
"""

from __future__ import annotations

import sys
from typing import Any

from flinksec_jobs.records import natural
from flinksec_jobs.records.field_types import below
from flinksec_jobs.records.flink_types import field_type

# Where PyFlink has the function under this name.
_USERS = ("pyflink.fn_execution.datastream.process.runtime_context", "pyflink.fn_execution.coders")
_MARK = "flinksec_coder"


def keep_natural() -> None:
    """Replace the choice of coders for types of state, once in a process."""
    coders = sys.modules.get(_USERS[1])
    if _USERS[0] not in sys.modules or coders is None or hasattr(coders, _MARK):
        return
    from pyflink.common.typeinfo import RowTypeInfo

    original = coders.from_type_info
    times = _coder_of_times()

    def from_type_info(type_info: Any) -> Any:
        made = field_type(type_info)
        if isinstance(type_info, RowTypeInfo) and _crosses_as_something_else(made):
            return coders.PickleCoder()
        if made.kind == "datetime":
            return times
        return coders.LocalDateCoder() if made.kind == "date" else original(type_info)

    setattr(coders, _MARK, from_type_info)
    for name in _USERS:
        sys.modules[name].from_type_info = from_type_info  # type: ignore[attr-defined]


def _crosses_as_something_else(made: Any) -> bool:
    return any(part.kind in natural.SIMPLER for part in below((("", made),)))


def _coder_of_times() -> Any:
    from pyflink.fn_execution import coders

    arrive, leave = natural.TIME_IN_PROCESS_MODE

    class Impl(coders.coder_impl.InstantCoderImpl):  # type: ignore[misc]
        def encode_to_stream(self, value: Any, out_stream: Any) -> None:
            super().encode_to_stream(leave(value), out_stream)

        def decode_from_stream(self, in_stream: Any, size: int) -> Any:
            return arrive(super().decode_from_stream(in_stream, size))

    class TimeCoder(coders.InstantCoder):  # type: ignore[misc]
        def get_impl(self) -> Any:
            return Impl()

    return TimeCoder()
