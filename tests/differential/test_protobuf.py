# SPDX-License-Identifier: Apache-2.0
"""Protobuf read and written by rows, against Google's own implementation for Python.

The descriptor file is one that protoc wrote; the messages are random ones.
"""

from __future__ import annotations

import base64
import datetime
import math
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.differential.formats_peer import (
    DESCRIPTORS,
    Codec,
    FormatsPeer,
    maybe,
    named,
    row,
    shape,
)

POOL = descriptor_pool.DescriptorPool()
for _file in descriptor_pb2.FileDescriptorSet.FromString(DESCRIPTORS.read_bytes()).file:
    POOL.Add(_file)


def message_class(name: str) -> Any:
    return message_factory.GetMessageClass(POOL.FindMessageTypeByName(name))


EVERYTHING: Any = message_class("shop.Everything")
ITEM: Any = message_class("shop.Item")
PARCEL: Any = message_class("old_shop.Parcel")
LABEL: Any = message_class("old_shop.Label")
VISIT: Any = message_class("shop_2023.Visit")

ITEM_SHAPE = row(sku=shape("str"), count=shape("int"), weight=maybe("float"))
STATUSES = {"STATUS_UNKNOWN": 0, "PAID": 1, "SENT": 2, "LOST": -7}
RECORD = row(
    a_double=shape("float"),
    a_float=shape("float"),
    an_int32=shape("int"),
    an_int64=shape("int"),
    a_uint32=shape("int"),
    a_uint64=shape("int"),
    a_sint32=shape("int"),
    a_sint64=shape("int"),
    a_fixed32=shape("int"),
    a_fixed64=shape("int"),
    a_sfixed32=shape("int"),
    a_sfixed64=shape("int"),
    a_bool=shape("bool"),
    a_string=shape("str"),
    some_bytes=shape("bytes"),
    status=shape("enum", symbols=list(STATUSES)),
    status_number=shape("int"),
    item={**ITEM_SHAPE, "nullable": True},
    maybe_int=maybe("int"),
    maybe_string=maybe("str"),
    maybe_bool=maybe("bool"),
    maybe_status=maybe("str"),
    numbers=shape("list", inner=shape("int")),
    texts=shape("list", inner=shape("str")),
    items=shape("list", inner=ITEM_SHAPE),
    statuses=shape("list", inner=shape("str")),
    unpacked=shape("list", inner=shape("float")),
    counts=shape("dict", inner=shape("int")),
    names_by_id=shape("dict", inner=shape("str")),
    items_by_sku=shape("dict", inner=ITEM_SHAPE),
    by_truth=shape("dict", inner=shape("float")),
    card=maybe("str"),
    cash=maybe("int"),
    swap={**ITEM_SHAPE, "nullable": True},
    at=maybe("datetime"),
    took={**row(seconds=shape("int"), nanos=shape("int")), "nullable": True},
    wrapped_int=maybe("int"),
    wrapped_string=maybe("str"),
    wrapped_bool=maybe("bool"),
    wrapped_double=maybe("float"),
    wrapped_bytes=maybe("bytes"),
    wrapped_uint=maybe("int"),
    day=maybe("date"),
    camelCaseField=shape("int"),
)


def hexadecimal(number: float) -> str:
    """A float as Java reads it and writes it, without a digit lost."""
    return number.hex() if math.isfinite(number) else f"{'-' if number < 0 else ''}Infinity"


def maybe_item() -> dict[str, Any]:
    return {**ITEM_SHAPE, "nullable": True}


TEXT = st.text(max_size=6)
INT32 = st.integers(-(2**31), 2**31 - 1)
INT64 = st.integers(-(2**63), 2**63 - 1)
UINT32 = st.integers(0, 2**32 - 1)
UINT63 = st.integers(0, 2**63 - 1)
FLOAT = st.floats(allow_nan=False).map(hexadecimal)
SINGLE = st.floats(width=32, allow_nan=False).map(hexadecimal)
RAW = st.binary(max_size=5).map(bytes.hex)
NAME = st.sampled_from(list(STATUSES))
ITEMS = st.fixed_dictionaries({"sku": TEXT, "count": INT32, "weight": st.none() | FLOAT})
TOOK = st.builds(
    lambda sign, seconds, nanos: {"seconds": sign * seconds, "nanos": sign * nanos},
    st.sampled_from([1, -1]),
    st.integers(0, 315_576_000_000),
    st.integers(0, 999_999_999),
)
_FIRST = int(datetime.datetime(1, 1, 1, tzinfo=datetime.UTC).timestamp()) * 10**6
_LAST = int(datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.UTC).timestamp()) * 10**6


def few(values: Any) -> Any:
    return st.lists(values, max_size=3)


def some(values: Any) -> Any:
    return st.none() | values


ROWS = st.fixed_dictionaries(
    {
        "a_double": FLOAT,
        "a_float": SINGLE,
        "an_int32": INT32,
        "an_int64": INT64,
        "a_uint32": UINT32,
        "a_uint64": UINT63,
        "a_sint32": INT32,
        "a_sint64": INT64,
        "a_fixed32": UINT32,
        "a_fixed64": UINT63,
        "a_sfixed32": INT32,
        "a_sfixed64": INT64,
        "a_bool": st.booleans(),
        "a_string": TEXT,
        "some_bytes": RAW,
        "status": NAME,
        "status_number": INT32,
        "item": some(ITEMS),
        "maybe_int": some(INT64),
        "maybe_string": some(TEXT),
        "maybe_bool": some(st.booleans()),
        "maybe_status": some(NAME),
        "numbers": few(INT64),
        "texts": few(TEXT),
        "items": few(ITEMS),
        "statuses": few(NAME),
        "unpacked": few(FLOAT),
        "counts": st.dictionaries(TEXT, INT64, max_size=3),
        "names_by_id": st.dictionaries(INT32.map(str), TEXT, max_size=3),
        "items_by_sku": st.dictionaries(TEXT, ITEMS, max_size=3),
        "by_truth": st.dictionaries(st.sampled_from(["true", "false"]), FLOAT, max_size=2),
        "payment": st.one_of(
            st.just({}),
            TEXT.map(lambda card: {"card": card}),
            INT64.map(lambda cash: {"cash": cash}),
            ITEMS.map(lambda swap: {"swap": swap}),
        ),
        "at": some(st.integers(_FIRST, _LAST)),
        "took": some(TOOK),
        "wrapped_int": some(INT64),
        "wrapped_string": some(TEXT),
        "wrapped_bool": some(st.booleans()),
        "wrapped_double": some(FLOAT),
        "wrapped_bytes": some(RAW),
        "wrapped_uint": some(UINT63),
        "day": some(st.dates().map(str)),
        "camelCaseField": INT32,
    }
).map(lambda made: {"card": None, "cash": None, "swap": None, **made.pop("payment"), **made})


_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def number(text: str) -> Any:
    return text if "Inf" in text else float.fromhex(text)


def raw(text: str) -> str:
    return base64.b64encode(bytes.fromhex(text)).decode()


def item(fields: dict[str, Any]) -> Any:
    weight = fields["weight"]
    return {**fields, "weight": None if weight is None else number(weight)}


def moment(micros: int) -> str:
    return (_EPOCH + datetime.timedelta(microseconds=micros)).isoformat().replace("+00:00", "Z")


def duration(took: dict[str, int]) -> str:
    sign = "-" if min(took.values()) < 0 else ""
    return f"{sign}{abs(took['seconds'])}.{abs(took['nanos']):09d}s"


def date(text: str) -> dict[str, int]:
    return dict(zip(("year", "month", "day"), map(int, text.split("-")), strict=True))


_FORMS: dict[str, Any] = {
    **dict.fromkeys(("a_double", "a_float", "wrapped_double"), number),
    **dict.fromkeys(("some_bytes", "wrapped_bytes"), raw),
    **dict.fromkeys(("item", "swap"), item),
    "items": lambda items: [item(one) for one in items],
    "items_by_sku": lambda items: {key: item(one) for key, one in items.items()},
    "unpacked": lambda numbers: [number(one) for one in numbers],
    "by_truth": lambda numbers: {key: number(one) for key, one in numbers.items()},
    "at": moment,
    "took": duration,
    "day": date,
}


def everything(fields: dict[str, Any]) -> Any:
    """The message of a row, by Google's implementation of Protobuf's JSON."""
    form = {
        name: _FORMS.get(name, lambda same: same)(value)
        for name, value in fields.items()
        if value is not None
    }
    return json_format.ParseDict(form, EVERYTHING(), descriptor_pool=POOL)


def same(found: Any, wanted: Any) -> bool:
    """Whether two rows are the same; floats are in hexadecimal, which has several forms."""
    if isinstance(wanted, dict):
        return set(found) == set(wanted) and all(same(found[k], v) for k, v in wanted.items())
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    if isinstance(wanted, str) and isinstance(found, str) and ("p" in wanted or "Inf" in wanted):
        return found == wanted or float.fromhex(found) == float.fromhex(wanted)
    return bool(found == wanted)


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


PARCEL_SHAPE = row(
    id=shape("str"),
    weight=shape("int"),
    carrier=maybe("str"),
    size=shape("str"),
    sizes=shape("list", inner=shape("str")),
    by_name=shape("dict", inner=shape("str")),
    place={**row(city=maybe("str"), number=shape("int")), "nullable": True},
)


@pytest.fixture(scope="module")
def parcels(formats_peer: FormatsPeer) -> Codec:
    return formats_peer.codec("protobuf", PARCEL_SHAPE, message="old_shop.Parcel")


def test_what_proto2_gives_as_default_counts_where_null_may_not_stand(parcels: Codec) -> None:
    assert parcels.read(PARCEL(id="p").SerializeToString()) == {
        "id": "p",
        "weight": 41,
        "carrier": None,
        "size": "LARGE",
        "sizes": [],
        "by_name": {},
        "place": None,
    }


def test_groups_and_closed_enums_of_proto2_are_read_and_written(parcels: Codec) -> None:
    parcel = PARCEL(id="p", weight=0, carrier="", size=1, sizes=[2, 1], by_name={"b": 5})
    parcel.place.number = -3
    fields = {
        "id": "p",
        "weight": 0,
        "carrier": "",
        "size": "SMALL",
        "sizes": ["LARGE", "SMALL"],
        "by_name": {"b": "BLUE"},
        "place": {"city": None, "number": -3},
    }
    assert parcels.read(parcel.SerializeToString()) == fields
    assert PARCEL.FromString(parcels.write(fields)) == parcel


def test_a_number_that_a_closed_enum_does_not_know_does_not_pass_for_unset(parcels: Codec) -> None:
    good = PARCEL(id="p").SerializeToString()
    for field, odd in (
        ("size", bytes([4 << 3, 9])),
        ("sizes", bytes([5 << 3, 9])),
        ("by_name", bytes([7 << 3 | 2, 5, 0x0A, 1, ord("k"), 0x10, 9])),
    ):
        why = parcels.bad(good + odd)
        assert why.startswith(f"field '{field}"), why
        assert "a number that its enum does not know" in why


def test_a_field_of_another_wire_type_does_not_pass_for_unset(parcels: Codec, codec: Codec) -> None:
    good = PARCEL(id="p").SerializeToString()
    assert parcels.bad(good + bytes([2 << 3 | 2, 1, 65])) == (
        "field 'weight' has another wire type than the message declares"
    )
    assert codec.bad(bytes([14 << 3, 1])) == (
        "field 'a_string' has another wire type than the message declares"
    )


def test_what_proto2_requires_is_asked_for_in_both_directions(
    formats_peer: FormatsPeer, parcels: Codec
) -> None:
    assert "missing required fields: id" in parcels.bad(PARCEL(weight=1).SerializePartialToString())
    label = row(text=shape("str"))
    assert formats_peer.refused("protobuf", label, message="old_shop.Label") == (
        "field 'parcel' is required in the message old_shop.Label, but not in the record"
    )
    reader = formats_peer.codec("protobuf", label, message="old_shop.Label", only_read=True)
    assert reader.read(LABEL(text="t", parcel=PARCEL(id="p")).SerializeToString()) == {"text": "t"}
    maybe_id = formats_peer.codec("protobuf", row(id=maybe("str")), message="old_shop.Parcel")
    assert maybe_id.unwritable({"id": None}) == "field 'id' is null, but required in the message"


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
    assert codec.bad(_tag(18) + bytes([len(inner)]) + inner) == ("field 'item.sku' is not UTF-8")
    assert codec.bad(_tag(31) + bytes([1, 0xFF])) == "field 'texts' is not UTF-8"


def _tag(number: int, wire: int = 2) -> bytes:
    value = number << 3 | wire
    return bytes([value]) if value < 128 else bytes([value & 0x7F | 0x80, value >> 7])


def test_poison_is_a_bad_record_with_a_reason(codec: Codec) -> None:
    huge = _tag(14) + b"\xff\xff\xff\xff\x07"
    nested = b""
    for _ in range(150):
        nested = _tag(90) + _length(nested) + nested
    groups = _tag(200, 3) * 5000
    for odd, reason in (
        (huge, "the record is no message shop.Everything: "),
        (b"\x00", "the record is no message shop.Everything: "),
        (nested, "the record is no message shop.Everything: "),
        (groups, "the record is no message shop.Everything: "),
        (_tag(3, 0) + b"\xff" * 11, "the record is no message shop.Everything: "),
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
    element = _tag(32) + b"\0"
    assert len(reader.read(element * 1000)["items"]) == 1000
    assert "1,000,000 elements" in reader.bad(element * 1_000_001)


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


def test_an_edition_is_read_with_its_features(formats_peer: FormatsPeer) -> None:
    visits = formats_peer.codec(
        "protobuf",
        row(
            page=maybe("str"),
            seconds=shape("int"),
            clicks=shape("list", inner=shape("int")),
            nested={**row(page=maybe("str"), seconds=shape("int")), "nullable": True},
        ),
        message="shop_2023.Visit",
    )
    visit = VISIT(page="", clicks=[1, 2])
    visit.nested.seconds = 4
    fields = {
        "page": "",
        "seconds": 0,
        "clicks": [1, 2],
        "nested": {"page": None, "seconds": 4},
    }
    assert visits.read(visit.SerializeToString()) == fields
    assert VISIT.FromString(visits.write(fields)) == visit
    assert visits.read(b"") == {"page": None, "seconds": 0, "clicks": [], "nested": None}


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


def test_odd_floats_pass(codec: Codec) -> None:
    fields = codec.read(EVERYTHING(a_double=math.nan, a_float=-math.inf).SerializeToString())
    assert math.isnan(float.fromhex(fields["a_double"]))
    assert float.fromhex(fields["a_float"]) == -math.inf
