# SPDX-License-Identifier: Apache-2.0
"""Messages of Protobuf as rows and as Google's own implementation for Python has them.

The descriptor file is one that protoc wrote; the messages are random ones.
"""

from __future__ import annotations

import base64
import datetime
import math
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from hypothesis import strategies as st

from tests.differential.formats_peer import (
    DESCRIPTORS,
    maybe,
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


def tag(number: int, wire: int = 2) -> bytes:
    """The tag of a field, before its value."""
    value = number << 3 | wire
    return bytes([value]) if value < 128 else bytes([value & 0x7F | 0x80, value >> 7])
