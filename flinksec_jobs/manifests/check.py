# SPDX-License-Identifier: Apache-2.0
"""All rules over all objects, without what was skipped for a reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

from flinksec_jobs.findings import Finding, problem
from flinksec_jobs.manifests import rules
from flinksec_jobs.manifests.flink import rules as flink_rules
from flinksec_jobs.manifests.kube.objects import Manifests, Object
from flinksec_jobs.manifests.rule import RULES, SKIP, found, where

_SKIP = problem("skip", "a rule of manifests is skipped without need or without a reason")
_REASON_WORDS = 3

# A file of rules registers them when it is imported; a new file needs no other line than its own.
for _room in (rules, flink_rules):
    for _file in iter_modules(_room.__path__, f"{_room.__name__}."):
        import_module(_file.name)


@dataclass(frozen=True)
class Checked:
    """What came out of a check.

    Attributes:
        findings: what is wrong, sorted.
        skipped: what an annotation took from them, with the reason that it gives, sorted.
    """

    findings: Sequence[Finding]
    skipped: Sequence[tuple[Finding, str]]


def check(manifests: Manifests) -> list[Finding]:
    """Return what is wrong, sorted, without what is skipped for a reason; see `checked`."""
    return list(checked(manifests).findings)


def checked(manifests: Manifests, *, skip: bool = True) -> Checked:
    """Apply every rule.

    An annotation ``skip.flinksec.org/ID: reason`` on an object takes the findings of a rule from
    it. One without a reason, for an unknown rule, or for a rule that finds nothing there is a
    finding itself (``skip``).

    Args:
        manifests: everything that is applied together.
        skip: whether these annotations count: who wrote the manifests wrote them too.
    """
    # By the object itself: another group's, or one that stands twice, may have the same title.
    skips = {entry: _skips(entry) for entry in manifests.objects}
    findings: set[Finding] = set()
    skipped: set[tuple[Finding, str]] = set()
    used: set[tuple[Object, str]] = set()
    for rule in RULES.values():
        for place in rule.function(manifests):
            owner, one = place.object, found(rule, place)
            if skip and rule.id in skips[owner]:
                used.add((owner, rule.id))
                skipped.add((one, skips[owner][rule.id]))
            else:
                findings.add(one)
    if skip:
        for entry in manifests.objects:
            findings.update(_bad_skips(entry, skips[entry], used))
    return Checked(sorted(findings), sorted(skipped))


def _skips(entry: Object) -> dict[str, str]:
    return {
        name.removeprefix(SKIP): reason.strip()
        for name, reason in entry.annotations.items()
        if name.startswith(SKIP)
    }


def _bad_skips(
    entry: Object, skips: dict[str, str], used: set[tuple[Object, str]]
) -> Iterator[Finding]:
    for name, reason in skips.items():
        field = f"metadata.annotations[{SKIP}{name}]"
        if name not in RULES:
            why, fix = f"there is no rule {name}", "`flinksec manifests rules` lists them"
        elif len(reason.split()) < _REASON_WORDS:
            why, fix = "a rule is skipped without a reason", "write down why, in a sentence"
        elif (entry, name) not in used:
            why, fix = f"{name} finds nothing here", "remove the annotation"
        else:
            continue
        yield _SKIP.at(where(entry, field), why, fix=fix)
