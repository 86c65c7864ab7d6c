# SPDX-License-Identifier: Apache-2.0
"""What Flink's planner says against a statement, told by line and column of its text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from flinksec_jobs.errors import FlinkSecError, JobError, StatementError
from flinksec_jobs.runtime import jvm
from flinksec_jobs.sql.statements import Statement

_PLACE = re.compile(r"\b(?:From|at|At) line (\d+), column (\d+)")
_CLASS = re.compile(r"^(?:[\w$]+\.)*[\w$]*(?:Exception|Error): ")
_EXPECTED = re.compile(r"\s*Was expecting(?: one of)?:.*", re.DOTALL)
_OPTION = re.compile(r"Could not parse value (?:'[^\n]*' )?for key '([\w.-]+)'")
_LONGEST = 600


@contextmanager
def planned(statement: Statement) -> Iterator[None]:
    """Turn what Flink says against a statement into a `StatementError` with its place.

    Raises:
        StatementError: Flink cannot read or plan it.
    """
    from py4j.protocol import Py4JJavaError

    error: FlinkSecError | None = None
    try:
        with jvm.translated("Flink"):
            yield
    except StatementError:
        raise
    except JobError as caught:
        cause = caught.__context__
        trace = str(cause) if cause is not None else caught.message
        if not isinstance(cause, Py4JJavaError) and type(cause).__module__ != (
            "pyflink.util.exceptions"
        ):
            raise
        error = _told(statement, caught.message.removeprefix("Flink: "), trace)
        error.__context__ = cause
    if error is not None:
        raise error from None


def _told(statement: Statement, message: str, trace: str) -> StatementError:
    """Tell a refusal of Flink's.

    Args:
        statement: what is refused.
        message: of the exception's root cause.
        trace: all of the exception, in which some cause has the place.
    """
    place = _place(statement, trace)
    said = _EXPECTED.sub("", _CLASS.sub("", message)).strip()
    if (option := _OPTION.search(trace)) and option[1] not in said:
        said = f"option '{option[1]}': {said}"
    if len(said) > _LONGEST:
        said = f"{said[:_LONGEST]}…"
    return StatementError(
        f"{place}: {statement.title}: {said}",
        hint="correct the statement; `flinksec run JOB.sql --explain` plans all of them, and runs "
        "nothing",
    )


def _place(statement: Statement, trace: str) -> str:
    """Return the place in the text: Flink counts from the beginning of the statement."""
    found = _PLACE.search(trace)
    line, column = statement.text.position(statement.start)
    if found:
        in_line, in_column = int(found[1]), int(found[2])
        column = column + in_column - 1 if in_line == 1 else in_column
        line += in_line - 1
    return f"{statement.text.name}:{line}:{column}"
