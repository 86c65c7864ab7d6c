# SPDX-License-Identifier: Apache-2.0
"""State of thread mode, which lies in the JVM: any text, and natural times and dates."""

from __future__ import annotations

import datetime
from typing import Any

from flinksec_jobs.records import natural

# Taken by the JVM's text decoder for a byte order mark when they come first.
_MARKS = ("\ufeff", "\ufffe")


def choosing(converters: Any) -> Any:
    """Return the choice of converters for types of state, in place of PyFlink's.

    Args:
        converters: PyFlink's module of converters.
    """
    from pyflink.common.typeinfo import LocalTimeTypeInfo, Types

    original = converters.from_type_info
    identity: Any = converters.IdentityDataConverter
    times = converters.findClass("java.time.Instant")
    dates = converters.findClass("java.time.LocalDate")

    class TextConverter(identity):  # type: ignore[misc]
        def to_external(self, value: Any) -> Any:
            # Reading it back takes one mark away.
            return "\ufeff" + value if value is not None and value[:1] in _MARKS else value

    class TimeConverter(identity):  # type: ignore[misc]
        def to_internal(self, value: Any) -> Any:
            if value is None:
                return None
            return natural.time_of(value.getEpochSecond(), value.getNano())

        def to_external(self, value: Any) -> Any:
            return None if value is None else times.ofEpochSecond(*natural.seconds_of(value))

    class DateConverter(identity):  # type: ignore[misc]
        def to_internal(self, value: Any) -> Any:
            return None if value is None else datetime.date.fromisoformat(value.toString())

        def to_external(self, value: Any) -> Any:
            if value is None:
                return None
            return dates.of(value.year, value.month, value.day)

    chosen = (
        (Types.STRING(), TextConverter()),
        (Types.INSTANT(), TimeConverter()),
        (LocalTimeTypeInfo(LocalTimeTypeInfo.TimeType.LOCAL_DATE), DateConverter()),
    )

    def from_type_info(type_info: Any) -> Any:
        for wanted, converter in chosen:
            if type_info == wanted:
                return converter
        return original(type_info)

    return from_type_info
