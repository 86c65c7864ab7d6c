# SPDX-License-Identifier: Apache-2.0
"""Messages that are none, and records and descriptor files that do not go with a message."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import descriptor_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.differential.formats_peer import (
    DESCRIPTORS,
    Codec,
    FormatsPeer,
    maybe,
    row,
    shape,
)
from tests.differential.protobuf_messages import (
    EVERYTHING,
    ITEM,
    ITEM_SHAPE,
    PARCEL,
    RECORD,
    ROWS,
    everything,
    message_class,
    tag,
)


@pytest.fixture(scope="module")
def codec(formats_peer: FormatsPeer) -> Codec:
    return formats_peer.codec("protobuf", RECORD, message="shop.Everything")


@pytest.mark.parametrize("name", ["old_shop.Parcel", "shop.Everything", "shop_2023.Visit"])
def test_a_text_that_is_no_utf8_is_a_bad_record_in_every_syntax(
    formats_peer: FormatsPeer, name: str
) -> None:
    field = {"old_shop.Parcel": "carrier", "shop.Everything": "a_string", "shop_2023.Visit": "note"}
    reader = formats_peer.codec(
        "protobuf", row(**{field[name]: maybe("str")}), message=name, only_read=True
    )
    number = message_class(name).DESCRIPTOR.fields_by_name[field[name]].number
    good = PARCEL(id="p").SerializeToString() if name == "old_shop.Parcel" else b""
    for odd in (b"\xff", b"\xed\xa0\xbd", b"\xc0\x80"):
        assert reader.bad(good + bytes([number << 3 | 2, len(odd)]) + odd) == (
            f"field '{field[name]}' is not UTF-8"
        )


def test_where_a_text_is_no_utf8_is_told_within_messages_too(codec: Codec) -> None:
    inner = bytes([1 << 3 | 2, 1, 0xFF])
    assert codec.bad(tag(18) + bytes([len(inner)]) + inner) == ("field 'item.sku' is not UTF-8")
    assert codec.bad(tag(31) + bytes([1, 0xFF])) == "field 'texts' is not UTF-8"


def test_poison_is_a_bad_record_with_a_reason(codec: Codec) -> None:
    huge = tag(14) + b"\xff\xff\xff\xff\x07"
    nested = b""
    for _ in range(150):
        nested = tag(90) + _length(nested) + nested
    groups = tag(200, 3) * 5000
    for odd, reason in (
        (huge, "the record is no message shop.Everything: "),
        (b"\x00", "the record is no message shop.Everything: "),
        (nested, "the record is no message shop.Everything: "),
        (groups, "the record is no message shop.Everything: "),
        (tag(3, 0) + b"\xff" * 11, "the record is no message shop.Everything: "),
    ):
        assert codec.bad(odd).startswith(reason)


def test_a_record_of_a_schema_registry_is_told_from_broken_bytes(codec: Codec) -> None:
    why = codec.bad(b"\0\0\0\0\7\0" + EVERYTHING(an_int32=1).SerializeToString())
    assert why.startswith("the record is no message shop.Everything: ")
    assert why.endswith("; it begins like one of a schema registry, which is not read")


def _length(data: bytes) -> bytes:
    size, out = len(data), b""
    while size > 127:
        out, size = out + bytes([size & 0x7F | 0x80]), size >> 7
    return out + bytes([size])


def test_a_record_of_more_elements_than_fit_into_memory_is_a_bad_one(
    formats_peer: FormatsPeer,
) -> None:
    reader = formats_peer.codec(
        "protobuf", row(items=shape("list", inner=ITEM_SHAPE)), message="shop.Everything"
    )
    element = tag(32) + b"\0"
    assert len(reader.read(element * 1000)["items"]) == 1000
    assert "1,000,000 elements" in reader.bad(element * 1_000_001)


@given(
    data=st.binary(max_size=60), fields=ROWS, at=st.integers(0, 10**6), byte=st.binary(max_size=2)
)
@settings(max_examples=60)
def test_whatever_the_bytes_are_it_is_a_row_or_a_bad_record(
    codec: Codec, data: bytes, fields: dict[str, Any], at: int, byte: bytes
) -> None:
    good = everything(fields).SerializeToString()
    at %= len(good) + 1
    for odd in (data, good[:at], good[:at] + byte + good[at + 1 :]):
        answer = codec.asked(odd)
        assert set(answer) in ({"rows"}, {"bad"}), answer


_NOT = "in the record, but"


@pytest.mark.parametrize(
    ("record", "message", "why"),
    [
        (
            row(nope=shape("int")),
            "Item",
            "field 'nope' is not in the message shop.Item; it has: ",
        ),
        (row(sku=shape("int")), "Item", f"field 'sku' is an int {_NOT} string in the message"),
        (
            row(items=shape("str")),
            "Everything",
            f"field 'items' is a str {_NOT} repeated ",
        ),
        (
            row(counts=shape("list", inner=shape("int"))),
            "Everything",
            f"field 'counts' is a list {_NOT} a map in the message",
        ),
        (
            row(item=row(count=shape("str"))),
            "Everything",
            f"field 'item.count' is a str {_NOT} int32 in the message",
        ),
        (
            row(took=shape("datetime")),
            "Everything",
            f"field 'took' is a datetime {_NOT} google.protobuf.Duration in the message",
        ),
        (row(an_int64=shape("float")), "Everything", f"field 'an_int64' is a float {_NOT} int64"),
        (row(sku=shape("str")), "Nope", "the descriptor file has no message 'shop.Nope'; it has: "),
    ],
)
def test_a_record_that_does_not_go_with_the_message_is_refused(
    formats_peer: FormatsPeer, record: dict[str, Any], message: str, why: str
) -> None:
    refused = formats_peer.refused("protobuf", record, message=f"shop.{message}")
    assert refused is not None
    assert refused.startswith(why)


def test_what_is_no_descriptor_file_is_refused(formats_peer: FormatsPeer) -> None:
    files = descriptor_pb2.FileDescriptorSet.FromString(DESCRIPTORS.read_bytes())
    record = row(sku=shape("str"))
    assert "is no FileDescriptorSet" in (
        formats_peer.refused("protobuf", record, message="shop.Item", descriptors="ffff") or ""
    )
    alone = descriptor_pb2.FileDescriptorSet(
        file=[one for one in files.file if one.name == "shop.proto"]
    )
    assert formats_peer.refused(
        "protobuf", record, message="shop.Item", descriptors=alone.SerializeToString().hex()
    ) == (
        "shop.proto imports google/type/date.proto, which the descriptor file lacks; "
        "write it with protoc --include_imports"
    )
    known = [one for one in files.file if one.name in ("shop.proto", "google/type/date.proto")]
    assert formats_peer.codec(
        "protobuf",
        record,
        message="shop.Item",
        descriptors=descriptor_pb2.FileDescriptorSet(file=known).SerializeToString().hex(),
    ).read(ITEM(sku="s").SerializeToString()) == {"sku": "s"}
