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
if it is about Flink, by its theme, and its mutation into ``tests/manifests/mutations.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from flinksec_jobs.manifests.kube.objects import Manifests, Object, Place

SKIP = "skip.flinksec.org/"
_Function = Callable[[Manifests], Iterator[Place]]


@dataclass(frozen=True)
class Rule:
    """A rule.

    Attributes:
        id: its name in the output and in annotations that skip it.
        why: what goes wrong, in half a sentence.
        fix: the way out.
    """

    id: str
    why: str
    fix: str
    function: _Function


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        id: the rule.
        object: ``Kind/name``, with the namespace before it: ``namespace/Kind/name``.
        field: the path in the object.
        why: what goes wrong.
        fix: the way out.
    """

    object: str
    id: str
    field: str
    why: str
    fix: str

    def as_dict(self) -> dict[str, str]:
        """Plain values, as ``--json`` prints them."""
        return asdict(self)


RULES: dict[str, Rule] = {}


def rule(name: str, *, why: str, fix: str) -> Callable[[_Function], _Function]:
    """Make a function a rule."""

    def register(function: _Function) -> _Function:
        assert name not in RULES, name  # noqa: S101  a slip of ours
        RULES[name] = Rule(name, why, fix, function)
        return function

    return register


def found(rule_: Rule, place: Place) -> Finding:
    """What a rule says of a place."""
    why = f"{rule_.why}: {place.note}" if place.note else rule_.why
    return Finding(title(place.object), rule_.id, place.field, why, rule_.fix)


def title(entry: Object) -> str:
    """The object's kind and name, with its namespace."""
    return f"{entry.namespace}/{entry}" if entry.namespace else str(entry)
