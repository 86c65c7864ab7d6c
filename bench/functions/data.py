# SPDX-License-Identifier: Apache-2.0
"""The records that come in: payments as JSON of about 200 bytes, the same in each run."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from bench.functions.logic import COUNTRIES, Document

USERS = 1000
FIRST_MS = 1_760_000_000_000
STEP_MS = 10
_LATER_MS = 3_600_000
_WORDS = ("red", "green", "blue", "copper", "silver", "maple", "granite", "velvet", "amber")


def payments(count: int) -> Iterator[Document]:
    """Yield the payments, their ids and times ascending.

    The last `USERS` of them are one of each user, an hour later: engines that close a window only
    when its key has a record behind it have closed all others then.
    """
    chosen = random.Random(20261130)  # noqa: S311  no secret
    for number in range(count):
        closing = number - (count - USERS)
        user = closing if closing >= 0 else chosen.randrange(USERS)
        later = _LATER_MS if closing >= 0 else 0
        yield {
            "id": number,
            "user": f"user{user:04d}",
            "amount": chosen.randrange(1, 100_000),
            "quantity": chosen.randrange(1, 9),
            "currency": "EUR",
            "country": chosen.choice(COUNTRIES),
            "channel": "web",
            "time": FIRST_MS + number * STEP_MS + later,
            "note": " ".join(chosen.choices(_WORDS, k=9)),
        }


def is_closing(time: int, count: int) -> bool:
    """Whether a time is that of a payment that is there to close windows."""
    return time >= FIRST_MS + (count - USERS) * STEP_MS + _LATER_MS


def lines(count: int) -> Iterator[str]:
    """Yield them for `Sandbox.produce`: the event time is Kafka's timestamp, the user its key."""
    for payment in payments(count):
        value = json.dumps(payment, separators=(",", ":"))
        yield f"{payment['time']}\t{payment['user']}\t{value}"
