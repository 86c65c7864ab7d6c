# SPDX-License-Identifier: Apache-2.0
"""Records: dataclasses as Flink rows, in Python, in the JVM and in JSON.

Flink carries a record as a typed ``Row``, so that sinks, watermarks and keyed state on the JVM
side can read it without Python. A function of a job therefore *receives* rows, whose fields are
read by name (``flight.dep_delay``), and *returns* instances of a class made with `record`.
"""

from flinksec_jobs.records.definition import (
    field_names,
    record,
    required_paths,
    row_type,
)
from flinksec_jobs.records.shape import shape_text

__all__ = [
    "field_names",
    "record",
    "required_paths",
    "row_type",
    "shape_text",
]
