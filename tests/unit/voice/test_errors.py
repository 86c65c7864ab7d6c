# SPDX-License-Identifier: Apache-2.0
"""Errors and findings say what is wrong in one way, and programs get JSON in one."""

import ast
import re
from collections.abc import Iterator

from tests.pages import ROOT
from tests.unit.voice.test_hints import FILES, NAMES, texts

OTHER_NAMES = r"(JVM|Avro|PyFlink|HDFS|ZooKeeper|Kubernetes|Python|Pod Security|GET )"
# What says what is wrong: an exception's first argument, a kind's or rule's meaning.
ERROR = re.compile(r"(^|\.)\w+Error$")
KIND = re.compile(r"^(problem|warning|note)$")


def said(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        told = node.args[:1] if ERROR.search(name) else node.args[1:2] if KIND.match(name) else []
        told = [*told, *(word.value for word in node.keywords if word.arg == "why")]
        for value in told:
            yield from ((value.lineno, text) for text in texts(value))


SAID = [
    (f"{file.relative_to(ROOT)}:{line}", text)
    for file in FILES
    for line, text in said(ast.parse(file.read_text("utf-8")))
    if text
]


def test_what_is_wrong_begins_in_lower_case_and_has_no_full_stop() -> None:
    assert len(SAID) > 500
    capital = re.compile(rf"(?!{NAMES}|{OTHER_NAMES})[A-Z][a-z]")
    stop = re.compile(r".*(?<!…)\.$", re.DOTALL)
    assert [f"{place}: {text}" for place, text in SAID if capital.match(text)] == []
    assert [f"{place}: {text}" for place, text in SAID if stop.match(text)] == []


def test_json_has_names_in_snake_case() -> None:
    wrong = []
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            is_form = isinstance(node, ast.FunctionDef) and node.name in ("as_dict", "as_object")
            is_said = isinstance(node, ast.Call) and ast.unparse(node.func).endswith("say_json")
            if is_form or is_said:
                dicts = [one for one in ast.walk(node) if isinstance(one, ast.Dict)]
                keys = [text for one in dicts for key in one.keys if key for text in texts(key)]
                wrong += [
                    f"{file.name}: {key}"
                    for key in keys
                    if not re.fullmatch(r"_?[a-z0-9_{}]+", key)
                ]
    assert wrong == []
