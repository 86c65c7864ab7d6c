# SPDX-License-Identifier: Apache-2.0
"""Whether what came out is right, record by record, against a plain pass over the same data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from bench.functions import logic
from bench.functions.data import is_closing, payments
from bench.functions.logic import Document
from flinksec_jobs import FlinkSecError

_CLOSE_ENOUGH = 1e-9


@dataclass(frozen=True)
class Faults:
    """What is wrong with an output.

    Attributes:
        wrong: records that nothing explains, or with another content.
        twice: records that came before.
        missing: records that did not come.
        disordered: records of a key that came before an older one of it.
    """

    wrong: int = 0
    twice: int = 0
    missing: int = 0
    disordered: int = 0

    def require_none(self, way: str) -> None:
        """Refuse an output that is not right.

        Raises:
            FlinkSecError: something is wrong with it.
        """
        if self != Faults():
            raise FlinkSecError(
                f"{way}: of its output {self.wrong} records are wrong, {self.twice} came twice, "
                f"{self.missing} are missing, and {self.disordered} came before an older one",
                hint="a comparison of times would mean nothing: mend the bench",
            )


class Expected:
    """What a workload must give, from a plain pass.

    Args:
        contents: what is to come, by what tells records apart.
        identity: what tells an output record apart from others.
        content: what is compared of it.
        order: its key and its place there, where the order of a key's records is checked.
    """

    def __init__(
        self,
        contents: dict[Hashable, Any],
        identity: Callable[[Document], Hashable],
        content: Callable[[Document], Any],
        order: Callable[[Document], tuple[Hashable, int]] | None = None,
        ignored: Callable[[Document], bool] = lambda _: False,
    ) -> None:
        self._contents = contents
        self._identity = identity
        self._content = content
        self._order = order
        self._ignored = ignored

    def __len__(self) -> int:
        return len(self._contents)

    def faults(self, output: Iterable[bytes]) -> Faults:
        """Compare an output, in the order in which it was written."""
        wrong = twice = disordered = 0
        seen: set[Hashable] = set()
        newest: dict[Hashable, int] = {}
        for value in output:
            try:
                document = orjson.loads(value)
                if self._ignored(document):
                    continue
                identity, content = self._identity(document), self._content(document)
            except (ValueError, KeyError, TypeError):
                wrong += 1
                continue
            if identity in seen:
                twice += 1
                continue
            if identity not in self._contents or not _same(self._contents[identity], content):
                wrong += 1
                continue
            seen.add(identity)
            if self._order is not None:
                key, place = self._order(document)
                disordered += place < newest.get(key, place)
                newest[key] = max(place, newest.get(key, place))
        return Faults(wrong, twice, len(self._contents) - len(seen), disordered)


def _same(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, float):
        return isinstance(found, float) and abs(wanted - found) < _CLOSE_ENOUGH
    return bool(wanted == found)


def _digest(document: Document) -> int:
    """A number in place of the document, of which a million would need gigabytes."""
    return hash(orjson.dumps(document, option=orjson.OPT_SORT_KEYS))


def _id(document: Document) -> Hashable:
    found: Hashable = document["id"]
    return found


def stateless(count: int) -> Expected:
    """Payments with a field more, without the small ones."""
    kept = (logic.enriched(payment) for payment in payments(count))
    return Expected({_id(made): _digest(made) for made in kept if made}, _id, _digest)


def json_to_json(count: int) -> Expected:
    """Documents of another shape."""
    made = (logic.reshaped(payment) for payment in payments(count))
    return Expected({_id(one): _digest(one) for one in made}, _id, _digest)


def unchanged(count: int) -> Expected:
    """The payments themselves: of a way that computes nothing."""
    return Expected({_id(one): _digest(one) for one in payments(count)}, _id, _digest)


def keyed_sum(count: int) -> Expected:
    """Each user's sum and number of payments so far, one update of each payment, in order."""
    sums: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    contents: dict[Hashable, Any] = {}
    for payment in payments(count):
        total, number = sums[payment["user"]]
        now = sums[payment["user"]] = total + payment["amount"], number + 1
        contents[payment["id"]] = hash((payment["user"], *now))
    return Expected(
        contents,
        _id,
        lambda made: hash((made["user"], made["total"], made["count"])),
        lambda made: (made["user"], made["id"]),
    )


def windows(count: int) -> Expected:
    """Each user's sum and number of payments in each window of event time."""
    contents: dict[Hashable, Any] = defaultdict(lambda: (0, 0))
    for payment in payments(count):
        if not is_closing(payment["time"], count):
            window = payment["user"], logic.window_end(payment["time"])
            total, number = contents[window]
            contents[window] = total + payment["amount"], number + 1
    return Expected(
        dict(contents),
        lambda made: (made["user"], made["end"]),
        lambda made: (made["total"], made["count"]),
        lambda made: (made["user"], made["end"]),
        lambda made: is_closing(made["end"], count),
    )


def model(count: int) -> Expected:
    """Each payment's score."""
    scores = logic.Model()
    contents: dict[Hashable, Any] = {
        payment["id"]: scores.score(logic.features(payment)) for payment in payments(count)
    }
    return Expected(contents, _id, lambda made: made["score"])


EXPECTED: dict[str, Callable[[int], Expected]] = {
    "stateless": stateless,
    "keyed": keyed_sum,
    "windows": windows,
    "json": json_to_json,
    "model": model,
}
"""The workloads, each with its plain pass."""


def stamps_of(records: Iterable[tuple[int, bytes]]) -> dict[int, int]:
    """Return when the broker appended each record, by the id in it."""
    return {int(orjson.loads(value)["id"]): stamp for stamp, value in records}
