# SPDX-License-Identifier: Apache-2.0
"""Orders in JSON to the Avro that ``order_totals.py`` reads, up to the present end of the topic.

``order_totals.toml`` has the commands that run both.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated

from flinksec_jobs import SecureJob, field, record
from flinksec_jobs.formats.avro import Avro

SCHEMA = Path(__file__).with_name("order.avsc")


@record
class Order:
    """An order, as its schema has it."""

    id: str
    amount: Annotated[Decimal, field(precision=12, scale=2)]
    currency: str


def main() -> None:
    """Build the job and run it."""
    with SecureJob("orders-to-avro") as job:
        orders = job.from_kafka("orders", Order, bounded=True)
        orders.sink_to(job.to_kafka("orders-avro", key_field="id", format=Avro(schema_file=SCHEMA)))


if __name__ == "__main__":
    main()
