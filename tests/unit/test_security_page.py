# SPDX-License-Identifier: Apache-2.0
"""Every rule and file that docs/security.md names exists, and every row has an attack."""

import re
from pathlib import Path

import pytest

from flinksec_jobs.manifests import RULES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
ROWS = re.findall(r"(?m)^\| \*\*(.+?)\*\* \| (.+?) \| (.+?) \|$", PAGE)
THEMES = sorted(set(re.findall(r"`((?:[a-z]+-)+)…`", PAGE)))
NAMED = sorted(set(re.findall(r"rules? `([a-z0-9-]+)`", PAGE)))


def test_every_row_of_the_architecture_is_there_and_attacked() -> None:
    assert len(ROWS) == 22
    for name, _, attacks in ROWS:
        assert "::test_" in attacks, name


@pytest.mark.parametrize("theme", THEMES)
def test_a_theme_has_rules(theme: str) -> None:
    assert [name for name in RULES if name.startswith(theme)]


@pytest.mark.parametrize("name", NAMED)
def test_a_rule_exists(name: str) -> None:
    assert name in RULES


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:base|components)/[\w./-]+)`", PAGE))))
def test_a_part_of_the_manifests_exists(path: str) -> None:
    assert (ROOT / "docker" / "kubernetes" / path).exists()
