# SPDX-License-Identifier: Apache-2.0
"""Between what fields hold and PyFlink's types."""

from __future__ import annotations

import functools
import typing
from typing import TYPE_CHECKING, Any

from flinksec_jobs.records import natural
from flinksec_jobs.records.collected import in_the_jvms_terms
from flinksec_jobs.records.field_types import (
    Fields,
    FieldType,
    below,
    containers_of_rows,
    fields_of,
)
from flinksec_jobs.records.shape import text_of
from flinksec_jobs.runtime import jvm

if TYPE_CHECKING:
    from pyflink.common.typeinfo import RowTypeInfo, TypeInformation

_ANY = FieldType("any", nullable=True)


def row_type(cls: type) -> RowTypeInfo:
    """Return the Flink row type of a dataclass, for ``output_type=`` of a PyFlink operator.

    In the JVM it is a ``RecordTypeInfo``, which also knows what Flink's types cannot say.

    Raises:
        RecordTypeError: the class is no dataclass, or a field's type has no Flink type.
    """
    return _record_type()(cls, fields_of(cls, {}))


def flink_type(field: FieldType) -> TypeInformation:
    """Return the PyFlink type of a field."""
    from pyflink.common import Types

    if field.kind in _scalars():
        return _scalars()[field.kind]
    if field.kind == "enum":
        return Types.STRING() if isinstance(field.symbols[0], str) else Types.LONG()
    if field.kind == "row":
        if field.cls is not None:
            return _record_type()(field.cls, field.fields)
        names = [name for name, _ in field.fields]
        return Types.ROW_NAMED(names, [flink_type(inner) for _, inner in field.fields])
    inner = flink_type(typing.cast("FieldType", field.inner))
    return Types.OBJECT_ARRAY(inner) if field.kind == "list" else Types.MAP(Types.STRING(), inner)


def field_type(flink: Any) -> FieldType:
    """Read a PyFlink type back, as far as it is one that a record can have; anything may be null.

    Returns:
        The kind ``any`` for another type.
    """
    from pyflink.common import Types, typeinfo

    for kind, made in _scalars().items():
        if flink == made and kind != "uuid":  # which is text for Flink
            return FieldType(kind, nullable=True)
    if isinstance(flink, typeinfo.ExternalTypeInfo):
        return field_type(flink._type_info)
    if isinstance(flink, typeinfo.RowTypeInfo):
        cls = getattr(flink, "flinksec_record", None)
        return FieldType("row", nullable=True, cls=cls, fields=row_fields(flink))
    if isinstance(flink, (typeinfo.ObjectArrayTypeInfo, typeinfo.BasicArrayTypeInfo)):
        return FieldType("list", nullable=True, inner=field_type(flink._element_type))
    if isinstance(flink, typeinfo.MapTypeInfo) and flink._key_type_info == Types.STRING():
        return FieldType("dict", nullable=True, inner=field_type(flink._value_type_info))
    return _ANY


def row_fields(row: Any) -> Fields:
    """Return the fields of a PyFlink row type: those of its record, if it is one's."""
    cls = getattr(row, "flinksec_record", None)
    if cls is not None:
        return fields_of(cls, {})
    names = row._field_names or [f"f{place}" for place in range(len(row._field_types))]
    return tuple(
        (name, field_type(kind)) for name, kind in zip(names, row._field_types, strict=True)
    )


@functools.cache
def _scalars() -> dict[str, Any]:
    from pyflink.common import Types
    from pyflink.common.typeinfo import LocalTimeTypeInfo

    return {
        "str": Types.STRING(),
        "int": Types.LONG(),
        "int32": Types.INT(),
        "float": Types.DOUBLE(),
        "bool": Types.BOOLEAN(),
        "bytes": Types.PRIMITIVE_ARRAY(Types.BYTE()),
        "datetime": Types.INSTANT(),
        "date": LocalTimeTypeInfo(LocalTimeTypeInfo.TimeType.LOCAL_DATE),
        "decimal": Types.BIG_DEC(),
        "uuid": Types.STRING(),
    }


@functools.cache
def _record_type() -> Any:
    """Return the class of the row types of records: PyFlink is imported when first needed."""
    from pyflink.common import typeinfo

    class RecordTypeInfo(typeinfo.RowTypeInfo):  # type: ignore[misc]
        """The row type of a record, in Python."""

        def __init__(self, cls: type, fields: Fields) -> None:
            self._j_typeinfo: Any = None
            super().__init__(
                [flink_type(inner) for _, inner in fields], [name for name, _ in fields]
            )
            self.flinksec_record = cls  # what a function with this output type has to return
            self._fields = fields
            # Of rows in lists and dicts PyFlink's own way makes nulls.
            self._is_simple = not any(
                part.kind in natural.SIMPLER or containers_of_rows(part) for part in below(fields)
            )

        def get_java_type_info(self) -> Any:
            if self._j_typeinfo is None:
                shape = text_of(self.flinksec_record, self._fields)
                self._j_typeinfo = jvm.view().org.flinksec.rows.Shape.parse(shape).rowType()
            return self._j_typeinfo

        def to_internal_type(self, obj: Any) -> Any:
            if self._is_simple:
                return super().to_internal_type(obj)
            made = FieldType("row", fields=self._fields)
            return in_the_jvms_terms(made, obj, self.flinksec_record.__name__)

        def __reduce__(self) -> Any:
            """Pickle it by its record: once used, it holds parts of the JVM."""
            return row_type, (self.flinksec_record,)

    return RecordTypeInfo
