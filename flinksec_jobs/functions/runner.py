# SPDX-License-Identifier: Apache-2.0
"""Runs a function: a batch of records in, its results and states out.

``org.flinksec.functions`` calls it, once for each batch, with MessagePack both ways: inside of
Flink's JVM, or in a process of its own.
"""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flinksec_jobs.functions import codecs, packing, results_out, told_errors
from flinksec_jobs.functions.collector import collector
from flinksec_jobs.functions.contexts import Context, Now, TimerService, UnkeyedContext
from flinksec_jobs.functions.plan import Plan
from flinksec_jobs.functions.states import States
from flinksec_jobs.functions.whole_runner import WholeRunner
from flinksec_jobs.records import guard, reduce_state, worker
from flinksec_jobs.records.results import check_flat_map, several

RECORDS, EVENT_TIMERS, PROCESSING_TIMERS = range(3)


class Runner:
    """One function of one operator.

    Args:
        payload: a pickled `Plan`.
    """

    def __init__(self, payload: bytes) -> None:
        worker.prepare()
        plan: Plan = pickle.loads(payload)  # noqa: S301  the job's own program
        from pyflink.datastream import OutputTag, TimeDomain

        self._plan = plan
        self.name = plan.name
        self._function = function = plan.function
        self._is_whole = hasattr(function, "flinksec_whole")
        self._whole: WholeRunner | None = None
        if plan.guard is not None and not self._is_whole:
            guard.set_up(function, plan.guard)
        reduce_state.keep_name(function)
        check_flat_map(function, plan.name)
        self._now = Now()
        self._domains = {
            EVENT_TIMERS: TimeDomain.EVENT_TIME,
            PROCESSING_TIMERS: TimeDomain.PROCESSING_TIME,
        }
        self._states = States(self._now, told_errors.place_of(function))
        self._context: Any = self._context_of(plan)
        self._encode = packing.encoder()
        self._decode = packing.decoder()
        self._tag = OutputTag
        self._item = -1

    def _context_of(self, plan: Plan) -> Any:
        if not plan.keyed:
            return UnkeyedContext(self._now, keyed=False)
        to_key = pickle.loads if plan.key is None else codecs.arriving(plan.key)
        return Context(self._now, TimerService(self._now, keyed=True), to_key)

    def open(self, make_context: Callable[[], Any], j_states: Any) -> bytes:
        """Open the function.

        Args:
            make_context: makes its runtime context, which takes a state backend.
            j_states: the JVM's side of its states, see `States.opening`.
        """
        try:
            plan = self._plan
            element = plan.element
            self._arrive = pickle.loads if element is None else codecs.arriving(element)
            self._out = results_out.of_plan(plan)
            self._sides = results_out.SideOutputs(plan.name)
            if self._is_whole:
                self._whole = WholeRunner(plan, self._now, self._out, self._sides)
            context = make_context()
            context.set_keyed_state_backend(self._states.opening(j_states))
            self._function.open(context)
            self._states.opened()
            collector.opened()
            return self._encode([None])
        except BaseException as error:
            return self._failed(error)

    def call(self, frame: bytes) -> bytes:
        """Run the function on a batch; see ``org.flinksec.functions.Batch`` for what is in it."""
        self._item = -1
        try:
            return self._call(frame)
        except BaseException as error:
            return self._failed(error)

    def close(self) -> bytes:
        """Close the function."""
        collector.closed()
        if self._whole is not None:
            self._whole.items = ()
        try:
            self._function.close()
            return self._encode([None])
        except BaseException as error:
            self._item = -1
            return self._failed(error)

    def _failed(self, error: BaseException) -> bytes:
        items: Sequence[int] = () if self._item < 0 else (self._item,)
        if self._whole is not None:
            items, self._whole.items = self._whole.items, ()
        return self._encode([told_errors.told(error, items)])

    def _call(self, frame: bytes) -> bytes:
        kind, watermark, stamps, states, slots, keys, told, give, values = self._decode(frame)
        now = self._now
        now.watermark = watermark
        timers: list[int] = []
        now.timers = timers
        self._sides.sent = []
        if keys is not None:
            if told:
                now.keys += keys
            else:
                now.keys = keys
            self._states.begin(states, told)
        if kind == RECORDS:
            now.domain = None
            sources: list[int] | None
            if self._whole is not None:
                outs, sources = self._whole.run(values, slots)
            else:
                outs, sources = self._records(values, stamps, slots)
        else:
            now.domain = self._domains[kind]
            outs, sources = self._timers(stamps, slots)
        answer: list[Any] = [None]
        if keys is not None:
            answer += (self._states.changed() if give else None, timers)
        answer += (sources, outs, self._sides.sent)
        return self._encode(answer)

    def _records(
        self, values: list[Any], stamps: list[int | None] | None, slots: list[int] | None
    ) -> tuple[list[Any], list[int] | None]:
        arrive = self._arrive
        natural: Iterable[Any] = values
        if arrive is not None:
            natural = [None if value is None else arrive(value) for value in values]
        process: Callable[[Any, Any], Any] = self._function.process_element
        now, context = self._now, self._context
        cls, leave, fit = self._out
        tag = self._tag
        outs: list[Any] = []
        sources: list[int] = []
        add, add_source = outs.append, sources.append
        slot_of, stamp_of = slots or itertools.repeat(0), stamps or itertools.repeat(None)
        items = zip(natural, slot_of, stamp_of, strict=False)
        item = -1
        try:
            for item, (value, now.slot, now.timestamp) in enumerate(items):
                results = process(value, context)
                if results is None:
                    continue
                if not hasattr(results, "__iter__"):
                    several(results, self._plan.name)
                for result in results:
                    if type(result) is cls:
                        add(leave(result))
                    elif type(result) is tuple and result and isinstance(result[0], tag):
                        self._sides.send(result[0], result[1], item)
                        continue
                    else:
                        add(fit(result))
                    add_source(item)
        except BaseException:
            self._item = item
            raise
        return outs, None if sources == list(range(len(values))) else sources

    def _timers(self, stamps: list[int], slots: list[int]) -> tuple[list[Any], list[int] | None]:
        now = self._now
        _, _, fit = self._out
        outs: list[Any] = []
        sources: list[int] = []
        for item, stamp in enumerate(stamps):
            self._item = item
            now.slot, now.timestamp = slots[item], stamp
            results = self._function.on_timer(stamp, self._context)
            for result in () if results is None else several(results, self._plan.name):
                if type(result) is tuple and result and isinstance(result[0], self._tag):
                    self._sides.send(result[0], result[1], item)
                else:
                    outs.append(fit(result))
                    sources.append(item)
        return outs, sources
