# SPDX-License-Identifier: Apache-2.0
"""Orders of a partner's Kafka into our own, and what became of each back to the partner.

The two clusters are in two realms of Kerberos: see ``orders_of_partner.toml``.
"""

from __future__ import annotations

from typing import Any

from flinksec_jobs import SecureJob, record, row_type

LARGEST = 1000


@record
class Order:
    """An order of the partner."""

    id: str
    pieces: int


@record
class Answer:
    """What became of an order."""

    id: str
    accepted: bool


def answer(order: Any) -> Answer:
    """Accept what can be delivered."""
    return Answer(order.id, 0 < order.pieces <= LARGEST)


def main() -> None:
    """Build the job and run it to the present end of the partner's topic."""
    with SecureJob("orders-of-partner") as job:
        orders = job.from_kafka("partner-orders", Order, cluster="second", bounded=True)
        answers = orders.map(answer, output_type=row_type(Answer))
        accepted = orders.filter(lambda order: 0 < order.pieces <= LARGEST)
        accepted.sink_to(job.to_kafka("partner-orders", key_field="id"))
        answers.sink_to(job.to_kafka("partner-answers", key_field="id", cluster="second"))


if __name__ == "__main__":
    main()
