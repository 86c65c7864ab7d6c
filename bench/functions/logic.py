# SPDX-License-Identifier: Apache-2.0
"""What the compared functions compute, in plain Python: every engine calls these same lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Document = dict[str, Any]

KEPT_FROM = 25_000
"""`enriched` keeps payments of this amount and more: three of four."""
WINDOW_MS = 60_000
"""The length of a window of event time."""
COUNTRIES = ("DE", "FR", "PL", "SE")


def enriched(payment: Document) -> Document | None:
    """Leave small payments out, and add a field to the others."""
    if payment["amount"] < KEPT_FROM:
        return None
    payment["total"] = payment["amount"] * payment["quantity"]
    return payment


def reshaped(payment: Document) -> Document:
    """Make another document of it: nested, and with a list."""
    return {
        "id": payment["id"],
        "user": payment["user"],
        "payment": {
            "amount": payment["amount"],
            "quantity": payment["quantity"],
            "currency": payment["currency"],
        },
        "where": {"country": payment["country"], "channel": payment["channel"]},
        "words": payment["note"].split(" "),
    }


def window_end(time: int) -> int:
    """The end of the window that a time in ms is in."""
    return time - time % WINDOW_MS + WINDOW_MS


def features(payment: Document) -> list[float]:
    """What the model sees of a payment."""
    note = payment["note"]
    return [
        payment["amount"] / 100_000,
        payment["quantity"] / 8,
        len(note) / 80,
        note.count("a") / 10,
        payment["time"] % 86_400_000 / 86_400_000,
        COUNTRIES.index(payment["country"]) / 4,
        float(payment["channel"] == "web"),
        1.0,
    ]


class Model:
    """Two layers in numpy, of fixed weights: 8 features, 16 hidden, one score."""

    def __init__(self) -> None:
        import numpy

        self._numpy = numpy
        self._hidden: Any = numpy.sin(numpy.arange(8 * 16) * 1.7).reshape(8, 16)
        self._out: Any = numpy.cos(numpy.arange(16) * 0.9)

    def scores(self, rows: Sequence[Sequence[float]]) -> list[float]:
        """The scores of several, each by its features."""
        inner = self._numpy.tanh(self._numpy.asarray(rows) @ self._hidden)
        found: list[float] = (1 / (1 + self._numpy.exp(-(inner @ self._out)))).tolist()
        return found

    def score(self, row: Sequence[float]) -> float:
        """The score of one."""
        return self.scores([row])[0]
