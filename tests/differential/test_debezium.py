# SPDX-License-Identifier: Apache-2.0
"""Debezium's envelope read and written by rows, against Flink's own format ``debezium-json``."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.differential.formats_peer import Codec, FormatsPeer, maybe, named, row, shape

RECORD = row(
    id=shape("int"),
    name=maybe("str"),
    weight=maybe("float"),
    sold=shape("bool"),
    raw=maybe("bytes"),
    at=maybe("datetime"),
    price=maybe("decimal", precision=12, scale=2),
    tags=maybe("list", inner=shape("str")),
    counts=maybe("dict", inner=shape("int")),
    place={**row(city=shape("str"), number=maybe("int")), "nullable": True},
)
TEXT = st.text(max_size=5)
ROWS = st.fixed_dictionaries(
    {
        "id": st.integers(-(2**63), 2**63 - 1),
        "name": st.none() | TEXT,
        "weight": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "sold": st.booleans(),
        "raw": st.none() | st.binary(max_size=4).map(lambda raw: base64.b64encode(raw).decode()),
        "at": st.none() | st.datetimes().map(lambda at: f"{at.isoformat()}Z"),
        "price": st.none() | st.decimals(-(10**10) + 1, 10**10 - 1, places=2).map(str),
        "tags": st.none() | st.lists(TEXT, max_size=2),
        "counts": st.none() | st.dictionaries(TEXT, st.integers(-9, 9), max_size=2),
        "place": st.none()
        | st.fixed_dictionaries({"city": TEXT, "number": st.none() | st.integers(0, 9)}),
    }
)
SOURCE = {"version": "3.0", "connector": "postgresql", "name": "pg", "ts_ms": 5, "db": "shop"}


def envelope(op: str, before: Any, after: Any, **more: Any) -> dict[str, Any]:
    return {"before": before, "after": after, "source": SOURCE, "op": op, "ts_ms": 7, **more}


def change(op: str, before: Any, after: Any, **more: Any) -> bytes:
    return json.dumps(envelope(op, before, after, **more)).encode()


@pytest.fixture(scope="module")
def both(formats_peer: FormatsPeer) -> Codec:
    return formats_peer.codec("debezium", RECORD, before=True)


@given(op=st.sampled_from("crud"), before=ROWS, after=ROWS, with_schema=st.booleans())
@settings(max_examples=120)
def test_a_change_is_the_rows_that_flinks_format_makes_of_it(
    formats_peer: FormatsPeer, both: Codec, op: str, before: Any, after: Any, with_schema: bool
) -> None:
    flink = formats_peer.codec("flink-debezium", RECORD, schema=with_schema)
    made: Any = envelope(op, before if op in "ud" else None, after if op != "d" else None)
    if with_schema:
        made = {"schema": {"type": "struct", "fields": []}, "payload": made}
    message = json.dumps(made).encode()
    found = both.changes(message)
    assert found == flink.changes(message)
    kinds = {"c": ["+I"], "r": ["+I"], "u": ["-U", "+U"], "d": ["-D"]}
    assert [kind for kind, _ in found] == kinds[op]


@given(
    fields=ROWS,
    kind=st.sampled_from(["+I", "-U", "+U", "-D"]),
    schema_name=st.sampled_from(["", "a.b"]),
)
@settings(max_examples=120)
def test_flinks_format_reads_what_is_written_and_is_read(
    formats_peer: FormatsPeer, both: Codec, fields: Any, kind: str, schema_name: str
) -> None:
    ((_, wanted),) = both.changes(change("c", None, fields))
    flink = formats_peer.codec("flink-debezium", RECORD, schema=bool(schema_name))
    ours = formats_peer.codec("debezium", RECORD, before=True, schema_name=schema_name)
    expected = [({"-U": "-D", "+U": "+I"}.get(kind, kind), wanted)]
    assert flink.changes(ours.write(wanted, kind)) == expected
    assert ours.changes(ours.write(wanted, kind)) == expected
    plain = formats_peer.codec("flink-debezium", RECORD)
    assert both.changes(plain.write(wanted, kind)) == expected


@given(
    data=st.binary(max_size=30), before=ROWS, at=st.integers(0, 10**6), byte=st.binary(max_size=1)
)
@settings(max_examples=100)
def test_whatever_the_bytes_are_it_is_rows_or_a_bad_record(
    both: Codec, data: bytes, before: Any, at: int, byte: bytes
) -> None:
    good = change("u", before, before)
    at %= len(good)
    for odd in (data, good[:at], good[:at] + byte + good[at + 1 :]):
        answer = both.asked(odd)
        assert set(answer) in ({"rows"}, {"bad"}), answer


SMALL = row(id=shape("int"), name=maybe("str"))


def test_an_update_is_one_row_unless_both_are_asked_for(formats_peer: FormatsPeer) -> None:
    after = formats_peer.codec("debezium", SMALL)
    new = {"id": 1, "name": "new"}
    assert after.changes(change("u", None, new)) == [("+U", new)]
    assert after.changes(change("u", {"id": 1}, new)) == [("+U", new)]
    assert after.changes(change("d", {"id": 1, "name": None}, None)) == [
        ("-D", {"id": 1, "name": None})
    ]


def test_a_tombstone_is_no_row(formats_peer: FormatsPeer) -> None:
    codec = formats_peer.codec("debezium", SMALL)
    assert codec.changes(None) == []
    assert codec.changes(b'{"schema":{"type":"struct"},"payload":null}') == []


WHOLE_ROWS = "; the database has to log whole rows (PostgreSQL: REPLICA IDENTITY FULL)"


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (b"{", "the document ends too early, at line 1, column 2"),
        (b"[]", "the record is no JSON object"),
        (b"{}", "the record is no change of Debezium: it has no op"),
        (b'{"id":1,"name":null}', "the record is no change of Debezium: it has no op"),
        (b"{} {}", "the record has something behind the end of the JSON object"),
        (b'{"op":"\xff"}', "the document is not UTF-8"),
        (b'{"op":' + b"[" * 5000, "the document goes beyond what is read"),
        (change("t", None, None), "the record says that its table was emptied"),
        (change("m", None, None), "the record is no change of a row: its op is another"),
        (change("c", None, None), "the record has no `after`"),
        (change("d", None, None), "the record has no `before`" + WHOLE_ROWS),
        (change("u", None, {"id": 1}), "the record has no `before`" + WHOLE_ROWS),
        (change("d", {"name": "x"}, None), "field 'before.id' is required but missing"),
        (
            change("c", None, {"id": "1"}),
            "field 'after.id' should be a whole number but is a",
        ),
        (change("c", None, {"id": None}), "field 'after.id' is required but null"),
        (
            change("c", None, {"id": 2**63}),
            "field 'after.id' is a whole number outside the",
        ),
        (
            change("c", None, {"id": 1.5}),
            "field 'after.id' should be a whole number but is ",
        ),
        (change("c", None, []), "field 'after' should be an object but is an array"),
        (
            b'{"op":"c","after":{"id":1,"name":"\\ud83d"}}',
            "field 'after.name' holds half of",
        ),
    ],
)
def test_what_is_no_change_of_a_row_is_a_bad_record(
    formats_peer: FormatsPeer, message: bytes, why: str
) -> None:
    codec = formats_peer.codec("debezium", SMALL, before=True)
    assert codec.bad(message).startswith(why)


def _field(name: str, kind: str, logical: str = "", **parameters: str) -> dict[str, Any]:
    made: dict[str, Any] = {"field": name, "type": kind, "optional": True}
    return made | ({"name": logical, "parameters": parameters} if logical else {})


# As Debezium's documentation of its connectors for PostgreSQL and MySQL maps types of columns.
LOGICAL = (
    _field("millis", "int64", "io.debezium.time.Timestamp"),
    _field("micros", "int64", "io.debezium.time.MicroTimestamp"),
    _field("nanos", "int64", "io.debezium.time.NanoTimestamp"),
    _field("connect", "int64", "org.apache.kafka.connect.data.Timestamp"),
    _field("zoned", "string", "io.debezium.time.ZonedTimestamp"),
    _field("day", "int32", "io.debezium.time.Date"),
    _field("exact", "bytes", "org.apache.kafka.connect.data.Decimal", scale="3"),
    _field("any_scale", "struct", "io.debezium.data.VariableScaleDecimal"),
    _field("text", "string"),
    _field("id", "string", "io.debezium.data.Uuid"),
)
TYPES = row(
    millis=shape("datetime"),
    micros=shape("datetime"),
    nanos=shape("datetime"),
    connect=shape("datetime"),
    zoned=shape("datetime"),
    day=shape("date"),
    exact=shape("decimal"),
    any_scale=shape("decimal"),
    text=shape("decimal"),
    id=shape("uuid"),
)
AT = 1_714_543_200_123_000  # microseconds
BYTES = base64.b64encode((-123456).to_bytes(3, signed=True)).decode()
UUID = "0f0e0d0c-0b0a-0908-0706-050403020100"


def test_what_the_schema_says_of_a_value_counts(formats_peer: FormatsPeer) -> None:
    after = {
        "millis": AT // 1000,
        "micros": AT,
        "nanos": AT * 1000,
        "connect": AT // 1000,
        "zoned": "2024-05-01T08:00:00.123+02:00",
        "day": 19844,
        "exact": BYTES,
        "any_scale": {"scale": 1, "value": BYTES},
        "text": "1.50",
        "id": UUID,
    }
    struct = {"type": "struct", "fields": LOGICAL, "field": "after"}
    message = {
        "schema": {"type": "struct", "fields": [struct]},
        "payload": envelope("c", None, after),
    }
    codec = formats_peer.codec("debezium", TYPES)
    wanted = dict.fromkeys(("millis", "micros", "nanos", "connect", "zoned"), AT) | {
        "day": "2024-05-01",
        "exact": "-123.456",
        "any_scale": "-12345.6",
        "text": "1.50",
        "id": UUID,
    }
    for _ in range(2):  # the second time the schema is known
        assert codec.read(json.dumps(message).encode()) == wanted
    # The payload may stand before the schema, which may change.
    turned = dict(reversed(message.items()))
    struct["fields"] = [
        {**field, "name": "x"} if field["field"] == "micros" else field for field in LOGICAL
    ]
    assert codec.bad(json.dumps(turned).encode()) == (
        "field 'after.micros' is outside the years 1 to 9999"
    )


def test_without_a_schema_the_options_say_what_values_mean(formats_peer: FormatsPeer) -> None:
    record = row(at=shape("datetime"), price=shape("decimal", precision=9, scale=3))
    for per_second, at in ((1_000, AT // 1000), (1_000_000, AT), (1_000_000_000, AT * 1000)):
        codec = formats_peer.codec(
            "debezium", record, per_second=per_second, decimals_are_bytes=True, only_read=True
        )
        assert codec.read(change("c", None, {"at": at, "price": BYTES})) == {
            "at": AT,
            "price": "-123.456",
        }
    assert formats_peer.refused(
        "debezium", row(price=shape("decimal")), decimals_are_bytes=True
    ) == ("field 'price' is a Decimal of any scale, which no reader of its bytes can know")
    plain = formats_peer.codec("debezium", record)
    assert plain.bad(change("c", None, {"at": AT, "price": "1"})) == (
        "field 'after.at' is outside the years 1 to 9999"
    )


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", "has no digits, or more than 1,000"),
        ("%", "is not Base64, as the digits of a decimal are"),
        (base64.b64encode(b"\1" * 500).decode(), "has no digits, or more than 1,000"),
        ({"scale": 2**31 - 1, "value": BYTES}, "is a number of more than 1,000 digits"),
        ({"value": BYTES}, "should be a whole number but is missing"),
        (1e300, "has more than 6 digits before the point"),
    ],
)
def test_a_decimal_that_is_none_is_a_bad_record(
    formats_peer: FormatsPeer, value: Any, why: str
) -> None:
    record = row(price=shape("decimal", precision=9, scale=3))
    codec = formats_peer.codec("debezium", record, decimals_are_bytes=True, only_read=True)
    assert codec.bad(change("c", None, {"price": value})) == f"field 'after.price' {why}"


def test_the_envelope_fills_fields_beside_the_row(formats_peer: FormatsPeer) -> None:
    record = row(
        id=shape("int"),
        op=shape("str"),
        kind=shape("str"),
        seen=shape("datetime"),
        db=shape("str"),
        lsn=maybe("int"),
    )
    metadata = {
        "op": "op",
        "kind": "kind",
        "seen": "ts_ms",
        "db": "source.db",
        "lsn": "source.lsn",
    }
    codec = formats_peer.codec("debezium", record, before=True, metadata=metadata, only_read=True)
    common = {"id": 1, "op": "u", "seen": 7000, "db": "shop", "lsn": None}
    assert codec.changes(change("u", {"id": 1}, {"id": 1})) == [
        ("-U", {**common, "kind": "-U"}),
        ("+U", {**common, "kind": "+U"}),
    ]
    assert codec.bad(change("c", None, {"id": 1}, source={})) == "field 'db' is required but null"
    assert codec.bad(change("c", None, {"id": 1}, source=None)) == "field 'db' is required but null"
    for wrong, why in (
        ({"id": "before"}, "'debezium.before' is nothing of an envelope"),
        ({"id": "op"}, "debezium.op does not fit into the field 'id'"),
        ({"nope": "op"}, "metadata names 'nope', which is not a field of the record; it has: "),
    ):
        refused = formats_peer.refused("debezium", record, metadata=wrong)
        assert refused is not None
        assert refused.startswith(why)


def test_a_field_or_the_kind_of_a_row_says_what_is_written(formats_peer: FormatsPeer) -> None:
    by_kind = formats_peer.codec("debezium", SMALL)
    fields = {"id": 1, "name": "n"}
    written = {kind: by_kind.written(fields, kind)["hex"] for kind in ("+I", "-U", "+U", "-D")}
    assert written.pop("-U") is None
    messages = {kind: json.loads(bytes.fromhex(one)) for kind, one in written.items()}
    assert {kind: (m["op"], m["before"], m["after"]) for kind, m in messages.items()} == {
        "+I": ("c", None, fields),
        "+U": ("u", None, fields),
        "-D": ("d", fields, None),
    }
    record = row(op=shape("str"), id=shape("int"))
    by_field = formats_peer.codec("debezium", record, op_field="op", only_write=True)
    for op, part in (("c", "after"), ("r", "after"), ("u", "after"), ("d", "before")):
        message = json.loads(by_field.write({"op": op, "id": 4}))
        assert (message["op"], message[part]) == (op, {"id": 4})
        assert message["before" if part == "after" else "after"] is None
    assert by_field.unwritable({"op": "x", "id": 4}) == "field 'op' is none of c, r, u, d"
    assert formats_peer.refused("debezium", SMALL, op_field="nope") == (
        "op_field names 'nope', which is not a field of the record; it has: id, name"
    )


def test_the_schema_that_is_written_says_what_the_values_are(formats_peer: FormatsPeer) -> None:
    record = row(
        id=shape("int"),
        day=maybe("date"),
        at=shape("datetime"),
        tags=shape("list", inner=shape("str")),
        counts=shape("dict", inner=shape("float")),
        place={**row(number=maybe("int")), "nullable": True},
    )
    codec = formats_peer.codec("debezium", record, schema_name="shop.orders")
    fields = {"id": 1, "day": "2024-05-01", "at": AT, "tags": [], "counts": {}, "place": None}
    message = json.loads(codec.write(fields))
    assert set(message) == {"schema", "payload"}
    assert message["schema"]["name"] == "shop.orders.Envelope"
    parts = {part["field"]: part for part in message["schema"]["fields"]}
    assert list(parts) == ["before", "after", "op", "ts_ms"]
    assert parts["after"]["name"] == parts["before"]["name"] == "shop.orders.Value"
    described = {
        one["field"]: (one["type"], one["optional"], one.get("name"))
        for one in parts["after"]["fields"]
    }
    assert described == {
        "id": ("int64", False, None),
        "day": ("int32", True, "io.debezium.time.Date"),
        "at": ("string", False, "io.debezium.time.ZonedTimestamp"),
        "tags": ("array", False, None),
        "counts": ("map", False, None),
        "place": ("struct", True, "shop.orders.Value.place"),
    }
    assert codec.read(json.dumps(message).encode()) == fields


def test_what_json_cannot_express_is_not_written(formats_peer: FormatsPeer) -> None:
    codec = formats_peer.codec("debezium", row(x=shape("float")))
    assert codec.unwritable({"x": "NaN"}) == "field 'x' is not finite, which JSON cannot express"


def test_a_column_has_its_name_in_the_database_and_its_default(formats_peer: FormatsPeer) -> None:
    record = named(SMALL, id={"wire": "customer-id"}, name={"default": "none"})
    codec = formats_peer.codec("debezium", record)
    assert codec.read(change("c", None, {"customer-id": 1})) == {"id": 1, "name": "none"}
    assert codec.read(change("c", None, {"customer-id": 1, "name": None}))["name"] is None
    written = json.loads(codec.write({"id": 1, "name": None}))
    assert written["after"] == {"customer-id": 1, "name": None}


def test_what_is_not_read_is_told_by_name(formats_peer: FormatsPeer) -> None:
    reader = formats_peer.codec("debezium", row(id=shape("int")), only_read=True)
    mongo = {
        "op": "u",
        "after": '{"_id": 1}',
        "source": {"connector": "mongodb"},
        "updateDescription": {"updatedFields": "{}"},
    }
    assert reader.bad(json.dumps(mongo).encode()) == (
        "the record is a change of MongoDB, which is text, or a part of a row, and is not read"
    )
    assert reader.bad(b"\0\0\0\0\7\2\0").startswith(
        "the record begins like one of a schema registry, and envelopes are read in JSON"
    )
    assert reader.changes(None) == []
