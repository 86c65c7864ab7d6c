# SPDX-License-Identifier: Apache-2.0
"""Avro read and written by rows of random shapes, against two implementations of others.

They are fastavro and Apache's own for Python. Every example draws a record class, a schema that
it can be read by and written with, and a record.
"""

from __future__ import annotations

import io
import json
import math
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import avro.io
import avro.schema
import fastavro
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.differential.formats_peer import FormatsPeer, row, shape

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAMES = ("a", "b", "c", "d", "e")
_SYMBOLS = ("RED", "GREEN", "BLUE")


@dataclass(frozen=True)
class Kind:
    """One type, on all sides.

    Attributes:
        shape: as our formats are told it.
        schema: of Avro.
        values: as fastavro takes and gives them.
        ours: a value as our side takes and gives it in JSON.
    """

    shape: dict[str, Any]
    schema: Any
    values: st.SearchStrategy[Any]
    ours: Callable[[Any], Any] = lambda value: value


def _single(value: float) -> str:
    return value.hex() if math.isfinite(value) else f"{'-' if value < 0 else ''}Infinity"


def _micros(value: datetime) -> int:
    return (value - _EPOCH) // timedelta(microseconds=1)


def _moments(step: int) -> st.SearchStrategy[datetime]:
    """Moments of whole milliseconds, or microseconds."""
    moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))
    return moments.map(lambda at: at.replace(microsecond=at.microsecond // step * step))


def _logical(name: str, of: str, **more: Any) -> dict[str, Any]:
    return {"type": of, "logicalType": name, **more}


def _fixed(size: int, **more: Any) -> dict[str, Any]:
    return {"type": "fixed", "name": f"f{uuid.uuid4().hex}", "size": size, **more}


def _decimals(precision: int, scale: int) -> st.SearchStrategy[Decimal]:
    most = 10**precision - 1
    # By its text, since arithmetic rounds to 28 digits.
    return st.integers(-most, most).map(lambda digits: Decimal(f"{digits}e{-scale}"))


def _decimal(precision: int, scale: int, schema: dict[str, Any]) -> Kind:
    return Kind(
        shape("decimal", precision=precision, scale=scale),
        {**schema, "logicalType": "decimal", "precision": precision, "scale": scale},
        _decimals(precision, scale),
        str,
    )


@st.composite
def scalars(draw: st.DrawFn) -> Kind:
    """Any type that holds no other."""
    i32, i64 = st.integers(-(2**31), 2**31 - 1), st.integers(-(2**63), 2**63 - 1)
    makers: list[Callable[[], Kind]] = [
        lambda: Kind(shape("str"), "string", st.text(max_size=9)),
        lambda: Kind(shape("int"), "long", i64),
        lambda: Kind(shape("int"), "int", i32),
        lambda: Kind(shape("float"), "double", st.floats(allow_nan=False), _single),
        lambda: Kind(shape("float"), "float", st.floats(width=32, allow_nan=False), _single),
        lambda: Kind(shape("bool"), "boolean", st.booleans()),
        lambda: Kind(shape("bytes"), "bytes", st.binary(max_size=9), bytes.hex),
        lambda: Kind(shape("bytes"), _fixed(3), st.binary(min_size=3, max_size=3), bytes.hex),
        lambda: Kind(shape("datetime"), _logical("timestamp-micros", "long"), _moments(1), _micros),
        lambda: Kind(
            shape("datetime"), _logical("timestamp-millis", "long"), _moments(1000), _micros
        ),
        lambda: Kind(shape("date"), _logical("date", "int"), st.dates(), date.isoformat),
        lambda: Kind(shape("uuid"), _logical("uuid", "string"), st.uuids(), str),
        lambda: Kind(
            shape("enum", symbols=list(_SYMBOLS)),
            {"type": "enum", "name": f"e{uuid.uuid4().hex}", "symbols": list(_SYMBOLS)},
            st.sampled_from(_SYMBOLS),
        ),
        lambda: _decimal(9, 2, {"type": "bytes"}),
        lambda: _decimal(38, 18, {"type": "bytes"}),
        lambda: _decimal(6, 0, _fixed(5)),
    ]
    return draw(st.sampled_from(makers))()


def lists(inner: Kind) -> Kind:
    return Kind(
        shape("list", inner=inner.shape),
        {"type": "array", "items": inner.schema},
        st.lists(inner.values, max_size=3),
        lambda value: [inner.ours(one) for one in value],
    )


def dicts(inner: Kind) -> Kind:
    return Kind(
        shape("dict", inner=inner.shape),
        {"type": "map", "values": inner.schema},
        st.dictionaries(st.text(max_size=4), inner.values, max_size=3),
        lambda value: {key: inner.ours(one) for key, one in value.items()},
    )


def maybe(inner: Kind, first: bool) -> Kind:
    return Kind(
        {**inner.shape, "nullable": True},
        ["null", inner.schema] if first else [inner.schema, "null"],
        st.none() | inner.values,
        lambda value: None if value is None else inner.ours(value),
    )


def records(fields: list[Kind]) -> Kind:
    named = dict(zip(_NAMES, fields, strict=False))
    return Kind(
        row(**{name: one.shape for name, one in named.items()}),
        {
            "type": "record",
            "name": f"r{uuid.uuid4().hex}",
            "fields": [{"name": name, "type": one.schema} for name, one in named.items()],
        },
        st.fixed_dictionaries({name: one.values for name, one in named.items()}),
        lambda value: {name: one.ours(value[name]) for name, one in named.items()},
    )


def _larger(inner: st.SearchStrategy[Kind]) -> st.SearchStrategy[Kind]:
    plain = inner.filter(lambda kind: not kind.shape["nullable"])  # a union holds no union
    return st.one_of(
        inner.map(lists),
        inner.map(dicts),
        st.builds(maybe, plain, st.booleans()),
        st.lists(inner, min_size=1, max_size=3).map(records),
    )


RECORDS = st.lists(
    st.recursive(scalars(), _larger, max_leaves=6), min_size=1, max_size=len(_NAMES)
).map(records)


def theirs(schema: Any, value: Any) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema), value)
    return out.getvalue()


def read_by_fastavro(schema: Any, data: bytes) -> Any:
    source = io.BytesIO(data)
    found = fastavro.schemaless_reader(source, fastavro.parse_schema(schema), None)
    assert source.read() == b""
    return found


def read_by_apaches(schema: Any, data: bytes) -> Any:
    reader = avro.io.DatumReader(avro.schema.parse(json.dumps(schema)))
    return reader.read(avro.io.BinaryDecoder(io.BytesIO(data)))


def same(found: Any, wanted: Any) -> bool:
    """Whether two values of ours are the same; floats are hexadecimal, which has several forms."""
    if isinstance(wanted, dict):
        return set(found) == set(wanted) and all(same(found[k], v) for k, v in wanted.items())
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    if isinstance(wanted, str) and found != wanted:
        return "0x" in wanted and float.fromhex(found) == float.fromhex(wanted)
    return type(found) is type(wanted) and bool(found == wanted)


@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_what_others_write_is_read_and_what_is_written_others_read(
    formats_peer: FormatsPeer, data: st.DataObject
) -> None:
    kind = data.draw(RECORDS)
    value = data.draw(kind.values)
    codec = formats_peer.codec("avro", kind.shape, schema=json.dumps(kind.schema))
    ours = kind.ours(value)
    assert same(codec.read(theirs(kind.schema, value)), ours)
    written = codec.write(ours)
    assert read_by_fastavro(kind.schema, written) == value


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_apaches_own_reader_finds_what_fastavro_does(
    formats_peer: FormatsPeer, data: st.DataObject
) -> None:
    """Its decimals and dates have faults of their own, so that it is asked for the rest."""
    kind = data.draw(RECORDS.filter(lambda one: '"logicalType"' not in json.dumps(one.schema)))
    value = data.draw(kind.values)
    codec = formats_peer.codec("avro", kind.shape, schema=json.dumps(kind.schema))
    assert read_by_apaches(kind.schema, codec.write(kind.ours(value))) == value


@given(data=st.data(), added=scalars(), again=st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_a_record_of_another_schema_is_resolved_as_fastavro_does_it(
    formats_peer: FormatsPeer, data: st.DataObject, added: Kind, again: Any
) -> None:
    """The writer's schema has one field more, in another order; the reader's one with a default."""
    kind = data.draw(RECORDS)
    value = data.draw(kind.values) | {"added": data.draw(added.values)}
    fields = [*kind.schema["fields"], {"name": "added", "type": added.schema}]
    again.shuffle(fields)
    writer = {**kind.schema, "fields": fields}
    ours = dict(kind.shape)
    ours["fields"] = [
        *kind.shape["fields"],
        {"name": "new", "wire": "n_e_w", "shape": shape("int"), "default": 41},
    ]
    codec = formats_peer.codec("avro", ours, schema=json.dumps(writer), only_read=True)
    data_of_others = theirs(writer, value)
    reader = {
        **kind.schema,
        "fields": [*kind.schema["fields"], {"name": "n_e_w", "type": "long", "default": 41}],
    }
    resolved = fastavro.schemaless_reader(
        io.BytesIO(data_of_others), fastavro.parse_schema(writer), fastavro.parse_schema(reader)
    )
    assert isinstance(resolved, dict)
    wanted = kind.ours(resolved) | {"new": resolved["n_e_w"]}
    assert same(codec.read(data_of_others), wanted)


@given(data=st.data(), junk=st.binary(max_size=20), at=st.integers(0, 10**6))
@settings(max_examples=80, deadline=None)
def test_whatever_the_bytes_are_it_is_a_row_or_a_bad_record(
    formats_peer: FormatsPeer, data: st.DataObject, junk: bytes, at: int
) -> None:
    kind = data.draw(RECORDS)
    good = theirs(kind.schema, data.draw(kind.values))
    codec = formats_peer.codec("avro", kind.shape, schema=json.dumps(kind.schema))
    at %= len(good) + 1
    for odd in (junk, good[:at], good[:at] + junk + good[at + 1 :]):
        answer = codec.asked(odd)
        assert set(answer) in ({"rows"}, {"bad"}), answer
