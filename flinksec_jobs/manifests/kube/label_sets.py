# SPDX-License-Identifier: Apache-2.0
"""Sets of labels: what a selector takes, and what is known of the labels of somebody.

A pod of the manifests has exactly its labels; one that nobody wrote down may have any. Both are a
set of labels that are possible, as a selector is: so it can be said whether a selector takes all of
somebody, some, or none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice, product

from flinksec_jobs.manifests.kube.objects import mapping, sequence, text

NAME = "kubernetes.io/metadata.name"
_MANY = 1000


@dataclass(frozen=True)
class Values:
    """What may stand at one key.

    Attributes:
        absent: whether the label may be missing.
        only: the values that it may have; `None` for any.
        never: the values that it has not.
    """

    absent: bool = True
    only: frozenset[str] | None = None
    never: frozenset[str] = frozenset()

    @property
    def listed(self) -> frozenset[str] | None:
        """All values that are possible, `None` if they are without end."""
        return None if self.only is None else self.only - self.never

    @property
    def is_possible(self) -> bool:
        """Whether there is any way to be so."""
        return self.absent or self.listed is None or bool(self.listed)

    def __and__(self, other: Values) -> Values:
        if self.only is None or other.only is None:
            only = other.only if self.only is None else self.only
        else:
            only = self.only & other.only
        return Values(self.absent and other.absent, only, self.never | other.never)

    def is_within(self, other: Values) -> bool:
        """Whether everything that is possible here is so in the other, too."""
        if self.absent and not other.absent:
            return False
        if self.listed is not None:
            return all(Values(False, frozenset((one,))).meets(other) for one in self.listed)
        return other.only is None and other.never <= self.never

    def meets(self, other: Values) -> bool:
        """Whether something is possible in both."""
        return (self & other).is_possible


ANY, ABSENT = Values(), Values(only=frozenset())
PRESENT = Values(absent=False)


def exactly(*values: str) -> Values:
    """Return that a label is there, with one of these values."""
    return Values(False, frozenset(values))


@dataclass(frozen=True)
class LabelSet:
    """All labels of which each key has one of its values.

    Attributes:
        keys: what may stand at each.
        rest: what may stand at all others.
    """

    keys: Mapping[str, Values] = field(default_factory=dict)
    rest: Values = ANY

    def at(self, key: str) -> Values:
        """Return what may stand at a key."""
        return self.keys.get(key, self.rest)

    @property
    def is_possible(self) -> bool:
        """Whether anybody can have such labels."""
        return all(values.is_possible for values in self.keys.values())

    @property
    def takes_all(self) -> bool:
        """Whether everybody has such labels."""
        return EVERYBODY.is_within(self)

    def __and__(self, other: LabelSet) -> LabelSet:
        keys = {key: self.at(key) & other.at(key) for key in {**self.keys, **other.keys}}
        return LabelSet(keys, self.rest & other.rest)

    def is_within(self, other: LabelSet) -> bool:
        """Whether the other takes all that this one takes."""
        keys = {**self.keys, **other.keys}
        return self.rest.is_within(other.rest) and all(
            self.at(key).is_within(other.at(key)) for key in keys
        )

    def meets(self, other: LabelSet) -> bool:
        """Whether there are labels that both take."""
        return all(self.at(key).meets(other.at(key)) for key in {**self.keys, **other.keys})

    def pinned(self) -> list[dict[str, str]]:
        """Return the labels that whoever is taken has to have, one of these; empty if any do."""
        fixed = {
            key: sorted(values.listed)
            for key, values in self.keys.items()
            if not values.absent and values.listed
        }
        if not fixed:
            return []
        found = list(islice(product(*fixed.values()), _MANY))
        return [dict(zip(fixed, one, strict=True)) for one in found] if len(found) < _MANY else []

    def __str__(self) -> str:
        return ", ".join(_told(key, self.keys[key]) for key in sorted(self.keys))


EVERYBODY = LabelSet()


def of_selector(selector: object) -> LabelSet:
    """Return what a ``LabelSelector`` takes; an empty one takes all."""
    terms = mapping(selector)
    wanted = [
        (str(key), exactly(text(value))) for key, value in mapping(terms.get("matchLabels")).items()
    ]
    wanted += [
        (text(mapping(term).get("key")), _values(mapping(term)))
        for term in sequence(terms.get("matchExpressions"))
    ]
    keys: dict[str, Values] = {}
    for key, values in wanted:
        keys[key] = keys.get(key, ANY) & values
    return LabelSet(keys)


def of_labels(
    labels: Mapping[str, str], *, unknown: Collection[str] = (), others: bool = False
) -> LabelSet:
    """Return the set with just these labels in it.

    Args:
        labels: those that are known.
        unknown: keys of which only the value is not known.
        others: whether there may be more.
    """
    keys = {key: exactly(value) for key, value in labels.items()}
    keys |= dict.fromkeys(unknown, PRESENT)
    return LabelSet(keys, ANY if others else ABSENT)


def _values(term: Mapping[str, object]) -> Values:
    values = frozenset(text(value) for value in sequence(term.get("values")))
    return {
        "In": Values(False, values),
        "NotIn": Values(never=values),
        "Exists": PRESENT,
        "DoesNotExist": ABSENT,
        # The API server refuses others, and nobody is taken.
    }.get(text(term.get("operator")), Values(False, frozenset()))


def _told(key: str, values: Values) -> str:
    if values.listed is None:
        without = f"{key} not in {_listed(values.never)}" if values.never else ""
        return without or (key if not values.absent else f"{key} or not")
    if not values.listed:
        return f"no {key}" if values.absent else f"{key} impossible"
    one = len(values.listed) == 1
    said = f"{key}={next(iter(values.listed))}" if one else f"{key} in {_listed(values.listed)}"
    return f"{said} or none" if values.absent else said


def _listed(values: Iterable[str]) -> str:
    return f"({', '.join(sorted(values))})"
