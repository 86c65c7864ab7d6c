# SPDX-License-Identifier: Apache-2.0
"""Runs a function of whole batches inside Flink's JVM: once for each batch, or for each key of it.

What a guarded function fails with is called again in halves, until the records are alone that it
fails with: only they become dead letters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flinksec_jobs.functions.arrow_function import ArrowFunction
from flinksec_jobs.functions.contexts import Now
from flinksec_jobs.functions.plan import Plan
from flinksec_jobs.functions.results_out import Out, SideOutputs
from flinksec_jobs.records.guard import OF_THE_JOB, Catching

Outs = tuple[list[Any], list[int]]


class WholeRunner:
    """A function of whole batches.

    Args:
        plan: it, and what it gets and gives.
        now: what it is called for.
        outs: how its results go out, as `results_out.of_plan` says.
        sides: what goes to side outputs.

    Attributes:
        items: the places of the records that it is called with; of one result's, that of its own.
    """

    def __init__(
        self, plan: Plan, now: Now, outs: tuple[type | None, Out, Out], sides: SideOutputs
    ) -> None:
        from pyflink.datastream import OutputTag

        self._function = plan.function
        self._whole = plan.function.flinksec_whole
        self._make = self._whole.received.many()
        self._arrow = ArrowFunction.of_plan(plan) if self._whole.as_arrow else None
        self._now = now
        self._cls, self._leave, self._fit = outs
        self._sides = sides
        self._tag = OutputTag
        self._catching = None if plan.guard is None else Catching(plan.guard)
        self.items: Sequence[int] = ()

    def run(self, values: list[Any], slots: list[int] | None) -> tuple[list[Any], list[int] | None]:
        """Run the function on the values of a batch; see `Runner`.

        Args:
            values: as they are decoded.
            slots: for each of them the place of its key; None on a stream without keys.
        """
        self.items = range(len(values))
        if self._arrow is not None:
            return self._arrow.run(values), None
        records = self._make(values)
        outs: Outs = [], []
        if self._whole.one_each or slots is None:
            self._run(records, self.items, outs)
            return outs
        groups: dict[int, list[int]] = {}
        for item, slot in enumerate(slots):
            groups.setdefault(slot, []).append(item)
        for slot, items in groups.items():
            self._now.slot = slot
            self._run([records[item] for item in items], items, outs)
        return outs

    def _run(self, records: Any, items: Sequence[int], outs: Outs) -> None:
        self.items = items
        catching, count = self._catching, len(items)
        if catching is None:
            self._add(self._function.call(records, count), items, outs)
            return
        try:
            results = self._function.call(records, count)
        except OF_THE_JOB:
            raise
        except Exception as error:
            if count == 1:
                self._sides.send(catching.tag, catching.failed(records[0], error), items[0])
                return
        else:
            catching.succeeded()
            self._add(results, items, outs)
            return
        half = count // 2
        self._run(records[:half], items[:half], outs)
        self._run(records[half:], items[half:], outs)

    def _add(self, results: list[Any], items: Sequence[int], outs: Outs) -> None:
        cls, leave, fit = self._cls, self._leave, self._fit
        values, sources = outs
        one_each = self._whole.one_each
        for place, result in enumerate(results):
            if type(result) is cls:
                values.append(leave(result))
            elif type(result) is tuple and result and isinstance(result[0], self._tag):
                self._sides.send(result[0], result[1], items[-1])
                continue
            else:
                self.items = items[place : place + 1] if one_each else items
                values.append(fit(result))
        sources.extend(items if one_each else [items[-1]] * (len(values) - len(sources)))
