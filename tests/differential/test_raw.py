# SPDX-License-Identifier: Apache-2.0
"""The bytes of one field as they are, as Kafka's serializers and Python's struct have them."""

from __future__ import annotations

import math
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.differential.formats_peer import FormatsPeer, maybe, row, shape

_FORMATS = {1: "b", 2: "h", 4: "i", 8: "q"}


@given(text=st.text(max_size=8), data=st.binary(max_size=8))
@settings(max_examples=50)
def test_text_and_bytes_are_the_record(formats_peer: FormatsPeer, text: str, data: bytes) -> None:
    of_text = formats_peer.codec("raw", row(line=shape("str")))
    assert of_text.write({"line": text}) == text.encode()
    assert of_text.read(text.encode()) == {"line": text}
    of_bytes = formats_peer.codec("raw", row(data=shape("bytes")))
    assert of_bytes.write({"data": data.hex()}) == data
    assert of_bytes.read(data) == {"data": data.hex()}


@given(
    length=st.sampled_from(list(_FORMATS)),
    little=st.booleans(),
    number=st.integers(-(2**63), 2**63 - 1),
    real=st.floats(allow_nan=False),
)
@settings(max_examples=100)
def test_numbers_are_as_struct_packs_them(
    formats_peer: FormatsPeer, length: int, little: bool, number: int, real: float
) -> None:
    order = "<" if little else ">"
    whole = formats_peer.codec("raw", row(n=shape("int")), int_bytes=length, little_endian=little)
    try:
        packed = struct.pack(order + _FORMATS[length], number)
    except struct.error:
        assert whole.unwritable({"n": number}) == (
            f"field 'n' is a whole number outside the {8 * length}-bit range"
        )
    else:
        assert whole.write({"n": number}) == packed
        assert whole.read(packed) == {"n": number}
    floating = formats_peer.codec("raw", row(x=shape("float")), little_endian=little)
    text = real.hex() if math.isfinite(real) else f"{'-' if real < 0 else ''}Infinity"
    assert floating.write({"x": text}) == struct.pack(order + "d", real)
    assert float.fromhex(floating.read(struct.pack(order + "d", real))["x"]) == real


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        (shape("str"), b"\xff", "field 'f' is not UTF-8"),
        (shape("int"), b"1234567", "field 'f' has another length than its 8 bytes"),
        (shape("float"), b"", "field 'f' has another length than its 8 bytes"),
        (shape("bool"), b"\2", "field 'f' is neither 0 nor 1"),
        (shape("uuid"), b"x", "field 'f' is not a UUID"),
        (shape("bytes"), None, "field 'f' is required, and there is no value"),
    ],
)
def test_other_bytes_are_a_bad_record(
    formats_peer: FormatsPeer, field: dict[str, Any], value: bytes | None, why: str
) -> None:
    assert formats_peer.codec("raw", row(f=field)).bad(value) == why


def test_no_value_is_null_and_the_other_way_round(formats_peer: FormatsPeer) -> None:
    codec = formats_peer.codec("raw", row(f=maybe("bytes")))
    assert codec.read(None) == {"f": None}
    assert codec.written({"f": None}) == {"hex": None}
    assert codec.read(b"") == {"f": ""}


def test_a_record_of_one_field_that_has_such_a_form_is_asked_for(formats_peer: FormatsPeer) -> None:
    assert formats_peer.refused("raw", row(a=shape("str"), b=shape("str"))) == (
        "a raw record is one field, but these are 2: a, b"
    )
    assert formats_peer.refused("raw", row(a=shape("date"))) == (
        "field 'a' has no raw form: a str, bytes, int, float, bool or UUID has"
    )
    reader = formats_peer.codec("raw", row(key=shape("str"), f=shape("str")), ["key"], only_read=1)
    assert reader.read(b"x") == {"key": None, "f": "x"}
