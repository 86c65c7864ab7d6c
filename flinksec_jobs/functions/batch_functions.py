# SPDX-License-Identifier: Apache-2.0
"""PyFlink's function objects of functions that take whole batches.

Where they run in batches, `whole_runner` calls the user's function. What PyFlink runs record by
record gets batches of one record, by ``process_element``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pyflink.datastream import KeyedProcessFunction, ProcessFunction
from pyflink.datastream.state import ValueStateDescriptor

from flinksec_jobs.functions.received_records import Received
from flinksec_jobs.records import row_type
from flinksec_jobs.records.guard import Guarded, WrongReturnError
from flinksec_jobs.records.values import article

STATE = "state"
"""The name of the one state of `process_batches`, in checkpoints."""


@dataclass(frozen=True)
class Whole:
    """What a function of a whole batch takes and gives.

    Attributes:
        name: of the function, for messages.
        received: what it takes, its state too.
        one_each: whether it gives exactly one result for each record.
        as_arrow: whether it takes and gives Arrow data.
    """

    name: str
    received: Received
    one_each: bool
    as_arrow: bool = False

    def of_call(self, given: Any, count: int) -> tuple[list[Any], Any]:
        """Return the results of a call and the new state, which is None where there is none.

        Args:
            given: what the function has returned.
            count: of the records that it got.

        Raises:
            WrongReturnError: it is something else, or there are fewer results, or more.
        """
        state = None
        if self.received.state_class is not None:
            if type(given) is not tuple or len(given) != 2:  # noqa: PLR2004
                raise WrongReturnError(
                    f"the function {self.name} returned {article(given)} instead of its results "
                    "and the new state",
                    hint="return results, state, where None for the state forgets it",
                )
            given, state = given
        if given is None and not self.one_each:
            given = ()
        if not hasattr(given, "__iter__"):
            raise WrongReturnError(
                f"the function {self.name} returned {article(given)} instead of a list or "
                "generator of its results",
                hint="yield each one, or return a list",
            )
        results = list(given)
        if self.one_each and len(results) != count:
            raise WrongReturnError(
                f"the function {self.name} returned {len(results)} results for {count} records",
                hint="return exactly one for each record, in their order; for more or fewer use "
                "process_batches or flat_map",
            )
        return results, state


class _OfWhole:
    """What all of them have: the user's function, opened and closed if it can be."""

    def __init__(self, function: Callable[..., Any], whole: Whole) -> None:
        self._batch_func = function
        self.flinksec_whole = whole
        self._state: Any = None

    def open(self, runtime_context: Any) -> None:
        """Open the function, and ask for its state."""
        whole = self.flinksec_whole
        held = whole.received.state_class
        if held is not None:
            self._state = runtime_context.get_state(ValueStateDescriptor(STATE, row_type(held)))
        opens = getattr(self.user_function, "open", None)
        if opens is not None:
            opens(runtime_context)

    def close(self) -> None:
        """Close the function."""
        closes = getattr(self.user_function, "close", None)
        if closes is not None:
            closes()

    @property
    def user_function(self) -> Callable[..., Any]:
        """The function itself, without its guard."""
        given = self._batch_func
        return given.function if isinstance(given, Guarded) else given

    def call(self, records: Any, count: int) -> list[Any]:
        """Run the function on records of one key, whose state it reads and writes.

        Raises:
            WrongReturnError: it returned something else than it has to.
        """
        whole, state = self.flinksec_whole, self._state
        if state is None:
            return whole.of_call(self.user_function(records), count)[0]
        held = whole.received.state(state.value())
        results, new = whole.of_call(self.user_function(records, held), count)
        if new is not None:
            state.update(new)
        elif held is not None:
            state.clear()
        return results

    def process_element(self, value: Any, _ctx: Any) -> Iterable[Any]:
        """Run the function on a batch of one record, where nothing runs in batches."""
        return self.call(self.flinksec_whole.received.alone(value), 1)


class PlainBatches(_OfWhole, ProcessFunction):  # type: ignore[misc]
    """On a stream without keys."""


class KeyedBatches(_OfWhole, KeyedProcessFunction):  # type: ignore[misc]
    """On a stream with keys."""
