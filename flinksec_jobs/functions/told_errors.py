# SPDX-License-Identifier: Apache-2.0
"""What a function has raised, for the JVM: class, text, causes, and where; no frames' variables."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from typing import Any

from flinksec_jobs.errors import FlinkSecError

_MOST_FRAMES = 100
_MOST_CAUSES = 5
_MOST_CHARACTERS = 2000


def told(error: BaseException, items: Sequence[int]) -> list[Any]:
    """Return an error as `org.flinksec.functions.PythonFunctionException` reads it.

    Args:
        error: what was raised.
        items: the places of those in the batch that it may belong to; none outside of any.

    Returns:
        The places; the text, as PyFlink's thread mode writes it; frames of file, line and
        function, the innermost first.
    """
    frames = [
        [_text(frame.f_code.co_filename), line, _text(frame.f_code.co_name)]
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    text = f"{type(error)}: {_said(error)}"
    for cause in _causes(error):
        text += f"\n  caused by {type(cause).__name__}: {_said(cause)}"
    return [list(items), _text(text), frames[::-1][:_MOST_FRAMES]]


def _said(error: BaseException) -> str:
    if isinstance(error, FlinkSecError):
        return str(error)
    try:
        return str(error)[:_MOST_CHARACTERS]
    except Exception:
        return "(its text cannot be made)"


def _causes(error: BaseException) -> list[BaseException]:
    causes: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and len(causes) < _MOST_CAUSES:
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
        if at is not None:
            causes.append(at)
    return causes


def _text(text: str) -> str:
    """Return text that can be encoded: without halves of surrogate pairs."""
    return text.encode("utf-8", "replace").decode()


def place_of(function: Any) -> str:
    """Return the name of a function for messages."""
    return type(function).__name__
