# SPDX-License-Identifier: Apache-2.0
"""Compare what a function returns with what it has declared, before PyFlink converts it.

PyFlink's thread mode reads a row by position and into an object that it uses again: a record with
fewer fields than declared would silently take the values of the record before.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from flinksec_jobs.errors import RecordValueError
from flinksec_jobs.records import natural
from flinksec_jobs.records.declared import Declared, declared
from flinksec_jobs.records.field_types import FieldType
from flinksec_jobs.records.quick_tests import is_checked
from flinksec_jobs.records.rows import (
    fit_row,
    in_order,
    info_of,
    named_values,
    row_class,
    values_fitter,
)
from flinksec_jobs.records.values import Fit, article

_METHODS = (
    "process_element",
    "process_element1",
    "process_element2",
    "process_broadcast_element",
    "on_timer",
)


def check_results(function: Any, wanted: Declared | None, name: str) -> None:
    """Let a function's methods check each of their results, side outputs included.

    Args:
        function: PyFlink's function object, or the description of a window operation.
        wanted: what its main output has to be; None for anything.
        name: what to call the function in messages.
    """
    window_function = getattr(function, "internal_window_function", None)
    if window_function is not None:
        _wrap(window_function, "process", wanted, name)
    for method in _METHODS:
        if window_function is None and hasattr(function, method):
            _wrap(function, method, wanted, name)


def _wrap(function: Any, method: str, wanted: Declared | None, name: str) -> None:
    original = getattr(function, method)
    fit = result_fit(wanted, name) if wanted else None
    checked = _Checked(fit, wanted.cls if wanted and is_checked(wanted.cls) else None, name)

    def call(*args: Any) -> Iterable[Any] | None:
        results = original(*args)
        return None if results is None else checked.each(several(results, name))

    setattr(function, method, call)


def check_flat_map(function: Any, name: str) -> None:
    """Let a ``flat_map`` say so when it returns one result in place of several."""
    flat_map = getattr(function, "_flat_map_func", None)
    if flat_map is not None:
        function._flat_map_func = lambda value: several(flat_map(value), name)


def several(results: Any, name: str) -> Any:
    """Return the results of a function; raises RecordValueError if they are not several."""
    if hasattr(results, "__iter__"):
        return results
    raise RecordValueError(
        f"the function {name} returned {_described(results)} instead of a list or generator of "
        "its results",
        hint="yield each one, or return a list, which may be empty",
    )


class _Checked:
    def __init__(self, fit: Fit | None, cls: type | None, name: str) -> None:
        from pyflink.datastream import OutputTag

        self._fit = fit
        self._cls = cls
        self._name = name
        self._tags: dict[str, Fit | None] = {}
        self._tag = OutputTag

    def each(self, results: Iterable[Any]) -> Iterator[Any]:
        cls, fit, output_tag = self._cls, self._fit, self._tag
        for result in results:
            if type(result) is cls:
                yield result
            elif type(result) is tuple and result and isinstance(result[0], output_tag):
                yield self._side_output(*result)
            else:
                yield result if fit is None else fit(result)

    def _side_output(self, tag: Any, result: Any) -> tuple[Any, Any]:
        if tag.tag_id not in self._tags:
            wanted = declared(tag.type_info)
            name = f"{self._name}, for the output {tag.tag_id!r},"
            self._tags[tag.tag_id] = result_fit(wanted, name) if wanted else None
        fit = self._tags[tag.tag_id]
        return tag, result if fit is None else fit(result)


def result_fit(wanted: Declared, name: str) -> Fit:
    """Make the function that returns a result as PyFlink has to get it."""
    names = [field for field, _ in wanted.fields]
    called = wanted.cls.__name__ if wanted.cls else name
    fit_values = values_fitter(wanted.fields, called, _fit_inner)
    info = info_of(wanted.cls) if wanted.cls else None
    leave = natural.ways(wanted.fields).leave
    to_row = natural.row_of_dict(wanted.fields) if typing.is_typeddict(wanted.cls) else None

    def refused(value: Any) -> RecordValueError:
        return RecordValueError(
            f"the function {name} returned {_described(value)}, but its output type is {wanted}",
            hint="return a record of the class that output_type=row_type(…) names"
            + (", or use filter or flat_map to return nothing" if value is None else ""),
        )

    def fit(value: Any) -> Any:
        if info is not None and type(value) is info.cls:
            info.check(value)  # what its lists and dicts hold now
            return value
        if to_row is not None:
            value = to_row(value)
        named = named_values(value)
        if named is None:
            raise refused(value)
        given, values = named
        ordered = _ordered(names if wanted.named else None, len(names), given, values)
        if ordered is None or (given != names and info_of(type(value)) and wanted.named):
            raise refused(value)
        return _as_row(value, names if wanted.named else None, ordered, fit_values, leave)

    return _naming(fit, name)


def _naming(fit: Fit, name: str) -> Fit:
    """Let what is wrong inside of a result be told with the function that returned it."""

    def named(value: Any) -> Any:
        try:
            return fit(value)
        except RecordValueError as error:
            if name not in error.message:
                error.message = f"{error.message}, in what the function {name} returned"
                error.args = (error.message, *error.args[1:])
            raise

    return named


def _ordered(
    names: Sequence[str] | None, count: int, given: Sequence[str] | None, values: Sequence[Any]
) -> Sequence[Any] | None:
    if names is None or given is None:
        return values if len(values) == count else None
    try:
        return in_order(names, given, values, "")
    except RecordValueError:
        return None


def _as_row(
    value: Any,
    names: Sequence[str] | None,
    values: Sequence[Any],
    fit_values: Fit,
    leave: natural.Leave | None,
) -> Any:
    """Return the same object if nothing in it had to change, else a new row."""
    fitted = fit_values(values)
    is_row = isinstance(value, row_class())
    if fitted is values and is_row and values is value.__dict__["_values"]:
        natural.mark(value, leave)
        return value
    info = info_of(type(value))
    # In thread mode PyFlink takes its values by position.
    if fitted is values and not is_row and info and names in (None, info.names):
        return value
    row = row_class()(*fitted)
    if names is not None:
        row.set_field_names(list(names))
    if is_row:
        row.set_row_kind(value.get_row_kind())
    natural.mark(row, leave)
    return row


def _fit_inner(field: FieldType, where: str) -> Fit:
    """Fit a nested row: into its class, or, where a type was written by hand, into a row."""
    if field.cls is not None:
        return _fit_inner_of_class(field, where)
    names = [name for name, _ in field.fields]
    fit_values = values_fitter(field.fields, where, _fit_inner)
    leave = natural.ways(field.fields).leave

    def fit(value: Any) -> Any:
        named = named_values(value)
        if named is None:
            raise RecordValueError(
                f"{where} should be a row but is {article(value)}", hint="put a row there"
            )
        return _as_row(value, names, in_order(names, *named, where), fit_values, leave)

    return fit


def _fit_inner_of_class(field: FieldType, where: str) -> Fit:
    """Return a row in a row stays a row, if it is one of the right form."""
    to_record = fit_row(field, where)
    rows = _fit_inner(FieldType("row", fields=field.fields), where)
    row = row_class()
    return lambda value: rows(value) if isinstance(value, row) else to_record(value)


def _described(value: Any) -> str:
    named = named_values(value)
    if named is None:
        return article(value)
    names, values = named
    inside = f"{len(values)} values" if names is None else ", ".join(names)
    return f"{article(value)} ({inside})"
