# SPDX-License-Identifier: Apache-2.0
"""Decimals of as many digits as a field declares: exactly, or not at all."""

from __future__ import annotations

import decimal
from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

from flinksec_jobs.errors import RecordValueError

# What a Decimal has where nothing is said of its digits: as much as Flink's DECIMAL(38, 18).
PRECISION, SCALE = 38, 18
# Any number of digits that a value can have here; nothing is rounded, or decimal says so.
_EXACTLY = decimal.Context(prec=200, traps=[decimal.Inexact, decimal.InvalidOperation])


def fitting(
    precision: int, scale: int, where: str, wrong: Callable[[Any, str], RecordValueError]
) -> Callable[[Any], Decimal]:
    """Make a function that returns a Decimal as its field has to have it.

    Args:
        precision: all digits of the field; 0 for up to 38 of which up to 18 stand after the
            point, as they are written.
        scale: those after the point; a value has always all of them.
        where: the field's name for messages.
        wrong: makes the error of a value of another class.

    Returns:
        A function that raises RecordValueError for another class, NaN, infinity, and more digits.
    """
    most, after = precision or PRECISION, scale if precision else SCALE
    smallest = Decimal(1).scaleb(-after)
    one = Decimal(1)

    def fit(value: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, (Decimal, int)):
            raise wrong(value, where)
        made = value if type(value) is Decimal else Decimal(value)
        if not made.is_finite():
            raise RecordValueError(
                f"{where} is a Decimal that is no number", hint="use None for a missing number"
            )
        if made and made.adjusted() >= most - after:
            raise RecordValueError(
                f"{where} has more than {most - after} digits before the point",
                hint="declare more: field(precision=…, scale=…)",
            )
        exponent = cast("int", made.as_tuple().exponent)
        try:
            if precision or exponent < -after:
                made = made.quantize(smallest, None, _EXACTLY)
            elif exponent > 0:
                made = made.quantize(one, None, _EXACTLY)
        except decimal.Inexact:
            raise RecordValueError(
                f"{where} has more than {after} digits after the point",
                hint="round it with quantize where the record is made, or declare a greater scale",
            ) from None
        return made or made.copy_abs()  # there is one zero

    return fit
