# SPDX-License-Identifier: Apache-2.0
"""Every test that a page names exists, once, so that a claim leads to what attacks it."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
FILES = sorted((ROOT / "tests").rglob("test_*.py"))
NAMED = sorted(
    {
        (page.name, file, name)
        for page in PAGES
        for file, name in re.findall(r"`(test_\w+\.py)::(test_\w+)`", page.read_text())
    }
)
IN_JAVA = sorted(
    {
        (page.name, file, name)
        for page in PAGES
        for file, name in re.findall(r"`(\w+Test)\.(\w+)`", page.read_text())
    }
)


def test_no_two_files_of_tests_have_one_name() -> None:
    names = Counter(path.name for path in FILES)
    assert [name for name, count in names.items() if count > 1] == []


def test_the_pages_about_security_name_tests_of_both_languages() -> None:
    named = Counter(page for page, _, _ in NAMED)
    assert named["security.md"] > 60
    assert named["threat-model.md"] > 15
    assert Counter(page for page, _, _ in IN_JAVA)["threat-model.md"] > 25


@pytest.mark.parametrize(("page", "file", "name"), NAMED)
def test_a_python_test_exists(page: str, file: str, name: str) -> None:
    (source,) = [path for path in FILES if path.name == file]
    assert f"def {name}(" in source.read_text()


@pytest.mark.parametrize(("page", "file", "name"), IN_JAVA)
def test_a_java_test_exists(page: str, file: str, name: str) -> None:
    (source,) = (ROOT / "connectors").glob(f"*/src/test/java/**/{file}.java")
    assert re.search(rf"\b{name}\(", source.read_text())
