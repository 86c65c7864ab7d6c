# SPDX-License-Identifier: Apache-2.0
"""Hints and fixes are written in one way: lower case, no full stop, what to do."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.pages import ROOT

# Names that begin with a capital wherever they stand.
NAMES = r"(Flink|Kafka|JobManager|TaskManager|Elasticsearch|Hadoop|Java|NameNode|Kubernetes|Never)"


def texts(node: ast.expr) -> Iterator[str]:
    """The literal texts of an expression; what is filled in is ``{}``."""
    match node:
        case ast.Constant(value=str() as text):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in parts)
        case ast.IfExp(body=body, orelse=other):
            yield from texts(body)
            yield from texts(other)
        case ast.BoolOp(values=choices):
            for choice in choices:
                yield from texts(choice)
        case ast.BinOp(left=left, right=right):
            yield from ("".join((*texts(left), *texts(right))),)


def hints(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every hint and fix that is given to an error, a finding, a rule or a cause."""
    named = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id.isupper()
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("hint", "fix"):
            yield from ((node.lineno, text) for text in texts(node.value))
        if not isinstance(node, ast.Call):
            continue
        given = [word.value for word in node.keywords if word.arg in ("hint", "fix")]
        if ast.unparse(node.func).endswith("Cause"):
            given += node.args[2:3]
        for value in given:
            said = named.get(value.id, value) if isinstance(value, ast.Name) else value
            yield from ((value.lineno, text) for text in texts(said))


FILES = sorted((ROOT / "flinksec_jobs").rglob("*.py"))
HINTS = [
    (f"{file.relative_to(ROOT / 'flinksec_jobs')}:{line}", text)
    for file in FILES
    for line, text in hints(ast.parse(file.read_text("utf-8")))
    if text
]


def test_there_are_hints_to_look_at() -> None:
    assert len(HINTS) > 400


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        (re.compile(rf"(?!{NAMES})[A-Z][a-z]"), "a hint begins in lower case"),
        (re.compile(r".*(?<!…)\.$", re.DOTALL), "a hint has no full stop at its end"),
        (re.compile(rf".*[.?] (?!{NAMES})[A-Z][a-z]", re.DOTALL), "a hint is one sentence: use ;"),
        (re.compile(r".*  ", re.DOTALL), "words are one space apart"),
    ],
    ids=["case", "full stop", "one sentence", "spaces"],
)
def test_every_hint_is_written_in_one_way(wrong: re.Pattern[str], rule: str) -> None:
    assert [f"{place}: {text}" for place, text in HINTS if wrong.match(text)] == [], rule
