# SPDX-License-Identifier: Apache-2.0
"""Values on their way between the JVM and Python: what a function sees is what its record says.

A ``datetime``, ``date``, ``Decimal``, ``UUID`` or member of an Enum crosses as something simpler,
which differs between thread mode (inside the JVM) and process mode. Rows are changed where they
come in, once; what leaves is changed when PyFlink's converters ask for it, so that from one
function to the next in a chain nothing is changed at all. Rows without such fields are left alone.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import typing
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from flinksec_jobs.records.field_types import Fields, FieldType, containers_of_rows

LEAVE = "_flinksec_leave"
"""In the dict of a row: it holds natural values, and this makes of them what leaves Python."""

SIMPLER = ("datetime", "date", "decimal", "uuid", "enum")
"""The kinds that may cross as something simpler than they are."""

Change = Callable[[Any], Any]
Leave = Callable[[Sequence[Any]], list[Any]]
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_FIRST_DAY = datetime.date(1970, 1, 1).toordinal()
_DAY = 86_400


class Mode:
    """Where this process runs functions: inside the JVM (thread mode), or not."""

    inside_the_jvm = False


class SignedRows(list[Any]):
    """A list of rows on its way into the JVM in thread mode, with the types of their fields."""

    signature: str


class SignedRowsByName(dict[str, Any]):
    """A dict of rows likewise."""

    signature: str


@dataclasses.dataclass(frozen=True)
class Ways:
    """How the values of a row's fields cross, in their order; None where they cross as they are.

    Attributes:
        arrive: changes the values of a row that has come in, in their list.
        leave: makes a new list of the values that go out.
    """

    arrive: Callable[[list[Any]], None] | None
    leave: Leave | None


def ways(fields: Fields) -> Ways:
    """Return how the fields of a row cross in this process."""
    return _ways(fields, Mode.inside_the_jvm)


@functools.lru_cache(maxsize=1024)
def _ways(fields: Fields, inside: bool) -> Ways:
    return Ways(
        each_in_place([_arriving(field, inside) for _, field in fields]),
        each([_leaving(field, inside) for _, field in fields]),
    )


def arriving(field: FieldType) -> Change | None:
    """Return what makes a natural value of one that comes into this process; None for nothing."""
    return _arriving(field, Mode.inside_the_jvm)


def leaving(field: FieldType) -> Change | None:
    """Return what makes of a natural value the one that goes out; None for nothing."""
    return _leaving(field, Mode.inside_the_jvm)


def mark(row: Any, leave: Leave | None) -> None:
    """Note in a row of natural values what makes of them the ones that leave Python."""
    if leave is not None:
        row.__dict__[LEAVE] = leave
    elif LEAVE in row.__dict__:
        del row.__dict__[LEAVE]


def _arriving(field: FieldType, inside: bool) -> Change | None:
    if field.kind == "row":
        return _row_arriving(field.fields, inside)
    if field.inner is not None:
        return in_container(field.kind, _arriving(field.inner, inside))
    if field.kind == "enum":
        return _member_arriving(field.cls) if field.cls else None
    return (_ARRIVE_INSIDE if inside else _ARRIVE).get(field.kind)


def _member_arriving(cls: Any) -> Change:
    members = {member.value: member for member in cls}
    return lambda value: members.get(value, value)


def _row_arriving(fields: Fields, inside: bool) -> Change | None:
    made = _ways(fields, inside)
    arrive, leave = made.arrive, made.leave
    if arrive is None and leave is None:
        return None
    from pyflink.common import Row

    def change(row: Any) -> Any:
        # A record, or a row that another function of the chain has returned, is natural already.
        if type(row) is Row and LEAVE not in row.__dict__:
            if arrive is not None:
                arrive(row.__dict__["_values"])
            row.__dict__[LEAVE] = leave
        return row

    return change


def _leaving(field: FieldType, inside: bool) -> Change | None:
    if field.kind == "row":  # PyFlink's converter of a row asks the row itself
        return _row_of_dict(field.fields, inside) if typing.is_typeddict(field.cls) else None
    if field.inner is not None:
        change = in_container(field.kind, _leaving(field.inner, inside))
        if inside and field.inner.kind == "row":
            return _signed(field.kind, signature(field.inner.fields), change)
        return change
    if field.kind == "enum":
        return _value_of if field.cls else None
    return (_LEAVE_INSIDE if inside else _LEAVE).get(field.kind)


def _row_of_dict(fields: Fields, inside: bool) -> Change:
    from pyflink.common import Row

    names = [name for name, _ in fields]

    def make(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        row = Row(*[value.get(name) for name in names])
        row.set_field_names(names)
        mark(row, _ways(fields, inside).leave)
        return row

    return make


def row_of_dict(fields: Fields) -> Change:
    """Return what makes a row of a dict, as a TypedDict is one; all else it leaves alone."""
    return _row_of_dict(fields, Mode.inside_the_jvm)


def each(changes: list[Change | None]) -> Leave | None:
    """Write a function that makes a new list, and changes what has to be changed in it.

    Returns:
        None if nothing has to be changed.
    """
    places = [place for place, change in enumerate(changes) if change]
    if not places:
        return None
    lines = ["def made(values):", "    v = list(values)", *_lines(places), "    return v"]
    return _compiled(lines, changes)


def each_in_place(changes: list[Change | None]) -> Callable[[list[Any]], None] | None:
    """Write a function that changes in a list what has to be changed; None for nothing."""
    places = [place for place, change in enumerate(changes) if change]
    return _compiled(["def made(v):", *_lines(places)], changes) if places else None


def _lines(places: list[int]) -> list[str]:
    return [f"    if v[{at}] is not None: v[{at}] = change{at}(v[{at}])" for at in places]


def _compiled(lines: list[str], changes: list[Change | None]) -> Callable[[Any], Any]:
    scope: dict[str, Any] = {f"change{place}": change for place, change in enumerate(changes)}
    exec("\n".join(lines), scope)  # noqa: S102  all that is put in is a number
    made: Callable[[Any], Any] = scope["made"]
    return made


def in_container(kind: str, change: Change | None) -> Change | None:
    """Return what changes each of the values in a list or dict; None for nothing."""
    if change is None:
        return None
    if kind == "list":
        return lambda values: [None if value is None else change(value) for value in values]
    return lambda values: {
        name: None if value is None else change(value) for name, value in values.items()
    }


def _signed(kind: str, text: str, change: Change | None) -> Change:
    made: Any = SignedRows if kind == "list" else SignedRowsByName

    def sign(values: Any) -> Any:
        signed = made(values if change is None else change(values))
        signed.signature = text
        return signed

    return sign


def signature(fields: Fields) -> str:
    """Write the types of a row's fields for `org.flinksec.rows`, a letter or bracket for each."""
    return "(" + "".join(_letter(field) for _, field in fields) + ")"


def _letter(field: FieldType) -> str:
    if field.kind == "row":
        return signature(field.fields)
    if field.inner is not None:
        if containers_of_rows(field) and field.inner.kind == "row":
            return "*" if field.kind == "list" else "#"  # which carries its own
        return ("[" if field.kind == "list" else "{") + _letter(field.inner)
    if field.kind == "enum":
        return "s" if isinstance(field.symbols[0], str) else "l"
    return _LETTERS.get(field.kind, "?")


_LETTERS = {
    "str": "s",
    "uuid": "s",
    "int": "l",
    "int32": "i",
    "float": "f",
    "bool": "b",
    "bytes": "y",
    "datetime": "t",
    "date": "d",
    "decimal": "n",
}


def _time_of_micros(value: Any) -> Any:
    return _EPOCH + datetime.timedelta(microseconds=value) if type(value) is int else value


def _micros_of_time(value: Any) -> Any:
    since = value - _EPOCH
    return (since.days * _DAY + since.seconds) * 1_000_000 + since.microseconds


def time_of(seconds: int, nanos: int) -> datetime.datetime:
    """Return the time of some seconds since 1970, and nanoseconds, cut to microseconds."""
    return _EPOCH + datetime.timedelta(seconds=seconds, microseconds=nanos // 1000)


def seconds_of(value: datetime.datetime) -> tuple[int, int]:
    """Return the whole seconds of a time since 1970, and the nanoseconds after them."""
    since = value - _EPOCH
    return since.days * _DAY + since.seconds, since.microseconds * 1000


def _time_of_instant(value: Any) -> Any:
    return value if isinstance(value, datetime.datetime) else time_of(value.seconds, value.nanos)


def _instant_of_time(value: Any) -> Any:
    from pyflink.common.time import Instant

    return value if isinstance(value, Instant) else Instant(*seconds_of(value))


def _date_of_day(value: Any) -> Any:
    return datetime.date.fromordinal(value + _FIRST_DAY) if type(value) is int else value


def _day_of_date(value: Any) -> Any:
    return value.toordinal() - _FIRST_DAY


def _decimal_of_text(value: Any) -> Any:
    return Decimal(value) if type(value) is str else value


def _uuid_of_text(value: Any) -> Any:
    return UUID(value) if type(value) is str else value


def _value_of(member: Any) -> Any:
    return member.value


_ARRIVE: dict[str, Change] = {"datetime": _time_of_instant, "uuid": _uuid_of_text}
_ARRIVE_INSIDE: dict[str, Change] = {
    "datetime": _time_of_micros,
    "date": _date_of_day,
    "decimal": _decimal_of_text,
    "uuid": _uuid_of_text,
}
_LEAVE: dict[str, Change] = {"datetime": _instant_of_time, "uuid": str}
_LEAVE_INSIDE: dict[str, Change] = {
    "datetime": _micros_of_time,
    "date": _day_of_date,
    "decimal": str,
    "uuid": str,
}


def of_key(field: FieldType) -> Change | None:
    """Return what makes a natural scalar of one in its simplest form, in either mode.

    Keys that `key_by_field` has read come in it.
    """
    return _arriving(field, inside=True)


def of_scalar(field: FieldType) -> Change | None:
    """Return what makes of a natural scalar what `of_key` makes natural again; None for nothing."""
    return _leaving(field, inside=True)


def simpler(field: FieldType, value: Any) -> Any:
    """Return a natural scalar as it is told where `of_key` makes it natural again."""
    change = of_scalar(field)
    return value if change is None else change(value)


TIME_IN_PROCESS_MODE = _time_of_instant, _instant_of_time
