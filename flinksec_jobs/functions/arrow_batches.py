# SPDX-License-Identifier: Apache-2.0
"""Batches as Arrow: the columns of a record class, made of decoded rows and read back by name.

Only functions that ask for Arrow import pyarrow.
"""

from __future__ import annotations

import decimal
import typing
from collections.abc import Callable, Sequence
from typing import Any

from flinksec_jobs.errors import JobError, RecordValueError
from flinksec_jobs.functions import codecs
from flinksec_jobs.records import natural
from flinksec_jobs.records.decimals import PRECISION, SCALE
from flinksec_jobs.records.field_types import Fields, FieldType
from flinksec_jobs.records.guard import WrongReturnError
from flinksec_jobs.records.rows import fit_row, row_class, values_fitter
from flinksec_jobs.records.values import article

_EXACTLY = decimal.Context(prec=200)
Change = Callable[[Any], Any]


def pyarrow() -> Any:
    """Return the module.

    Raises:
        JobError: it is not installed.
    """
    try:
        import pyarrow as found  # type: ignore[import-untyped]
    except ImportError:
        raise JobError(
            "as_arrow=True needs pyarrow, which is not installed",
            hint="install pyarrow; for an image name it in the requirements of the job",
        ) from None
    return found


def type_of(field: FieldType) -> Any:
    """Return the Arrow type of a field; whatever it is, it may be null."""
    pa = pyarrow()
    if field.kind == "row":
        return pa.struct([pa.field(name, type_of(inner)) for name, inner in field.fields])
    if field.inner is not None:
        inner = type_of(field.inner)
        return pa.list_(inner) if field.kind == "list" else pa.map_(pa.string(), inner)
    if field.kind == "decimal":
        scale = field.scale if field.precision else SCALE
        return pa.decimal128(field.precision or PRECISION, scale)
    if field.kind == "enum":
        return pa.string() if isinstance(field.symbols[0], str) else pa.int64()
    scalars = {
        "str": pa.string(),
        "uuid": pa.string(),
        "int": pa.int64(),
        "int32": pa.int32(),
        "float": pa.float64(),
        "bool": pa.bool_(),
        "bytes": pa.binary(),
        "datetime": pa.timestamp("us", tz="UTC"),
        "date": pa.date32(),
    }
    return scalars[field.kind]


def batches_of(fields: Fields) -> Callable[[list[Any]], Any]:
    """Return what makes a ``pyarrow.RecordBatch`` of decoded rows, a list of values for each."""
    pa = pyarrow()
    schema = pa.schema([pa.field(name, type_of(field)) for name, field in fields])
    changes = [_to_arrow(field) for _, field in fields]

    def make(rows: list[Any]) -> Any:
        if any(len(row) != len(changes) for row in rows):
            raise RecordValueError(
                "a record comes from a changelog, with a kind that is no insert, which Arrow data "
                "cannot say",
                hint="use fast(…).process, which gets rows with their kind, or filter them before",
            )
        columns: Sequence[Any] = list(zip(*rows, strict=True)) if rows else [()] * len(changes)
        arrays = []
        for values, change, part in zip(columns, changes, schema, strict=True):
            made = values if change is None else [v if v is None else change(v) for v in values]
            arrays.append(pa.array(made, part.type))
        return pa.RecordBatch.from_arrays(arrays, schema=schema)

    return make


def _to_arrow(field: FieldType) -> Change | None:
    """Return what makes of a decoded value what pyarrow takes; None for the same."""
    if field.kind == "row":
        names = [name for name, _ in field.fields]
        change = natural.each_in_place([_to_arrow(inner) for _, inner in field.fields])

        def struct(values: list[Any]) -> Any:
            if change is not None:
                change(values)
            return dict(zip(names, values, strict=True))

        return struct
    if field.inner is not None:
        inner = natural.in_container(field.kind, _to_arrow(field.inner))
        if field.kind == "list":
            return inner
        return lambda value: list((value if inner is None else inner(value)).items())
    return decimal.Decimal if field.kind == "decimal" else None


def results_of(fields: Fields, called: str, name: str) -> Callable[[Any, int], list[Any]]:
    """Return what makes of a function's Arrow data lists of values that are ready to be encoded.

    Args:
        fields: those of its results.
        called: the name of their class, for messages.
        name: of the function.

    Returns:
        A function of what the user's function has returned, and of how many rows there have to be;
        it raises WrongReturnError for other columns or another number of rows, and
        RecordValueError for a column that does not hold what its field says.
    """
    pa = pyarrow()
    wanted = [each for each, _ in fields]
    fit = values_fitter(fields, called, fit_row)
    backs = [_natural(field) for _, field in fields]
    leave = natural.each([codecs.leaving(field) for _, field in fields])

    def read(given: Any, count: int) -> list[Any]:
        table = _table(pa, given, name)
        if sorted(table.column_names) != sorted(wanted):
            raise WrongReturnError(
                f"the function {name} returned the columns {', '.join(table.column_names)}, but "
                f"{called} has {', '.join(wanted)}",
                hint="return exactly the columns of the record class of its results",
            )
        if table.num_rows != count:
            raise WrongReturnError(
                f"the function {name} returned {table.num_rows} rows for {count} records",
                hint="return exactly one for each record, in their order",
            )
        columns = []
        for each, back in zip(wanted, backs, strict=True):
            values = _plain(pa, table.column(each)).to_pylist()
            columns.append([v if v is None or back is None else back(v) for v in values])
        rows = [fit(list(values)) for values in zip(*columns, strict=True)]
        return rows if leave is None else [leave(values) for values in rows]

    return read


def _table(pa: Any, given: Any, name: str) -> Any:
    if isinstance(given, pa.RecordBatch):
        return pa.Table.from_batches([given])
    if isinstance(given, pa.Table):
        return given
    raise WrongReturnError(
        f"the function {name} returned {article(given)} instead of Arrow data",
        hint="return a pyarrow.RecordBatch or Table: frame.to_arrow() of polars, "
        "pyarrow.Table.from_pandas(frame, preserve_index=False) of pandas",
    )


def _plain(pa: Any, column: Any) -> Any:
    """Return a column whose times are of microseconds, which Python's have."""
    kind = column.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        return column.cast(pa.timestamp("us", tz=kind.tz))
    return column.cast(kind.value_type) if pa.types.is_dictionary(kind) else column


def _natural(field: FieldType) -> Change | None:
    """Return what makes a natural value of what Arrow gives; what does not fit is left as it is."""
    if field.kind == "row":
        return _row_of_struct(field)
    if field.inner is not None:
        inner = natural.in_container(field.kind, _natural(field.inner))
        if field.kind == "list":
            return inner
        return lambda value: dict(value) if inner is None else inner(dict(value))
    if field.kind == "uuid" or (field.kind == "enum" and field.cls is not None):
        return natural.of_key(field)
    if field.kind == "decimal" and not field.precision:
        # Whose zeros at the end are the column's, not the number's.
        return lambda value: value.normalize(_EXACTLY) if type(value) is decimal.Decimal else value
    return None


def _row_of_struct(field: FieldType) -> Change:
    backs = {name: _natural(inner) for name, inner in field.fields}
    is_dict = field.cls is not None and typing.is_typeddict(field.cls)
    row = row_class()

    def make(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        made = {
            name: each if each is None or backs.get(name) is None else backs[name](each)  # type: ignore[misc]
            for name, each in value.items()
        }
        return made if is_dict else row(**made)

    return make
