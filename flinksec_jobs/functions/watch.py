# SPDX-License-Identifier: Apache-2.0
"""Looks at a function that does not return, from another thread, and interrupts it.

``org.flinksec.functions.FunctionWatch`` asks. Of frames it learns files, lines and names, never
variables, but for the place of a record in its batch.
"""

from __future__ import annotations

import ctypes
import sys
import types
from collections.abc import Iterator
from typing import Any

from flinksec_jobs.functions import packing

_MOST_FRAMES = 30
_OURS = "flinksec_jobs.functions."
# The module of `Runner`, whose methods are called from outside, by no function of the user's.
_RUNNER = "flinksec_jobs.functions.runner"
_FROM_OUTSIDE = ("open", "call", "close")
# The methods of `Runner` that call a function for one record, or timer, after the other.
_ONE_BY_ONE = ("_records", "_timers")


class FunctionStopped(BaseException):
    """Raised inside a function that took too long, or whose task ends.

    It is no ``Exception``, so that what catches the function's own errors lets it pass.
    """


def answer(question: str) -> bytes:
    """Answer one letter, and the number by which Python knows the function's thread.

    ``l`` looks: an array of the place of its record, -1 for none, and of its frames, the innermost
    first. ``s`` interrupts, and ``c`` takes an interruption back that has come too late.
    """
    what, ident = question[0], int(question[1:])
    if what == "l":
        return packing.encoder()(_seen(ident))
    _raise_in(ident, FunctionStopped if what == "s" else None)
    return b""


def _raise_in(ident: int, error: type[BaseException] | None) -> None:
    """Raise an exception where a thread executes Python code next; None raises none."""
    raised = None if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), raised)


def _seen(ident: int) -> list[Any]:
    item = -1
    inner: list[types.FrameType] = []
    for frame in _calls(sys._current_frames().get(ident)):
        module, name = str(frame.f_globals.get("__name__")), frame.f_code.co_name
        if module == _RUNNER and name in _FROM_OUTSIDE:
            break
        if module.startswith(_OURS):
            if name in _ONE_BY_ONE:
                item = frame.f_locals.get("item", -1)
        elif item < 0:
            inner.append(frame)
    frames = [
        [frame.f_code.co_filename, frame.f_lineno or 0, frame.f_code.co_name]
        for frame in inner[:_MOST_FRAMES]
    ]
    return [item, frames]


def _calls(frame: types.FrameType | None) -> Iterator[types.FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
