# SPDX-License-Identifier: Apache-2.0
"""What a record is, as text for the JVM: `org.flinksec.rows.Shape` reads it there."""

from __future__ import annotations

import json
from typing import Any

from flinksec_jobs.records.field_types import FieldType, fields_of


def shape_text(cls: type) -> str:
    """Return the shape of a record in JSON.

    Raises:
        RecordTypeError: the class is no record.
    """
    return json.dumps(_shape(FieldType("row", cls=cls, fields=fields_of(cls, {}))))


def _shape(field: FieldType) -> dict[str, Any]:
    made: dict[str, Any] = {"kind": field.kind, "nullable": field.nullable}
    if field.cls is not None:
        made["name"] = field.cls.__name__
    if field.kind == "row":
        made["fields"] = [{"name": name, "shape": _shape(inner)} for name, inner in field.fields]
    if field.inner is not None:
        made["inner"] = _shape(field.inner)
    return made
