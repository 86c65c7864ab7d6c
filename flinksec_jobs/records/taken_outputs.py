# SPDX-License-Identifier: Apache-2.0
"""Whether anything takes what a function puts out to side outputs, where PyFlink runs it.

PyFlink puts it into the main output of an operator without any side output, from where it is
refused as something of the wrong type. What knows is a variable of the function that has called
the user's, so its frame is asked, once a function has failed.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator

_PYFLINKS = "pyflink.fn_execution.datastream."
_IN_THREADS = "process_func"
_IN_PROCESSES = "has_side_output"


def are_taken() -> bool:
    """Whether side outputs of the function that now runs are taken, as far as that is known."""
    for frame in _callers(sys._getframe(1)):
        if not str(frame.f_globals.get("__name__")).startswith(_PYFLINKS):
            continue
        known = frame.f_locals
        if _IN_THREADS in known:
            return "side_output_context" in known[_IN_THREADS].__code__.co_freevars
        if _IN_PROCESSES in known:
            return bool(known[_IN_PROCESSES])
        taken = getattr(known.get("self"), f"_{_IN_PROCESSES}", None)
        if taken is not None:
            return bool(taken)
    return True


def _callers(frame: types.FrameType | None) -> Iterator[types.FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
