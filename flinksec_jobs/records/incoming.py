# SPDX-License-Identifier: Apache-2.0
"""What comes to a function of a job, read from the streams that it is attached to."""

from __future__ import annotations

from typing import Any

from flinksec_jobs.records import classes, natural
from flinksec_jobs.records.declared import Incoming
from flinksec_jobs.records.field_types import FieldType, below, containers_of_rows
from flinksec_jobs.records.flink_types import field_type, row_type

_RECORD = "org.flinksec.rows.RecordTypeInfo"
_RECORDS_BY_NAME = "org.flinksec.rows.RowsByNameTypeInfo"
# What crosses as something simpler than it is, in Java's names and in ours. A list of rows leaves
# with their types, which a row that a function hands on has to know.
_SIMPLER = ("Instant", "LocalDate", "BigDecimal", "ObjectArrayTypeInfo<", "Map<", _RECORD)


def of_one(stream: Any) -> Incoming:
    """Return what comes from a stream of PyFlink's."""
    return Incoming((_element(stream),), getattr(stream, "flinksec_key", None))


def of_two(streams: Any) -> Incoming:
    """Return what comes from two connected streams."""
    one, other = streams.stream1, streams.stream2
    return Incoming((_element(one), _element(other)), getattr(one, "flinksec_key", None))


def of_broadcast(streams: Any) -> Incoming:
    """Return what comes from a stream and one that is broadcast to it."""
    one, other = streams.non_broadcast_stream, streams.broadcast_stream.input_stream
    return Incoming((_element(one), _element(other)), getattr(one, "flinksec_key", None))


def reading_records(original: Any) -> Any:
    """Return PyFlink's way from Java's types to its own, but for that a record's stays one.

    PyFlink asks the wrong way round whether a type is one of another, and so knows no subclass.
    """
    from pyflink.common import Types

    def from_java_type(java: Any) -> Any:
        name = java.getClass().getName()
        if name == _RECORD:
            cls = classes.of_key(str(java.shape().key()))
            made = row_type(cls) if cls else _rows_of_no_class(java, from_java_type)
            made._j_typeinfo = java
            return made
        if name == _RECORDS_BY_NAME:
            made = Types.MAP(Types.STRING(), from_java_type(java.getValueTypeInfo()))
            made._j_typeinfo = java
            return made
        return original(java)

    return from_java_type


def _rows_of_no_class(java: Any, from_java_type: Any) -> Any:
    from pyflink.common import Types

    types = [from_java_type(each) for each in java.getFieldTypes()]
    return Types.ROW_NAMED(list(java.getFieldNames()), types)


def _element(stream: Any) -> FieldType | None:
    """Return the type of a stream's elements, None if they come as they are."""
    from pyflink.common import typeinfo
    from pyflink.datastream import KeyedStream

    java = stream._j_data_stream.getTransformation().getOutputType()
    if isinstance(stream, KeyedStream):
        java = java.getTypeAt(1)  # behind the key
    said = f"{java.getClass().getName()} {java}"
    if not any(name in said for name in _SIMPLER):
        return None
    try:
        made = field_type(typeinfo._from_java_type(java))
    except TypeError:  # a type that PyFlink does not know, whose values it could not convert either
        return None
    parts = below((("", made),))
    changes = any(part.kind in natural.SIMPLER or containers_of_rows(part) for part in parts)
    return made if changes else None
