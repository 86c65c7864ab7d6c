# SPDX-License-Identifier: Apache-2.0
"""Each rule catches what it is for: a protection of the example overlay that was taken away."""

from __future__ import annotations

import pytest

from flinksec_jobs.manifests import RULES, check
from tests.manifests.documents import Documents
from tests.manifests.mutations import MUTATIONS


def test_every_rule_has_a_mutation_and_every_mutation_a_rule() -> None:
    assert MUTATIONS.keys() == RULES.keys()


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_protection_that_is_taken_away_is_named(name: str, example: Documents) -> None:
    MUTATIONS[name](example)
    found = {finding.id for finding in check(example.manifests())}
    assert name in found


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_rule_says_why_and_what_to_do(name: str) -> None:
    rule = RULES[name]
    assert len(rule.why.split()) >= 4
    assert rule.fix
    assert not rule.why.endswith(".")
