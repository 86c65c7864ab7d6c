# SPDX-License-Identifier: Apache-2.0
"""PyFlink's contexts and timer service, for a function that gets its records in batches."""

from __future__ import annotations

import operator
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flinksec_jobs.errors import JobError, RecordValueError

_SMALLEST, _LARGEST = -(2**63), 2**63 - 1
REGISTER_EVENT, REGISTER_PROCESSING, DELETE_EVENT, DELETE_PROCESSING = range(4)


@dataclass(slots=True)
class Now:
    """What a function is called for: one item of a batch.

    Attributes:
        slot: the place of its key among those of the batch.
        timestamp: of the record or timer, in milliseconds; None for none.
        watermark: of the operator.
        domain: PyFlink's of a timer; None for a record.
        keys: those of the batch, as they came.
        timers: what was asked of the timer service, flat: places of keys, what, and when.
    """

    slot: int = 0
    timestamp: int | None = None
    watermark: int | None = None
    domain: Any = None
    keys: list[Any] = field(default_factory=list)
    timers: list[int] = field(default_factory=list)


class TimerService:
    """PyFlink's timer service; timers only for a stream with keys."""

    def __init__(self, now: Now, keyed: bool) -> None:
        self._now = now
        self._keyed = keyed

    def current_processing_time(self) -> int:
        """Return the time of the machine, in milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def current_watermark(self) -> int:
        """Return the watermark, in milliseconds since 1970; of none the smallest number."""
        mark = self._now.watermark
        return _SMALLEST if mark is None else mark

    def register_event_time_timer(self, timestamp: int) -> None:
        """Let ``on_timer`` be called when the watermark passes a time."""
        self._ask(REGISTER_EVENT, timestamp)

    def register_processing_time_timer(self, timestamp: int) -> None:
        """Let ``on_timer`` be called when the machine's time passes one."""
        self._ask(REGISTER_PROCESSING, timestamp)

    def delete_event_time_timer(self, timestamp: int) -> None:
        """Forget a timer; nothing if there is none."""
        self._ask(DELETE_EVENT, timestamp)

    def delete_processing_time_timer(self, timestamp: int) -> None:
        """Forget a timer; nothing if there is none."""
        self._ask(DELETE_PROCESSING, timestamp)

    def _ask(self, what: int, timestamp: int) -> None:
        if not self._keyed:
            raise JobError(
                "timers are only there on a keyed stream",
                hint="put key_by_field(…) or key_by(…) before process",
            )
        when = operator.index(timestamp)
        if not _SMALLEST <= when <= _LARGEST:
            raise RecordValueError(
                f"a timer's time has {when.bit_length()} bits, which are too many for 64",
                hint="give it milliseconds since 1970",
            )
        self._now.timers += (self._now.slot, what, when)


class Context:
    """PyFlink's context of ``process_element`` and ``on_timer``."""

    def __init__(self, now: Now, timers: TimerService, key: Callable[[Any], Any] | None) -> None:
        self._now = now
        self._timers = timers
        self._to_key = key

    def timestamp(self) -> int | None:
        """Return the time of the record or timer, in milliseconds; None if it has none."""
        return self._now.timestamp

    def timer_service(self) -> TimerService:
        """Return the timer service."""
        return self._timers

    def get_current_key(self) -> Any:
        """Return the key of the record or timer."""
        key = self._now.keys[self._now.slot]
        return key if key is None or self._to_key is None else self._to_key(key)

    def time_domain(self) -> Any:
        """Return PyFlink's domain of the timer that fires."""
        return self._now.domain


class UnkeyedContext(TimerService):
    """PyFlink's context on a stream without keys, which is its own timer service."""

    def timestamp(self) -> int | None:
        """Return the time of the record, in milliseconds; None if it has none."""
        return self._now.timestamp

    def timer_service(self) -> TimerService:
        """Return the timer service."""
        return self
