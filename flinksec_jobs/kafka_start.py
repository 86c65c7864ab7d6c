# SPDX-License-Identifier: Apache-2.0
"""Where a job begins to read a topic when there is no checkpoint to go on from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from flinksec_jobs.errors import SettingsError

Start = Literal["earliest", "latest", "committed"] | str | int | datetime
"""A name; or a time: a ``datetime`` with a time zone, ISO-8601 text, or epoch milliseconds."""

NAMES = ("earliest", "latest", "committed")
_FORMS = (
    'Write "earliest", "latest" or "committed"; or a time: "2024-05-01T06:00:00Z", epoch '
    "milliseconds, or a datetime with a time zone."
)
_LAST = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp()) * 1000


def parse(start: Start) -> str | int:
    """Return one of `NAMES`, or the time in epoch milliseconds.

    Raises:
        SettingsError: it is neither; all forms are listed.
    """
    if isinstance(start, str) and start in NAMES:
        return start
    if isinstance(start, bool):
        raise _refused(start, "is not a time")
    millis = start if isinstance(start, int) else round(_moment(start).timestamp() * 1000)
    if not 0 <= millis <= _LAST:
        raise _refused(start, "is not between the years 1970 and 9999, in milliseconds")
    return millis


def _moment(start: object) -> datetime:
    moment = start
    if isinstance(start, str):
        try:
            moment = datetime.fromisoformat(start)
        except ValueError:
            raise _refused(start, "is neither a name nor a time") from None
    if not isinstance(moment, datetime):
        raise _refused(start, "is neither a name nor a time")
    if moment.tzinfo is None:
        raise _refused(start, "has no time zone")
    return moment


def _refused(start: object, why: str) -> SettingsError:
    return SettingsError(f"start={start!r} {why}", hint=_FORMS)
