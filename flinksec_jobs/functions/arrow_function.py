# SPDX-License-Identifier: Apache-2.0
"""A function that takes each batch as Arrow data, and gives its results so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flinksec_jobs.functions import arrow_batches
from flinksec_jobs.functions.plan import Plan


class ArrowFunction:
    """The function with what makes its data of decoded rows, and rows of its data.

    Args:
        call: the user's function.
        batch_of: makes a ``pyarrow.RecordBatch`` of decoded rows.
        results_of: makes of what the function returned rows that are ready to be encoded.
    """

    def __init__(
        self,
        call: Callable[[Any], Any],
        batch_of: Callable[[list[Any]], Any],
        results_of: Callable[[Any, int], list[Any]],
    ) -> None:
        self._call = call
        self._batch_of = batch_of
        self._results_of = results_of

    @classmethod
    def of_plan(cls, plan: Plan) -> ArrowFunction:
        """Return that of a plan, whose elements and results are rows."""
        element, wanted = plan.element, plan.wanted
        assert element is not None  # `map_batches` has asked for both  # noqa: S101
        assert wanted is not None  # noqa: S101
        called = wanted.cls.__name__ if wanted.cls else "its output type"
        return cls(
            plan.function.user_function,
            arrow_batches.batches_of(element.fields),
            arrow_batches.results_of(wanted.fields, called, plan.name),
        )

    def run(self, rows: list[Any]) -> list[Any]:
        """Return the results of the function for some rows, one for each.

        Raises:
            WrongReturnError: it returned something else, other columns, or another number of rows.
            RecordValueError: a column does not hold what its field says.
        """
        return self._results_of(self._call(self._batch_of(rows)), len(rows))
