# SPDX-License-Identifier: Apache-2.0
"""Records: dataclasses as Flink rows, in Python, in the JVM and in JSON.

Flink carries a record as a typed ``Row``, so that sinks, watermarks and keyed state on the JVM
side can read it without Python. A function of a job therefore *receives* rows, whose fields are
read by name (``flight.dep_delay``), and *returns* instances of a class made with `record`.
"""

from flinksec_jobs.records.definition import field_names, record
from flinksec_jobs.records.flink_types import row_fields as fields_of_type
from flinksec_jobs.records.flink_types import row_type
from flinksec_jobs.records.options import field
from flinksec_jobs.records.shape import shape_text

__all__ = [
    "field",
    "field_names",
    "fields_of_type",
    "record",
    "row_type",
    "shape_text",
]
