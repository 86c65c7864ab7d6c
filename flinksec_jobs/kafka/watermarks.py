# SPDX-License-Identifier: Apache-2.0
"""Event time of what a job reads: where it stands, and how watermarks follow it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from flinksec_jobs import records
from flinksec_jobs.errors import RecordValueError, SettingsError
from flinksec_jobs.runtime import jvm

if TYPE_CHECKING:
    from pyflink.common import WatermarkStrategy
    from pyflink.datastream import DataStream

_log = logging.getLogger(__name__)

KAFKA_TIMESTAMP = "kafka-timestamp"
"""In the place of a field: the timestamp of the Kafka record. No field can have this name."""

TimeOf = Callable[[Any], int | datetime]
"""Gives the time of a row: epoch milliseconds, or a ``datetime`` with a time zone."""

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class EventTime:
    """Where a record's event time stands, and how watermarks follow it.

    Attributes:
        of: a field that holds a time, `KAFKA_TIMESTAMP`, or a function of the row.
        out_of_orderness: how much later than a newer record an older one may still come.
        idleness: after how long without records a partition that has been read to its end no
            longer holds back the others.
        alignment: a name that sources share which wait for each other; None for none.
        max_drift: how far a source may be ahead of the slowest of its group.
    """

    of: str | TimeOf
    out_of_orderness: timedelta
    idleness: timedelta
    alignment: str | None = None
    max_drift: timedelta = timedelta(minutes=1)

    def __post_init__(self) -> None:
        """Refuse times that make no watermarks.

        Raises:
            SettingsError: it names the argument.
        """
        if not isinstance(self.of, str) and not callable(self.of):
            raise SettingsError(
                f"event_time={self.of!r} is neither a field nor a function",
                hint=f'name a field, or write "{KAFKA_TIMESTAMP}", or a function of the row',
            )
        if self.alignment is not None and not (isinstance(self.alignment, str) and self.alignment):
            raise SettingsError(
                f"alignment={self.alignment!r} is no name of a group",
                hint='write the name that the sources share: alignment="orders"',
            )
        if self.out_of_orderness < timedelta(0) or self.idleness < _MILLISECOND:
            raise SettingsError(
                f"out_of_orderness={self.out_of_orderness}, idleness={self.idleness}: the first "
                "must be at least 0, the second more than 0",
                hint='leave them out for "5 s" and "1 min"',
            )
        if self.alignment and callable(self.of):
            # Flink aligns sources only, and says nothing where watermarks are made behind one.
            raise SettingsError(
                f"alignment={self.alignment!r} does not go with a function for event_time",
                hint=f'name a field that holds the time, or "{KAFKA_TIMESTAMP}"',
            )
        if self.max_drift < _MILLISECOND:
            raise SettingsError(
                f"max_drift={self.max_drift} must be more than 0",
                hint='leave it out for "1 min"',
            )

    @property
    def field(self) -> str:
        """The field that must hold a time; empty where the time comes from elsewhere."""
        return self.of if isinstance(self.of, str) and self.of != KAFKA_TIMESTAMP else ""


class Ends:
    """Which sources of a job with event time end, and which go on.

    Where the two meet, one that has ended holds event time back no more, and one that is idle does
    not either, so that time comes to its end while the other has records to come.
    """

    def __init__(self) -> None:
        self._named: dict[bool, str] = {}
        self._told = False

    def note(self, name: str, event_time: EventTime | None, *, ends: bool) -> None:
        """Take note of a source, and warn of the first that is not as those before."""
        if event_time is None:
            return
        self._named.setdefault(ends, name)
        if len(self._named) < len((True, False)) or self._told:
            return
        self._told = True
        _log.warning(
            "%s ends, and %s goes on: where they meet, in a union, connect or join, event time "
            "comes to its end while all of %s is idle, and windows leave out what it brings "
            "afterwards; give it an idleness that is longer than any silence of it",
            self._named[True],
            self._named[False],
            self._named[False],
        )


def of_source(record: type, event_time: EventTime | None) -> WatermarkStrategy:
    """Return the watermarks that the source itself makes, partition by partition.

    Raises:
        SettingsError: there is no such field.
    """
    from pyflink.common import WatermarkStrategy

    if event_time is None or callable(event_time.of):
        return WatermarkStrategy.no_watermarks()
    strategy = _strategy(event_time, record)
    ours = jvm.view().org.flinksec.timestamps
    made = strategy._j_watermark_strategy
    if event_time.field:  # without an assigner Flink takes the timestamp of the Kafka record
        made = made.withTimestampAssigner(
            ours.RowFieldTimestampAssigner.of(
                records.row_type(record).get_java_type_info(), event_time.field
            )
        )
    return WatermarkStrategy(ours.IdleOnceRead.of(made))


def behind_source(stream: DataStream, event_time: EventTime | None, *, bounded: bool) -> DataStream:
    """Return the stream with the watermarks of a function, which only Python can call.

    They know no partitions, and idleness by the clock only: without that, a reader that has no
    partition would hold back all others for ever. One of a bounded input ends at once instead, so
    that there none needs to be idle, however long a reader stands still.
    """
    if event_time is None or not callable(event_time.of):
        return stream
    from pyflink.common.watermark_strategy import TimestampAssigner

    standstill = "" if bounded else f"after a standstill of {event_time.idleness} or "
    _log.warning(
        "event_time is a function: its watermarks know no partitions, so records that are read "
        "late, %sof a backlog, may be left out of windows; a field has watermarks that wait for "
        "them",
        standstill,
    )
    time_of = event_time.of

    class OfFunction(TimestampAssigner):  # type: ignore[misc]
        def extract_timestamp(self, value: Any, record_timestamp: int) -> int:  # noqa: ARG002
            return _milliseconds(time_of(value))

    strategy = _strategy(event_time, None, idles=not bounded)
    return stream.assign_timestamps_and_watermarks(strategy.with_timestamp_assigner(OfFunction()))


def _milliseconds(time: int | datetime) -> int:
    if isinstance(time, datetime):
        if time.tzinfo is None:
            raise RecordValueError(
                "the function of event_time gave a datetime without a time zone",
                hint="give it one: datetime(…, tzinfo=UTC)",
            )
        return int(time.timestamp() * 1000)
    if type(time) is not int:
        raise RecordValueError(
            f"the function of event_time gave a value of the type {type(time).__name__}",
            hint="return epoch milliseconds, or a datetime with a time zone",
        )
    return time


def _strategy(
    event_time: EventTime, record: type | None, *, idles: bool = True
) -> WatermarkStrategy:
    from pyflink.common import Duration, WatermarkStrategy

    if record is not None and event_time.field:
        _check_field(record, event_time.field)

    def of(duration: timedelta) -> Duration:
        return Duration.of_millis(duration // _MILLISECOND)

    made = WatermarkStrategy.for_bounded_out_of_orderness(of(event_time.out_of_orderness))
    if idles:
        made = made.with_idleness(of(event_time.idleness))
    if event_time.alignment:
        made = made.with_watermark_alignment(event_time.alignment, of(event_time.max_drift))
    return made


def _check_field(record: type, field: str) -> None:
    if field not in records.field_names(record):
        raise SettingsError(
            f"event_time={field!r} is not a field of {record.__name__}",
            hint=f"its fields are {', '.join(records.field_names(record))}; "
            f'in from_kafka, "{KAFKA_TIMESTAMP}" is the timestamp of the record',
        )
