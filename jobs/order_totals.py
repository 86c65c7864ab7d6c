# SPDX-License-Identifier: Apache-2.0
"""Orders in Avro to totals in euros. What cannot be used goes to a topic of dead letters.

flinksec run jobs/order_totals.py -- EUR=1           reads orders, and goes on
flinksec dead-letters ls                             which could not be used, and why
flinksec stop order-totals --savepoint               ends it
flinksec dead-letters replay                         sends them back, each once
flinksec run jobs/order_totals.py -- EUR=1 USD=0.92  goes on with a currency more

The commands take ``--settings jobs/order_totals.toml`` unless FLINKSEC_SETTINGS names the file.
"""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from flinksec_jobs import SecureJob, field, record, row_type
from flinksec_jobs.formats.avro import Avro

SCHEMA = Path(__file__).with_name("order.avsc")
RATES = {
    currency: Decimal(rate)
    for currency, _, rate in (argument.partition("=") for argument in sys.argv[1:])
}


@record
class Order:
    """An order, as its schema has it."""

    id: str
    amount: Annotated[Decimal, field(precision=12, scale=2)]
    currency: str


@record
class Total:
    """What an order comes to."""

    id: str
    euros: Decimal


def in_euros(order: Any) -> Total:
    """Raises KeyError for a currency without a rate: then the order becomes a dead letter."""
    return Total(order.id, round(order.amount * RATES[order.currency], 2))


def main() -> None:
    """Build the job and run it."""
    with SecureJob("order-totals") as job:
        orders = job.from_kafka(
            "orders-avro", Order, format=Avro(schema_file=SCHEMA), on_error="dead_letter"
        ).uid("orders")
        totals = orders.map(
            job.guard(in_euros, on_error="dead_letter"), output_type=row_type(Total)
        )
        totals.sink_to(job.to_kafka("order-totals", key_field="id"))


if __name__ == "__main__":
    main()
