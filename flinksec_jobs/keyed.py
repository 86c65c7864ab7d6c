# SPDX-License-Identifier: Apache-2.0
"""Group a stream of rows by a field without asking Python for the key of every row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinksec_jobs import records
from flinksec_jobs.errors import JobError
from flinksec_jobs.runtime import jvm

if TYPE_CHECKING:
    from pyflink.datastream import DataStream, KeyedStream


def key_by_field(stream: DataStream, field: str, *or_else: str) -> KeyedStream:
    """Return PyFlink's ``KeyedStream``, as ``stream.key_by(lambda row: row.field)`` does.

    PyFlink's own ``key_by`` calls its selector, in Python, for every record; here the JVM reads
    the field, which saves one of two ways into Python and back.

    Args:
        stream: of rows, such as `SecureJob.from_kafka` returns.
        field: the field that is the key.
        or_else: where it is null, the first of these that is not; of the same type.

    Raises:
        JobError: the stream has no rows, or the rows have no such field.
    """
    from pyflink.common import Types, typeinfo
    from pyflink.datastream import KeyedStream

    row_type = jvm.row_type_of(stream)
    if row_type is None:
        raise JobError(
            f"key_by_field({field!r}) got a stream whose records are not typed rows",
            hint="name the type of what the last operation returns: "
            ".map(function, output_type=row_type(YourRecord))",
        )
    with jvm.translated(f"key_by_field({field!r}) cannot be done"):
        mapper = jvm.view().org.flinksec.rows.RowKeyMapper.of(
            row_type, jvm.string_list([field, *or_else])
        )
        with_keys = stream._j_data_stream.map(mapper).name(f"key by {field}")
        output = typeinfo._from_java_type(row_type)
        told = dict(records.fields_of_type(output))[field]
        key = typeinfo._from_java_type(mapper.getProducedType().getTypeAt(0))
        keyed = with_keys.keyBy(
            jvm.view().KeyByKeySelector(), Types.ROW([key]).get_java_type_info()
        )
    made = KeyedStream(keyed, output, stream)
    made.flinksec_key = told  # of which the key's own type does not know all
    return made
