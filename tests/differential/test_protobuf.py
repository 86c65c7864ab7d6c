# SPDX-License-Identifier: Apache-2.0
"""Protobuf read and written by rows, against Google's own implementation for Python."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings

from tests.differential.formats_peer import (
    Codec,
    FormatsPeer,
    maybe,
    named,
    row,
    shape,
)
from tests.differential.protobuf_messages import (
    EVERYTHING,
    RECORD,
    ROWS,
    everything,
    maybe_item,
    same,
)


@pytest.fixture(scope="module")
def codec(formats_peer: FormatsPeer) -> Codec:
    return formats_peer.codec("protobuf", RECORD, message="shop.Everything")


@given(fields=ROWS)
@settings(max_examples=60)
def test_a_message_of_googles_is_read_as_the_row_that_it_is(
    codec: Codec, fields: dict[str, Any]
) -> None:
    assert same(codec.read(everything(fields).SerializeToString()), fields)


@given(fields=ROWS)
@settings(max_examples=60)
def test_a_row_is_written_as_the_message_of_googles(codec: Codec, fields: dict[str, Any]) -> None:
    assert EVERYTHING.FromString(codec.write(fields)) == everything(fields)


NUMBERS = {
    "an_int32": (2**31, -(2**31) - 1),
    "a_sint32": (2**31,),
    "a_sfixed32": (-(2**31) - 1,),
    "a_uint32": (2**32, -1),
    "a_fixed32": (2**32, -1),
    "a_uint64": (-1,),
    "a_fixed64": (-1,),
}


@pytest.mark.parametrize(
    ("field", "value"), [(name, value) for name, values in NUMBERS.items() for value in values]
)
def test_a_number_beyond_its_field_is_not_written(
    formats_peer: FormatsPeer, field: str, value: int
) -> None:
    writer = formats_peer.codec("protobuf", row(**{field: shape("int")}), message="shop.Everything")
    why = writer.unwritable({field: value})
    assert why.startswith(f"field '{field}' is ")
    assert str(value) not in why


def test_a_number_too_large_for_single_precision_is_not_written(formats_peer: FormatsPeer) -> None:
    writer = formats_peer.codec("protobuf", row(a_float=shape("float")), message="shop.Everything")
    assert writer.unwritable({"a_float": "1e39"}) == (
        "field 'a_float' is a number too large for single precision"
    )
    assert EVERYTHING.FromString(writer.write({"a_float": "0.1"})).a_float == pytest.approx(0.1)


def test_a_number_beyond_63_bits_is_a_bad_record(formats_peer: FormatsPeer) -> None:
    reader = formats_peer.codec("protobuf", row(a_uint64=shape("int")), message="shop.Everything")
    assert reader.read(EVERYTHING(a_uint64=2**63 - 1).SerializeToString()) == {
        "a_uint64": 2**63 - 1
    }
    assert reader.bad(EVERYTHING(a_uint64=2**63).SerializeToString()) == (
        "field 'a_uint64' is a whole number beyond 63 bits"
    )


def test_a_number_that_an_open_enum_does_not_know_has_no_name(formats_peer: FormatsPeer) -> None:
    record = EVERYTHING(status=5, statuses=[1, 5]).SerializeToString()
    by_name = formats_peer.codec("protobuf", row(status=shape("str")), message="shop.Everything")
    by_number = formats_peer.codec("protobuf", row(status=shape("int")), message="shop.Everything")
    several = formats_peer.codec(
        "protobuf", row(statuses=shape("list", inner=shape("str"))), message="shop.Everything"
    )
    assert by_name.bad(record) == "field 'status' has a number that its enum does not know"
    assert by_number.read(record) == {"status": 5}
    assert several.bad(record) == "field 'statuses.1' has a number that its enum does not know"
    assert EVERYTHING.FromString(by_number.write({"status": 5})).status == 5
    assert by_name.unwritable({"status": "TORN"}) == (
        "field 'status' is none of the names of its enum in the message"
    )


def test_a_symbol_that_the_record_does_not_have_is_a_bad_record(formats_peer: FormatsPeer) -> None:
    cases: Any = ((["PAID", "SENT"], 1, -7, "PAID"), ([1, 2], 2, 0, 2))
    for symbols, known, unknown, wanted in cases:
        reader = formats_peer.codec(
            "protobuf", row(maybe_status=shape("enum", symbols=symbols)), message="shop.Everything"
        )
        found = reader.read(EVERYTHING(maybe_status=known).SerializeToString())
        assert found == {"maybe_status": wanted}
        assert reader.bad(EVERYTHING(maybe_status=unknown).SerializeToString()) == (
            "field 'maybe_status' is none of the values that it may have"
        )


def test_only_what_the_message_can_express_is_written(formats_peer: FormatsPeer) -> None:
    writer = formats_peer.codec(
        "protobuf",
        row(
            a_string=maybe("str"),
            texts=maybe("list", inner=maybe("str")),
            card=maybe("str"),
            cash=maybe("int"),
        ),
        message="shop.Everything",
    )
    good: dict[str, Any] = {"a_string": "", "texts": [], "card": None, "cash": 0}
    assert EVERYTHING.FromString(writer.write(good)) == EVERYTHING(cash=0)
    for change, why in (
        ({"a_string": None}, "field 'a_string' is null, which its field in the message cannot be"),
        ({"texts": None}, "field 'texts' is null, which a repeated field cannot be"),
        ({"texts": ["a", None]}, "field 'texts.1' is null, which Protobuf cannot express"),
        ({"card": "c"}, "field 'cash' is not null, nor is another field of the oneof payment"),
    ):
        assert writer.unwritable({**good, **change}).startswith(why)


def test_times_are_cut_to_microseconds_and_bounded(formats_peer: FormatsPeer) -> None:
    reader = formats_peer.codec("protobuf", row(at=shape("datetime")), message="shop.Everything")
    made = EVERYTHING()
    made.at.seconds, made.at.nanos = -1, 999_999_999
    assert reader.read(made.SerializeToString()) == {"at": -1}
    for seconds, nanos in ((2**62, 0), (253402300800, 0), (0, -1), (0, 10**9)):
        made.at.seconds, made.at.nanos = seconds, nanos
        assert reader.bad(made.SerializeToString()).startswith("field 'at' is ")


def test_texts_hold_dates_times_decimals_and_uuids(formats_peer: FormatsPeer) -> None:
    codec = formats_peer.codec(
        "protobuf",
        row(
            time_text=shape("datetime"),
            day_text=shape("date"),
            price=shape("decimal", precision=6, scale=2),
            id_text=shape("uuid"),
            id_bytes=shape("uuid"),
        ),
        message="shop.Everything",
    )
    uuid = "0f0e0d0c-0b0a-0908-0706-050403020100"
    fields = {
        "time_text": 1_714_543_200_000_001,
        "day_text": "2024-05-01",
        "price": "12.50",
        "id_text": uuid,
        "id_bytes": uuid,
    }
    message = EVERYTHING(
        time_text="2024-05-01T06:00:00.000001Z",
        day_text="2024-05-01",
        price="12.50",
        id_text=uuid,
        id_bytes=bytes.fromhex(uuid.replace("-", "")),
    )
    assert EVERYTHING.FromString(codec.write(fields)) == message
    message.id_text = uuid.upper()
    message.price = "12.5"
    assert codec.read(message.SerializeToString()) == fields
    for name, odd, why in (
        ("price", "1.234", "has more than 2 digits after the point"),
        ("price", "1e900000", "is a number of more than 1,000 digits"),
        ("id_text", "x", "is not a UUID"),
        ("id_bytes", b"123", "is not a UUID of 16 bytes"),
        ("day_text", "1.5.2024", "is not an ISO-8601 date, such as 2013-01-01"),
    ):
        bad = EVERYTHING()
        bad.CopyFrom(message)
        setattr(bad, name, odd)
        assert codec.bad(bad.SerializeToString()) == f"field '{name}' {why}"


def test_defaults_of_the_record_stand_for_what_is_not_set(formats_peer: FormatsPeer) -> None:
    excluded = formats_peer.codec(
        "protobuf",
        row(maybe_int=maybe("int"), topic=shape("str")),
        ["topic"],
        message="shop.Everything",
        only_read=True,
    )
    assert excluded.read(EVERYTHING(maybe_int=3).SerializeToString()) == {
        "maybe_int": 3,
        "topic": None,
    }
    record = named(
        row(number=shape("int"), text=maybe("str"), item=maybe_item()),
        number={"wire": "maybe_int", "default": 7},
        text={"wire": "maybeString", "default": "none"},
        item={"default": None},
    )
    codec = formats_peer.codec("protobuf", record, message="shop.Everything")
    assert codec.read(b"") == {"number": 7, "text": "none", "item": None}
    fields = {"number": 0, "text": "", "item": None}
    assert codec.read(codec.write(fields)) == fields
    assert EVERYTHING.FromString(codec.write(fields)) == EVERYTHING(maybe_int=0, maybe_string="")
    assert codec.unwritable({**fields, "text": None}) == (
        "field 'text' is null, which would be read as its default"
    )
    required = formats_peer.codec(
        "protobuf", row(maybe_int=shape("int")), message="shop.Everything"
    )
    assert required.bad(b"") == "field 'maybe_int' is required but not set"


def test_odd_floats_pass(codec: Codec) -> None:
    fields = codec.read(EVERYTHING(a_double=math.nan, a_float=-math.inf).SerializeToString())
    assert math.isnan(float.fromhex(fields["a_double"]))
    assert float.fromhex(fields["a_float"]) == -math.inf
