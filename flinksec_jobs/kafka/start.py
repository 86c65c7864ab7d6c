# SPDX-License-Identifier: Apache-2.0
"""Where a job begins to read topics when there is no checkpoint to go on from, and ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from flinksec_jobs.errors import SettingsError

Offsets = Mapping[int, int] | Mapping[tuple[str, int], int]
"""Offsets by partition, of the one topic that is read; or by topic and partition."""

Start = Literal["earliest", "latest", "committed"] | str | int | datetime | Offsets
"""A name; a time: a ``datetime`` with a time zone, ISO-8601 text, or epoch milliseconds; offsets.
"""

Stop = Literal["latest", "committed"] | str | int | datetime | Offsets
"""Like `Start`: what comes at it or later is not read."""

NAMES = ("earliest", "latest", "committed")
STOPS = ("latest", "committed")
_FORMS = (
    '"latest" or "committed"; a time: "2024-05-01T06:00:00Z", epoch milliseconds, or a datetime '
    "with a time zone; or offsets: {partition: offset}"
)
_LAST = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp()) * 1000
_LARGEST = 2**63 - 1
_LARGEST_PARTITION = 2**31 - 1


@dataclass(frozen=True)
class At:
    """A place in what is read; exactly one of the three is set.

    Attributes:
        name: one of `NAMES`.
        millis: the first record of this time or later.
        offsets: by topic and partition.
    """

    name: str | None = None
    millis: int | None = None
    offsets: Mapping[tuple[str, int], int] | None = None


def parse(start: Start, topics: tuple[str, ...] = ()) -> At:
    """Return where to begin.

    Args:
        start: as a job says it.
        topics: those that are read; none if they are given by a pattern.

    Raises:
        SettingsError: it is none of the forms; all are listed.
    """
    return _parsed("start", start, topics, NAMES)


def parse_stop(stop: Stop, topics: tuple[str, ...] = ()) -> At:
    """Return where to end.

    Raises:
        SettingsError: it is none of the forms; all are listed.
    """
    return _parsed("stop", stop, topics, STOPS)


def require_in_order(start: At, stop: At) -> None:
    """Refuse an end that is known to stand before the beginning.

    Raises:
        SettingsError: it says where.
    """
    if start.millis is not None and stop.millis is not None and stop.millis < start.millis:
        raise _before(f"{start.millis} ms", f"{stop.millis} ms")
    for key, end in (stop.offsets or {}).items():
        begin = (start.offsets or {}).get(key, 0)
        if end < begin:
            raise _before(f"{begin} in {key[0]}-{key[1]}", str(end))


def _before(start: str, stop: str) -> SettingsError:
    return SettingsError(
        f"start is at {start}, and stop before it, at {stop}",
        hint="swap the two; start is read, stop is not",
    )


def _parsed(argument: str, place: object, topics: tuple[str, ...], names: tuple[str, ...]) -> At:
    if isinstance(place, str) and place in names:
        return At(name=place)
    if isinstance(place, Mapping):
        return At(offsets=_offsets(argument, place, topics))
    if isinstance(place, bool):
        raise _refused(argument, place, "is not a time")
    millis = place if isinstance(place, int) else _moment(argument, place)
    if not 0 <= millis <= _LAST:
        raise _refused(argument, place, "is not between the years 1970 and 9999, in milliseconds")
    return At(millis=millis)


def _moment(argument: str, place: object) -> int:
    moment = place
    if isinstance(place, str):
        try:
            moment = datetime.fromisoformat(place)
        except ValueError:
            raise _refused(argument, place, "is neither a name nor a time") from None
    if not isinstance(moment, datetime):
        raise _refused(argument, place, "is neither a name nor a time")
    if moment.tzinfo is None:
        raise _refused(argument, place, "has no time zone")
    return round(moment.timestamp() * 1000)


def _offsets(
    argument: str, place: Mapping[object, object], topics: tuple[str, ...]
) -> Mapping[tuple[str, int], int]:
    found: dict[tuple[str, int], int] = {}
    if not place:
        raise _refused(argument, place, "names no partition")
    for given, offset in place.items():
        key = (topics[0], given) if type(given) is int and len(topics) == 1 else given
        if not isinstance(key, tuple) or [type(part) for part in key] != [str, int]:
            raise _refused(argument, place, "has a key that is no (topic, partition)")
        topic, partition = str(key[0]), int(key[1])
        if topics and topic not in topics:
            raise _refused(argument, place, f"names the topic {topic}, which is not read")
        if not 0 <= partition <= _LARGEST_PARTITION:
            raise _refused(argument, place, f"names the partition {partition}")
        if type(offset) is not int or not 0 <= offset <= _LARGEST:
            raise _refused(argument, place, f"has an offset of {topic}-{partition} that is none")
        if (topic, partition) in found:
            raise _refused(argument, place, f"names {topic}-{partition} twice")
        found[topic, partition] = offset
    return found


def _refused(argument: str, place: object, why: str) -> SettingsError:
    hint = f'write "earliest", {_FORMS}' if argument == "start" else f"write {_FORMS}"
    return SettingsError(f"{argument}={place!r} {why}", hint=hint)
