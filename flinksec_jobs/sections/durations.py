# SPDX-License-Identifier: Apache-2.0
"""Durations as people write them: ``10 s``, ``5 min``, ``PT15M``, ``2.5``."""

import re
from datetime import timedelta

from flinksec_jobs.errors import SettingsError

_SECONDS = {
    **dict.fromkeys(("ms", "milli", "millis", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
}
_NUMBER = r"\d+(?:\.\d+)?"
_PART = re.compile(rf"({_NUMBER})\s*([a-z]+)\s*")
_PLAIN = re.compile(_NUMBER)
_ISO = re.compile(
    rf"p(?=\d|t\d)(?:(?P<d>{_NUMBER})d)?"
    rf"(?:t(?=\d)(?:(?P<h>{_NUMBER})h)?(?:(?P<m>{_NUMBER})m)?(?:(?P<s>{_NUMBER})s)?)?"
)
_LONGEST = 100  # The patterns' time grows with the square of it.
_HINT = 'write for example "500 ms", "10 s", "5 min", "1 h 30 min", "1 d", "PT15M", or seconds'


def duration(value: str | float | timedelta) -> timedelta:
    """Read a duration.

    Args:
        value: number and unit (``ms``, ``s``, ``min`` or ``m``, ``h``, ``d``, Flink's spellings
            too, several in a row are added), ISO-8601 (``PT15M``), or a number of seconds.

    Returns:
        The duration, zero or more.

    Raises:
        SettingsError: the value is no duration, or is negative.
    """
    if isinstance(value, timedelta):
        found: timedelta | None = value
    elif isinstance(value, str) and len(value) <= _LONGEST:
        found = _from_text(value.strip().lower())
    elif isinstance(value, int | float) and not isinstance(value, bool):
        found = _of_seconds(value)
    else:
        found = None
    if found is None or found < timedelta(0):
        raise SettingsError(f"{value!r} is not a duration", hint=_HINT)
    return found


def format_duration(value: timedelta) -> str:
    """Write a duration the way `duration` reads it, in the largest unit that fits evenly."""
    milliseconds = value // timedelta(milliseconds=1)
    if value % timedelta(milliseconds=1):
        return f"{value.total_seconds():.6f} s"
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000)):
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size} {unit}"
    return f"{milliseconds} ms" if milliseconds else "0 s"


def _from_text(text: str) -> timedelta | None:
    if _PLAIN.fullmatch(text):
        return _of_seconds(float(text))
    if iso := _ISO.fullmatch(text):
        parts = {unit: float(number) for unit, number in iso.groupdict().items() if number}
        return _of_seconds(sum(_SECONDS[unit] * number for unit, number in parts.items()))
    matches = list(_PART.finditer(text))
    if not matches or "".join(match.group() for match in matches) != text:
        return None
    if any(match[2] not in _SECONDS for match in matches):
        return None
    return _of_seconds(sum(float(match[1]) * _SECONDS[match[2]] for match in matches))


def _of_seconds(seconds: float) -> timedelta | None:
    try:
        return timedelta(seconds=seconds)
    except (OverflowError, ValueError):  # too many, or not a number
        return None
