# SPDX-License-Identifier: Apache-2.0
"""A text of SQL is cut into statements where Flink's own parser cuts it."""

import base64
import os
import random
import subprocess
import zipfile
from pathlib import Path

import pytest

from flinksec_jobs.errors import StatementError
from flinksec_jobs.sql.statements import statements
from flinksec_jobs.sql.tokens import Text
from tests.tables.conftest import FLINK, tool

SOURCE = Path(__file__).with_name("Statements.java")
TEXTS = 4000
BETWEEN = (
    *(" ", "\n", "\r\n", "\t", "/* ; */", "/*'*/", "/***/", "/**/", "-- ; ' `\n", "// ; */\n"),
    *("/* -- */", "--\r\n", "/*\n*/", ""),
)
STRINGS = ("''", "';'", "'''; --'", "'/*'", "'*/'", "'`'", "'\n;\n'", "'\\'", "'//'", "'é😀'")
NAMES = ("a", "`a`", "`;`", "`'`", "```--`", "`/*`", "é", "_b")
STATEMENTS = (
    ("SELECT", "S", "AS", "N", "FROM", "N"),
    ("SELECT", "*", "FROM", "N", "/*+ OPTIONS(", "S", "=", "S", ") */"),
    ("DROP", "TABLE", "N"),
    ("INSERT", "INTO", "N", "SELECT", "S", ",", "CASE", "WHEN", "TRUE", "THEN", "S", "END"),
    ("CREATE", "TABLE", "N", "(", "N", "INT", ")", "WITH", "(", "S", "=", "S", ")"),
    ("SET", "S", "=", "S"),
)
# What a text may be spoiled by.
STRAY = ("'", "`", "/*", "*/", ";", "--", ")")


def made(chance: random.Random) -> str:
    parts = []
    for _ in range(chance.randint(1, 3)):
        for word in chance.choice(STATEMENTS):
            choices = {"S": STRINGS, "N": NAMES}.get(word, (word,))
            parts += [chance.choice(choices), chance.choice(BETWEEN) or " "]
        parts += [";", chance.choice(BETWEEN)]
    if chance.random() < 0.3:
        parts.insert(chance.randrange(len(parts)), chance.choice(STRAY))
    return "".join(parts)


@pytest.fixture(scope="module")
def cut_by_flink(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """Texts, and what Flink's parser makes of each."""
    directory = tmp_path_factory.mktemp("planner")
    [loader] = FLINK.glob("lib/flink-table-planner-loader-*.jar")
    with zipfile.ZipFile(loader) as jar:
        planner = jar.extract("flink-table-planner.jar", directory)
    chance = random.Random(20)
    texts = [made(chance) for _ in range(TEXTS)]
    asked = directory / "texts"
    asked.write_text("".join(f"{base64.b64encode(one.encode()).decode()}\n" for one in texts))
    jars = os.pathsep.join([planner, *map(str, FLINK.glob("lib/flink-*.jar"))])
    done = subprocess.run(
        [tool("java"), "-cp", jars, str(SOURCE), str(asked)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return list(zip(texts, done.stdout.splitlines(), strict=True))


def test_every_text_that_flink_takes_is_cut_where_flink_cuts_it(
    cut_by_flink: list[tuple[str, str]],
) -> None:
    taken = 0
    for text, said in cut_by_flink:
        if said == "refused":
            continue
        taken += 1
        found = statements(Text("a", text))
        places = [tuple(map(int, place.split(":"))) for place in said.split()[1:]]
        assert len(found) == len(places), text
        # Of some Flink names the place of their table, or of the comment before them.
        ends = [one.text.position(one.parts[-1].end) for one in found]
        for before, place, end in zip([(0, 0), *ends], places, ends, strict=False):
            assert before <= place <= end, text
    assert TEXTS / 5 < taken < TEXTS


def test_no_text_that_we_cannot_cut_is_taken_by_flink(cut_by_flink: list[tuple[str, str]]) -> None:
    refused = 0
    for text, said in cut_by_flink:
        try:
            statements(Text("a", text))
        except StatementError:
            refused += 1
            assert said == "refused", text
    assert refused > 50
