# SPDX-License-Identifier: Apache-2.0
"""A text of SQL is cut where Flink's parser cuts it, and every statement knows its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinksec_jobs.errors import StatementError
from flinksec_jobs.sql.statements import (
    options,
    runs_a_query,
    statements,
    table_name,
)
from flinksec_jobs.sql.tokens import Text, tokens


def cut(content: str) -> list[str]:
    return [one.sql for one in statements(Text("job.sql", content))]


def refused(content: str) -> StatementError:
    with pytest.raises(StatementError) as caught:
        statements(Text("job.sql", content))
    return caught.value


def test_statements_end_at_semicolons_outside_of_strings_names_and_comments() -> None:
    content = (
        "SET 'a' = 'x;y'; -- one; two '\n"
        "/* three; ' ` */ INSERT INTO `a;``b` SELECT 'it''s; -- no comment' // four; '\r\n"
        "FROM t /*+ OPTIONS('k'='*/;') */;;\n"
        "  ;"
    )
    assert cut(content) == [
        "SET 'a' = 'x;y'",
        "INSERT INTO `a;``b` SELECT 'it''s; -- no comment' // four; '\r\n"
        "FROM t /*+ OPTIONS('k'='*/;') */",
    ]


def test_a_comment_that_begins_with_two_stars_ends_where_flink_says() -> None:
    assert cut("/**/ DROP TABLE a; /** b */ DROP TABLE c; /***/ DROP TABLE d; */ DROP TABLE e") == [
        "DROP TABLE a",
        "DROP TABLE c",
        "DROP TABLE e",
    ]


def test_a_text_of_comments_has_no_statements() -> None:
    assert cut("-- nothing\n/* at all */ ; // here") == []


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("SELECT 'a", "job.sql:1:8: this string does not end"),
        ("SELECT 1;\n  SELECT `a", "job.sql:2:10: this name does not end"),
        ("SELECT 1;\r\n\r\n/* a", "job.sql:3:1: this comment does not end"),
        ("END;", "job.sql:1:1: END, and no statement set has begun"),
        ("\nBEGIN STATEMENT SET; INSERT INTO a SELECT 1;", "job.sql:2:1: this statement set does"),
        (
            "EXECUTE STATEMENT SET BEGIN EXECUTE STATEMENT SET BEGIN INSERT INTO a VALUES (1);",
            "job.sql:1:29: EXECUTE STATEMENT SET BEGIN INSERT INTO a stands in a statement set",
        ),
        (
            "BEGIN STATEMENT SET;\nDROP TABLE a; END;",
            "job.sql:2:1: DROP TABLE a stands in a statement set, which holds only INSERT",
        ),
    ],
)
def test_what_does_not_end_or_begin_is_told_by_line_and_column(content: str, place: str) -> None:
    assert refused(content).message.startswith(place)


@pytest.mark.parametrize(
    "begin", ["EXECUTE STATEMENT SET BEGIN ", "begin statement set;", "STATEMENT SET BEGIN\n"]
)
def test_the_inserts_of_a_statement_set_stand_for_themselves(begin: str) -> None:
    content = (
        f"{begin}INSERT INTO a SELECT 1;INSERT INTO b SELECT CASE WHEN x THEN 1 END FROM c; end;"
    )
    assert cut(content) == [
        "INSERT INTO a SELECT 1",
        "INSERT INTO b SELECT CASE WHEN x THEN 1 END FROM c",
    ]


def test_a_statement_is_called_by_its_first_words() -> None:
    (one,) = statements(Text("a", "CREATE  TEMPORARY\n TABLE `my db`.t (a INT) WITH ('b'='c')"))
    assert (one.title, one.verb, one.object) == (
        "CREATE TEMPORARY TABLE `my db`.t",
        "CREATE",
        "TABLE",
    )
    assert table_name(one) == ("my db", "t")
    (two,) = statements(Text("a", "insert into Late select id from x"))
    assert (two.title, two.verb) == ("insert into Late", "INSERT")


@pytest.mark.parametrize(("content", "title"), [("(SELECT 1)", "'('"), ("'x' = 1", "\"'x'\"")])
def test_a_statement_without_words_in_front_is_called_by_what_stands_there(
    content: str, title: str
) -> None:
    (one,) = statements(Text("a", content))
    assert (one.title, one.verb) == (title, "")


@pytest.mark.parametrize(
    ("sql", "runs"),
    [
        ("CREATE TABLE a WITH ('b' = 'c') AS SELECT 1", True),
        ("CREATE OR REPLACE TABLE a AS SELECT 1", True),
        ("CREATE TABLE a (b AS c + 1, c INT) WITH ('as' = 'x')", False),
        ("CREATE TABLE `as` (b INT COMMENT 'as')", False),
        ("CREATE VIEW a AS SELECT 1", False),
    ],
)
def test_a_table_that_is_filled_by_a_query_is_known(sql: str, *, runs: bool) -> None:
    assert runs_a_query(statements(Text("a", sql))[0]) is runs


def test_options_are_found_with_their_places_in_ddl_and_hints() -> None:
    text = Text(
        "a", "CREATE TABLE t (a INT) WITH (\n  'x' = 'it''s', -- 'no' = 'comment'\n 'y'='')"
    )
    found = options(statements(text)[0])
    assert [(one.key, one.value, text.position(one.start)) for one in found] == [
        ("x", "it's", (2, 3)),
        ("y", "", (3, 2)),
    ]
    hint = Text("a", "INSERT INTO a SELECT * FROM b /*+ OPTIONS('connector'='print') */")
    assert [one.key for one in options(statements(hint)[0])] == ["connector"]


PIECES = st.sampled_from(
    [
        "a",
        ";",
        "'",
        "''",
        "`",
        "``",
        "--",
        "//",
        "\n",
        "\r\n",
        "/*",
        "*/",
        "/*+",
        " ",
        "(",
        "é",
        "\\",
    ]
)


@given(st.lists(PIECES, max_size=14).map("".join))
def test_whatever_stands_in_a_string_or_a_name_is_one_token(content: str) -> None:
    for quote, kind in (("'", "string"), ("`", "name")):
        written = quote + content.replace(quote, quote * 2) + quote
        (found,) = tokens(Text("a", written))
        assert (found.kind, found.value, found.end) == (kind, content, len(written))
        assert cut(f"{written};{written}") == [written, written]


@given(st.lists(PIECES, max_size=14).map("".join))
def test_every_character_of_a_statement_is_in_one_statement_or_none(content: str) -> None:
    try:
        found = list(tokens(Text("a", content)))
    except StatementError:
        return
    ends = 0
    for token in found:
        assert ends <= token.start < token.end <= len(content)
        ends = token.end
