# SPDX-License-Identifier: Apache-2.0
"""Every test that the threat model names exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "threat-model.md").read_text()
PLACES = ("unit/sealed", "unit/resume", "differential", "faults", "nfs")
PYTHON = sorted(set(re.findall(r"`(test_\w+\.py)::(test_\w+)`", PAGE)))
JAVA = sorted(set(re.findall(r"`(\w+Test)\.(\w+)`", PAGE)))


def test_the_page_names_tests_of_both_languages() -> None:
    assert len(PYTHON) > 15
    assert len(JAVA) > 25


@pytest.mark.parametrize(("file", "name"), PYTHON)
def test_a_python_test_exists(file: str, name: str) -> None:
    (source,) = (path for place in PLACES for path in (ROOT / "tests" / place).glob(file))
    assert f"def {name}(" in source.read_text()


@pytest.mark.parametrize(("file", "name"), JAVA)
def test_a_java_test_exists(file: str, name: str) -> None:
    sources = ROOT / "connectors" / "sealed-state" / "src" / "test" / "java"
    (source,) = sources.rglob(f"{file}.java")
    assert re.search(rf"\b{name}\(", source.read_text())
