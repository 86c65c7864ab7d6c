# SPDX-License-Identifier: Apache-2.0
"""CSV read and written by rows, against Python's reader and writer and against Flink's format."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.differential.formats_peer import Codec, FormatsPeer, maybe, named, row, shape

TEXTS = row(a=shape("str"), b=shape("str"), c=maybe("str"))
SCALARS = row(
    text=shape("str"),
    maybe_text=maybe("str"),
    whole=shape("int"),
    real=shape("float"),
    flag=shape("bool"),
    raw=maybe("bytes"),
    at=shape("datetime"),
    day=maybe("date"),
    price=shape("decimal", precision=10, scale=2),
    id=shape("uuid"),
    status=shape("enum", symbols=["on", "off"]),
)
ODD = st.text(st.sampled_from(list(',;"\\\r\n \tab\ufeffü😀|')), max_size=6)
WORDS = st.one_of(ODD, st.text(max_size=5))
SIMPLE = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=5)


@pytest.fixture(scope="module")
def texts(formats_peer: FormatsPeer) -> Codec:
    return formats_peer.codec("csv", TEXTS, null="NULL")


@given(values=st.tuples(WORDS, WORDS, WORDS))
@settings(max_examples=150)
def test_pythons_reader_reads_what_is_written_and_so_do_we(
    texts: Codec, values: tuple[str, str, str]
) -> None:
    fields = dict(zip("abc", values, strict=True))
    line = texts.write(fields)
    text = io.StringIO(line.decode("utf-8"), newline="")
    assert list(csv.reader(text, strict=True)) == [list(values)]
    assert texts.read(line) == fields


@given(values=st.tuples(WORDS, WORDS, WORDS), all_quoted=st.booleans())
@settings(max_examples=150)
def test_what_pythons_writer_writes_is_read(
    texts: Codec, values: tuple[str, str, str], all_quoted: bool
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL).writerow(values)
    if "NULL" in values[:2] and not all_quoted:
        assert texts.bad(text.getvalue().encode("utf-8")).endswith("is required but null")
        return
    wanted: dict[str, Any] = dict(zip("abc", values, strict=True))
    if values[2] == "NULL" and not all_quoted:
        wanted["c"] = None
    assert texts.read(text.getvalue().encode("utf-8")) == wanted


@given(values=st.tuples(SIMPLE, SIMPLE, SIMPLE | st.none()))
@settings(max_examples=100)
def test_flinks_own_format_reads_what_is_written_and_is_read(
    formats_peer: FormatsPeer, texts: Codec, values: tuple[str, str, str | None]
) -> None:
    flink = formats_peer.codec("flink-csv", TEXTS, null="NULL")
    fields = dict(zip("abc", values, strict=True))
    if "NULL" in values:
        return  # Flink's reader does not tell a quoted one
    assert flink.read(texts.write(fields)) == fields
    assert texts.read(flink.write(fields)) == fields


@given(
    fields=st.fixed_dictionaries(
        {
            "text": WORDS,
            "maybe_text": st.none() | WORDS,
            "whole": st.integers(-(2**63), 2**63 - 1),
            "real": st.floats(allow_nan=False, allow_infinity=False).map(float.hex),
            "flag": st.booleans(),
            "raw": st.none() | st.binary(max_size=5).map(bytes.hex),
            "at": st.integers(-(10**16), 10**17),
            "day": st.none() | st.dates().map(str),
            "price": st.decimals(-99999999, 99999999, places=2).map(str),
            "id": st.uuids().map(str),
            "status": st.sampled_from(["on", "off"]),
        }
    )
)
@settings(max_examples=100)
def test_each_type_comes_back_as_it_was(formats_peer: FormatsPeer, fields: dict[str, Any]) -> None:
    for options in ({}, {"escape": "\\"}, {"delimiter": "\t", "quote": "'"}):
        codec = formats_peer.codec("csv", SCALARS, **options)
        found = codec.read(codec.write(fields))
        assert float.fromhex(found.pop("real")) == float.fromhex(fields["real"])
        assert found == {name: value for name, value in fields.items() if name != "real"}


@given(line=st.binary(max_size=20) | ODD.map(str.encode))
@settings(max_examples=200)
def test_whatever_the_bytes_are_it_is_a_row_or_a_bad_record(texts: Codec, line: bytes) -> None:
    answer = texts.asked(line)
    assert set(answer) in ({"rows"}, {"bad"}), answer


# The rules of RFC 4180, section 2, by their numbers, and what breaks them.
@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (b"aaa,bbb,ccc\r\n", ["aaa", "bbb", "ccc"]),  # 1
        (b"zzz,yyy,xxx", ["zzz", "yyy", "xxx"]),  # 2
        (b" a , b , c ", [" a ", " b ", " c "]),  # 4: spaces are part of a field
        (b'"aaa","bbb","ccc"', ["aaa", "bbb", "ccc"]),  # 5
        (b'"aaa","b\r\nbb","ccc"', ["aaa", "b\r\nbb", "ccc"]),  # 6
        (b'"aaa","b""bb","ccc"', ["aaa", 'b"bb', "ccc"]),  # 7
        (b'"",,', ["", "", ""]),
        (b'a,b,"NULL"', ["a", "b", "NULL"]),
        (b"a,b,NULL", ["a", "b", None]),
    ],
)
def test_lines_of_rfc_4180_are_read(texts: Codec, line: bytes, wanted: list[Any]) -> None:
    assert list(texts.read(line).values()) == wanted


_COLUMN_2 = "the record is no line of CSV: column 2 has "


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"a,b", "the record has 2 columns, but column 3 is required"),
        (b"a,b,c,d", "the record has more than 3 columns"),
        (b'a,b"b,c', _COLUMN_2 + "a quote within a field without quotes"),
        (b'a,"b"b,c', _COLUMN_2 + "something behind the closing quote"),
        (b'a,"b,c', _COLUMN_2 + "no closing quote"),
        (b"a,b,c\nd,e,f", "the record has more than one line"),
        (b"a,b,c\r\n\r\n", "the record has more than one line"),
        (b"NULL,b,c", "field 'a' is required but null"),
        (b"a,\xff,c", "the record is not UTF-8"),
        (b"", "the record has 1 columns, but column 2 is required"),
        (None, "there is no line (a null value)"),
    ],
)
def test_what_is_no_such_line_is_a_bad_record(texts: Codec, line: bytes | None, why: str) -> None:
    assert texts.bad(line) == why


def test_a_line_of_a_million_columns_is_not_read_to_its_end(texts: Codec) -> None:
    assert texts.bad(b"," * 1_000_000) == "the record has more than 3 columns"


@pytest.mark.parametrize(
    ("column", "text", "why"),
    [
        ("whole", "9223372036854775808", "is a whole number outside the 64-bit range"),
        ("whole", "1.0", "is not a whole number"),
        ("whole", "٣", "is not a whole number"),
        ("whole", "", "is required but null"),
        ("real", "1e999", "is a number too large for a double"),
        ("real", "0x1p3", "is not a number"),
        ("real", "1d", "is not a number"),
        ("real", "9" * 1001, "is a number of more than 1,000 digits"),
        ("flag", "True", "is neither true nor false"),
        ("raw", "%%", "is not Base64"),
        (
            "at",
            "2024-05-01T06:00:00",
            "is not an ISO-8601 time with an offset, such as 2013-01-01T10:00:00Z",
        ),
        ("day", "0000-01-01", "is outside the years 1 to 9999"),
        ("day", "2024-02-30", "is not an ISO-8601 date, such as 2013-01-01"),
        ("price", "1.001", "has more than 2 digits after the point"),
        ("price", "123456789.00", "has more than 8 digits before the point"),
        ("price", "1e999999", "is a number of more than 1,000 digits"),
        ("id", "0f0e0d0c0b0a09080706050403020100", "is not a UUID"),
        ("status", "broken", "is none of the values that it may have"),
    ],
)
def test_a_text_that_is_no_value_of_its_type_is_a_bad_record(
    formats_peer: FormatsPeer, column: str, text: str, why: str
) -> None:
    one = next(field for field in SCALARS["fields"] if field["name"] == column)
    assert formats_peer.codec("csv", {**SCALARS, "fields": [one]}).bad(text.encode()) == (
        f"field '{column}' {why}"
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("9" * 21, "has more than 20 digits before the point"),
        ("1e500", "has more than 20 digits before the point"),
        ("0." + "1" * 19, "has more than 18 digits after the point"),
    ],
)
def test_a_decimal_without_declared_digits_has_as_many_as_a_record_holds(
    formats_peer: FormatsPeer, text: str, why: str
) -> None:
    price = row(price=shape("decimal"))
    most = "9" * 20 + "." + "9" * 18
    lines = formats_peer.codec("csv", price)
    assert lines.read(most.encode()) == {"price": most}
    assert lines.bad(text.encode()) == f"field 'price' {why}"
    changes = formats_peer.codec("debezium", price, only_read=True)
    change = '{"op":"c","after":{"price":"%s"}}'
    assert changes.bad((change % text).encode()) == f"field 'after.price' {why}"


def test_columns_are_named_in_any_order_and_others_passed_over(formats_peer: FormatsPeer) -> None:
    columns = ["c", "unknown", "a", "b"]
    reader = formats_peer.codec("csv", TEXTS, columns=columns, only_read=True)
    assert reader.read(b"3,x,1,2") == {"a": "1", "b": "2", "c": "3"}
    assert formats_peer.refused("csv", TEXTS, columns=columns) == (
        "the column 'unknown' of the CSV is no field of the record"
    )
    assert formats_peer.refused("csv", TEXTS, columns=["a", "b"]) == (
        "field 'c' is none of the columns of the CSV, and has no default"
    )
    assert formats_peer.refused("csv", TEXTS, columns=["a", "a"]) == (
        "a name stands twice among the columns of the CSV"
    )
    writer = formats_peer.codec("csv", TEXTS, columns=["b", "a", "c"])
    assert writer.write({"a": "1", "b": "2", "c": None}) == b"2,1,"
    excluded = formats_peer.codec("csv", TEXTS, ["b"], only_read=True)
    assert excluded.read(b"1,3") == {"a": "1", "b": None, "c": "3"}


def test_without_quotes_only_what_needs_none_is_written(formats_peer: FormatsPeer) -> None:
    plain = formats_peer.codec("csv", TEXTS, quote="", null=r"\N")
    assert plain.write({"a": 'x"', "b": " ", "c": None}) == b'x", ,\\N'
    assert plain.read(b'x", ,\\N') == {"a": 'x"', "b": " ", "c": None}
    why = "field 'b' holds a delimiter or a line end, and nothing is quoted"
    assert plain.unwritable({"a": "", "b": "1,2", "c": None}) == why
    assert plain.unwritable({"a": "", "b": "1\r", "c": None}) == why
    assert plain.unwritable({"a": "", "b": r"\N", "c": None}) == (
        "field 'b' is the text that stands for null, and nothing is quoted"
    )
    escaped = formats_peer.codec("csv", TEXTS, quote="", escape="\\")
    fields = {"a": "1,2", "b": "back\\slash", "c": "line\nend"}
    assert escaped.read(escaped.write(fields)) == fields
    assert escaped.bad(b"a,b,c\\") == "the record is no line of CSV: column 3 ends with an escape"


@given(values=st.tuples(WORDS, WORDS, WORDS), end=st.sampled_from(["", "\n", "\r\n"]))
@settings(max_examples=150)
def test_an_escaped_end_of_line_is_a_part_of_the_text_at_the_end_of_the_record_too(
    formats_peer: FormatsPeer, values: tuple[str, str, str], end: str
) -> None:
    escaped = formats_peer.codec("csv", TEXTS, quote="", escape="\\", null="NULL")
    fields = dict(zip("abc", values, strict=True))
    assert escaped.read(escaped.write(fields) + end.encode()) == fields


def test_null_is_not_written_where_nothing_stands_for_it(formats_peer: FormatsPeer) -> None:
    codec = formats_peer.codec("csv", TEXTS, null=None)
    assert codec.unwritable({"a": "", "b": "", "c": None}) == (
        "field 'c' is null, for which no text is set"
    )
    assert codec.read(b",,") == {"a": "", "b": "", "c": ""}


@pytest.mark.parametrize("kind", [shape("list", inner=shape("int")), row(x=shape("int"))])
def test_what_has_no_column_is_refused(formats_peer: FormatsPeer, kind: dict[str, Any]) -> None:
    assert formats_peer.refused("csv", row(a=kind)) == (
        "field 'a' is a record, a list or a dict, for which a column of CSV has no form"
    )


def test_a_column_that_is_missing_at_the_end_is_the_default(formats_peer: FormatsPeer) -> None:
    record = named(TEXTS, b={"wire": "B-2", "default": "b"}, c={"default": "c"})
    codec = formats_peer.codec("csv", record, null="NULL")
    assert codec.read(b"1") == {"a": "1", "b": "b", "c": "c"}
    assert codec.read(b"1,") == {"a": "1", "b": "", "c": "c"}
    assert codec.read(b"1,NULL,NULL") == {"a": "1", "b": "b", "c": None}
    columns = ["a", "B-2"]
    reader = formats_peer.codec("csv", record, columns=columns, only_read=True)
    assert reader.read(b"1,2") == {"a": "1", "b": "2", "c": "c"}
