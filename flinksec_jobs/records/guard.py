# SPDX-License-Identifier: Apache-2.0
"""Catch what a function of a job raises, where it runs, and hand the element to a side output.

A guard travels with the function. `worker.load` puts it around PyFlink's function object, inside
of what compares results with their declaration: a result of the wrong type is the job's fault.
"""

from __future__ import annotations

import copy
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flinksec_jobs.errors import FlinkSecError, RecordValueError
from flinksec_jobs.records import element_json, taken_outputs

SETTING = "job.max_skipped_in_a_row"
_METHODS = ("process_element", "process_element1", "process_element2")
# What PyFlink has of a function that it calls once for each element; of others it is not known
# which element an error belongs to.
_KINDS = (
    "MapFunction",
    "FlatMapFunction",
    "FilterFunction",
    "ReduceFunction",
    "ProcessFunction",
    "KeyedProcessFunction",
    "CoMapFunction",
    "CoFlatMapFunction",
    "CoProcessFunction",
    "KeyedCoProcessFunction",
)


class WrongReturnError(RecordValueError):
    """A function of whole batches returned what it never may, whatever it got."""


# Whatever the element is, these are the fault of the program or of the machine.
OF_THE_JOB = (
    *(ImportError, MemoryError, NameError, NotImplementedError, SyntaxError),
    WrongReturnError,
)
_NOT_THE_USERS = ("/pyflink/", "/flinksec_jobs/records/", "/flinksec_jobs/functions/")
_MOST_CAUSES = 5


class Guard:
    """What a job wants done with an element that a function fails with.

    Args:
        name: of the function, ``module.function``.
        tag: of the side output that such elements go to.
        most: so many may fail in a row; 0 for any number.
        used: told, in the program that builds the job, each of PyFlink's objects that is made of
            the function.
    """

    def __init__(self, name: str, tag: str, most: int, used: Callable[[Any], None]) -> None:
        self.name = name
        self.tag = tag
        self.most = most
        self.used = used

    def __reduce__(self) -> Any:
        return Guard, (self.name, self.tag, self.most, _nobody)


def _nobody(_: Any) -> None:
    """Take the place of ``used`` where the function runs."""


class Guarded:
    """A function with its guard; called, it is the function."""

    def __init__(self, function: Callable[..., Any], guard: Guard) -> None:
        self.function = function
        self.flinksec_guard = guard
        self.__qualname__ = getattr(function, "__qualname__", type(function).__name__)
        self.__module__ = getattr(function, "__module__", __name__)
        code = getattr(function, "__code__", None)
        if code is not None:
            self.__code__ = code

    def __call__(self, *args: Any) -> Any:
        """Call the function, where nothing guards it."""
        return self.function(*args)

    def __reduce__(self) -> Any:
        return Guarded, (self.function, self.flinksec_guard)


def with_guard(function: Any, guard: Guard) -> Any:
    """Return the function with a guard, to be given to an operation of a stream.

    Raises:
        FlinkSecError: it is no function, or of a kind that is not called for one element.
    """
    from pyflink.datastream import functions

    if isinstance(function, functions.Function):
        kinds = tuple(getattr(functions, kind) for kind in _KINDS)
        if isinstance(function, kinds):
            made = copy.copy(function)
            made.flinksec_guard = guard
            return made
    elif callable(function) and not isinstance(function, type):
        return Guarded(function, guard)
    raise FlinkSecError(
        f"guard cannot take {name_of(function)}, which is no function of one element",
        hint="guard what map, flat_map, filter, reduce or process takes",
    )


def name_of(function: Any) -> str:
    """Return a function's full name, ``module.function``."""
    named = function if hasattr(function, "__qualname__") else type(function)
    return f"{named.__module__}.{named.__qualname__}"


def guard_of(function: Any) -> Guard | None:
    """Return the guard of what PyFlink has made of a function; None if it has none."""
    found = getattr(function, "flinksec_guard", None)
    for part in vars(function).values() if found is None and hasattr(function, "__dict__") else ():
        found = found or getattr(part, "flinksec_guard", None)
        found = found or getattr(getattr(part, "__self__", None), "flinksec_guard", None)
    return found if isinstance(found, Guard) else None


def set_up(function: Any, guard: Guard) -> None:
    """Let PyFlink's object of a function, where it runs, catch what the function raises."""
    for name, part in list(vars(function).items()):
        if isinstance(part, Guarded):
            setattr(function, name, part.function)  # saves a call for each element
    catching = Catching(guard)
    for method in _METHODS:
        if hasattr(function, method):
            setattr(function, method, catching.around(getattr(function, method)))


class Catching:
    """Makes rows of elements that a function fails with, and counts them."""

    def __init__(self, guard: Guard) -> None:
        from pyflink.common import Row, Types
        from pyflink.datastream import OutputTag

        self._guard = guard
        self._row = Row
        self.tag = OutputTag(guard.tag, Types.ROW([Types.STRING()] * 4))
        self._in_a_row = 0

    def around(self, method: Callable[..., Iterable[Any] | None]) -> Callable[..., Iterable[Any]]:
        """Return a method that gives such a row in place of what it raises."""

        def call(value: Any, *rest: Any) -> Iterable[Any]:
            try:
                # All of its results or none: an element that failed has left nothing behind.
                results = list(method(value, *rest) or ())
            except OF_THE_JOB:
                raise
            except Exception as error:
                return [(self.tag, self.failed(value, error))]
            self.succeeded()
            return results

        return call

    def succeeded(self) -> None:
        """Note that the function did not fail with an element."""
        self._in_a_row = 0

    def failed(self, value: Any, error: Exception) -> Any:
        """Return the row of an element that the function fails with, for the side output.

        Raises:
            FlinkSecError: too many have failed in a row, or nothing takes it.
        """
        guard = self._guard
        if not taken_outputs.are_taken():
            raise FlinkSecError(
                f"the function {guard.name} of job.guard(...) has failed with an element, and "
                "nothing takes that, as the job runs past its SecureJob",
                hint="give its stream a sink in place of execute_and_collect()",
            ) from error
        kind, why, trace = _class_of(error), _why(error), _trace(error)
        self._in_a_row += 1
        if guard.most and self._in_a_row > guard.most:
            raise FlinkSecError(
                f"the function {guard.name} has failed with {guard.most} elements in a row "
                f"({SETTING}): that is the job's fault. The last time it raised {why}",
                hint="mend the function; nothing of these elements is lost, since the job goes on "
                "from its last checkpoint",
            ) from None
        return self._row(element_json.of(value), kind, why, trace)


def _class_of(error: BaseException) -> str:
    kind = type(error)
    prefix = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return prefix + kind.__qualname__


def _frames(error: BaseException) -> Iterator[tuple[str, int, str]]:
    """Give file, line and function of each call, from where the user's begin."""
    begun = False
    for frame, line in traceback.walk_tb(error.__traceback__):
        code = frame.f_code
        begun = begun or not any(part in code.co_filename for part in _NOT_THE_USERS)
        if begun:
            yield code.co_filename, line, code.co_name


def _why(error: BaseException) -> str:
    """Tell the class and the place, never the text: it may quote what the element holds."""
    frames = list(_frames(error))
    if not frames:
        return _class_of(error)
    # Where the user's own file is left, not somewhere in a library.
    file, line, function = next(
        (frame for frame in reversed(frames) if frame[0] == frames[0][0]), frames[-1]
    )
    return f"{_class_of(error)} in {function} ({file}:{line})"


def _trace(error: BaseException) -> str:
    """Return the traceback without lines of source and without any exception's text."""
    parts: list[str] = []
    next_one: BaseException | None = error
    while next_one is not None and len(parts) < _MOST_CAUSES:
        lines = [
            f'  File "{file}", line {line}, in {name}' for file, line, name in _frames(next_one)
        ]
        called = "Traceback (most recent call last):"
        parts.insert(0, "\n".join([called, *lines, _class_of(next_one)]))
        cause = next_one.__cause__
        next_one = cause or (None if next_one.__suppress_context__ else next_one.__context__)
    return "\n\n".join(parts)
