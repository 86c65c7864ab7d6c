# SPDX-License-Identifier: Apache-2.0
"""What rounds in turns say of a ratio, and how surely: a median and its interval of 95 %."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

_SURE = 0.95


@dataclass(frozen=True)
class Ratio:
    """The median of one ratio a round.

    Attributes:
        low: the lower end of the interval; of few rounds the smallest one, which is less sure.
        high: the upper end.
    """

    middle: float
    low: float
    high: float

    @property
    def spread(self) -> float:
        """Half of the interval."""
        return (self.high - self.low) / 2

    def __str__(self) -> str:
        """As tables have it."""
        return f"{self.middle:.2f} ± {self.spread:.2f}"


def ratio(rounds: Sequence[float]) -> Ratio:
    """The median of these, and the interval that holds the true one, whatever their distribution.

    How many of so many rounds lie below the true median follows a binomial distribution.
    """
    ordered = sorted(rounds)
    count = len(ordered)
    outside = 0
    missed = 2 / 2**count
    while outside + 1 < count / 2:
        missed += 2 * math.comb(count, outside + 1) / 2**count
        if missed > 1 - _SURE:
            break
        outside += 1
    return Ratio(median(ordered), ordered[outside], ordered[count - 1 - outside])
