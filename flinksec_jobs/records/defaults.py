# SPDX-License-Identifier: Apache-2.0
"""What a record has in a field that a document lacks."""

from __future__ import annotations

from typing import Any

from flinksec_jobs.errors import RecordTypeError, RecordValueError
from flinksec_jobs.records.field_types import Fields, FieldType
from flinksec_jobs.records.rows import fit_row
from flinksec_jobs.records.values import fitting


def check_defaults(cls: type, fields: Fields) -> None:
    """Refuse defaults that their fields cannot hold.

    Raises:
        RecordTypeError: it names the field.
    """
    for name, field in fields:
        if field.default:
            of_field(f"{cls.__name__}.{name}", field)


def of_field(where: str, field: FieldType) -> Any:
    """Return the default of a field that has one, as the field has to have it.

    Raises:
        RecordTypeError: the field cannot hold it.
    """
    try:
        return fitting(field, where, fit_row)(field.default[0])
    except RecordValueError as error:
        raise RecordTypeError(
            f"the default of {where} does not fit: {error.message}",
            hint="give it one of its own type, or none",
        ) from None
