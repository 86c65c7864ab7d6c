# SPDX-License-Identifier: Apache-2.0
"""What values of PyFlink's types are in batches."""

from __future__ import annotations

from typing import Any

from flinksec_jobs.records import flink_types
from flinksec_jobs.records.field_types import FieldType


def crossing_type(flink: Any) -> FieldType | None:
    """Return what values of a PyFlink type are in batches; None for pickled ones."""
    from pyflink.common.typeinfo import PickledBytesTypeInfo, RowTypeInfo

    if flink is None or isinstance(flink, PickledBytesTypeInfo):
        return None
    return flink_types.field_type(RowTypeInfo(flink) if isinstance(flink, list) else flink)
