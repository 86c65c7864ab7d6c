# SPDX-License-Identifier: Apache-2.0
"""Rules and what they find.

A rule is a function with an id, a reason and a way out::

    @rule("pss-privileged", why="a privileged container is root on its node",
          fix="remove privileged")
    def _privileged(manifests: Manifests) -> Iterator[Place]:
        for container in manifests.containers:
            if container.security.get("privileged"):
                yield container.at("securityContext.privileged")

It goes into a file of `flinksec_jobs.manifests.rules`, or of `flinksec_jobs.manifests.flink.rules`
if it is about Flink, by its theme, and its mutation into ``tests/manifests/mutations_….py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from flinksec_jobs.findings import Finding, Kind, Where, problem, warning
from flinksec_jobs.manifests.kube.objects import Manifests, Object, Place

SKIP = "skip.flinksec.org/"
_Function = Callable[[Manifests], Iterator[Place]]


@dataclass(frozen=True)
class Rule:
    """A rule.

    Attributes:
        kind: of its findings: the id, also in annotations that skip it, and what goes wrong.
        fix: the way out.
        function: yields the places where it goes wrong.
    """

    kind: Kind
    fix: str
    function: _Function

    @property
    def id(self) -> str:
        """Its name in the output and in annotations that skip it."""
        return self.kind.id

    @property
    def why(self) -> str:
        """What goes wrong, in half a sentence."""
        return self.kind.meaning


RULES: dict[str, Rule] = {}


def rule(
    name: str, *, why: str, fix: str, severity: Literal["problem", "warning"] = "problem"
) -> Callable[[_Function], _Function]:
    """Make a function a rule.

    Args:
        name: its id, in kebab-case, by its theme: ``net-…``, ``flink-…``.
        why: what goes wrong, in half a sentence.
        fix: the way out.
        severity: a problem opens the job to others or keeps it from running; a warning may, with
            other things.
    """
    declare = {"problem": problem, "warning": warning}[severity]

    def register(function: _Function) -> _Function:
        RULES[name] = Rule(declare(name, why), fix, function)
        return function

    return register


def found(rule_: Rule, place: Place) -> Finding:
    """Return what a rule says of a place."""
    why = f"{rule_.why}: {place.note}" if place.note else rule_.why
    return rule_.kind.at(where(place.object, place.field), why, fix=rule_.fix)


def where(entry: Object, field: str) -> Where:
    """Return the place of a field in an object."""
    return Where(object=title(entry), field=field)


def title(entry: Object) -> str:
    """Return the object's kind and name, with its namespace."""
    return f"{entry.namespace}/{entry}" if entry.namespace else str(entry)
