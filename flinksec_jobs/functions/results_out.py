# SPDX-License-Identifier: Apache-2.0
"""Results of a function on their way out of a batch: checked, and made ready to be encoded."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import cloudpickle

from flinksec_jobs.errors import RecordValueError
from flinksec_jobs.functions import codecs, packing
from flinksec_jobs.functions.crossing_types import crossing_type
from flinksec_jobs.functions.plan import Plan
from flinksec_jobs.records.declared import Declared, declared
from flinksec_jobs.records.field_types import FieldType
from flinksec_jobs.records.quick_tests import is_checked
from flinksec_jobs.records.results import result_fit
from flinksec_jobs.records.rows import fit_row
from flinksec_jobs.records.values import fitting

Out = Callable[[Any], Any]


def pickled(value: Any) -> bytes | None:
    """Return a value as PyFlink pickles one without a type: a class of the program by value."""
    if value is None:
        return None
    try:
        return pickle.dumps(value)
    except (pickle.PicklingError, AttributeError):  # a class that nobody can import
        made: bytes = cloudpickle.dumps(value)
        return made


def of_plan(plan: Plan) -> tuple[type | None, Out, Out]:
    """Return how main results go out.

    Returns:
        The class of instances that need no check, None if there is none; what makes of such an
        instance what is encoded; and what checks anything else and does the same.
    """
    leave = _out(plan.result, plan.wanted, plan.name, hands_on=plan.hands_on)
    wanted = plan.wanted
    if wanted is None or wanted.cls is None or plan.hands_on or not is_checked(wanted.cls):
        return None, leave, leave
    return wanted.cls, codecs.leaving_record(wanted.cls, wanted.fields), leave


def _out(
    field: FieldType | None, wanted: Declared | None, name: str, *, hands_on: bool = False
) -> Out:
    if field is None:
        return pickled
    change = codecs.leaving(field) or _same
    if hands_on:
        return lambda value: None if value is None else change(value)
    if wanted is not None:
        fit_result = result_fit(wanted, name)
        return lambda value: change(fit_result(value))
    fit = fitting(field, f"the result of the function {name}", fit_row)

    def out(value: Any) -> Any:
        fitted = fit(value)
        return None if fitted is None else change(fitted)

    return out


def _same(value: Any) -> Any:
    return value


class SideOutputs:
    """What goes to side outputs: in turns the tag's name, the item's place, and the value."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._outs: dict[str, Out] = {}
        self._encode = packing.encoder()
        self.sent: list[Any] = []

    def send(self, tag: Any, value: Any, item: int) -> None:
        """Add a value, checked against the tag's type."""
        out = self._outs.get(tag.tag_id)
        if out is None:
            out = self._outs[tag.tag_id] = self._out_of(tag)
        self.sent += (tag.tag_id, item, self._encode(out(value)))

    def _out_of(self, tag: Any) -> Out:
        name = f"{self._name}, for the output {tag.tag_id!r},"
        field = crossing_type(tag.type_info)
        if field is not None and not codecs.can_cross(field):
            raise RecordValueError(
                f"the side output {tag.tag_id!r} has a type that does not go in batches",
                hint="give it a row type, or a type that a field may have",
            )
        return _out(field, declared(tag.type_info), name)
