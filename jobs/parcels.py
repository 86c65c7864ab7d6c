# SPDX-License-Identifier: Apache-2.0
"""What happens to parcels, into a data stream, and where each is now, into an index beside it.

The stream keeps every event, once. The index has one document for each parcel that is on its way:
events change it, and the last one deletes it. What Elasticsearch refuses becomes a dead letter.
The files in ``parcels/`` say what both are; they are made when the job starts.

flinksec run jobs/parcels.py   reads the events, and goes on
flinksec dead-letters ls       which documents were refused, and why

The commands take ``--settings jobs/parcels.toml`` unless FLINKSEC_SETTINGS names the file.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from flinksec_jobs import SecureJob, field, record, row_type


@record
class Event:
    """What happens to a parcel; the key of its record in Kafka is the parcel."""

    parcel: str
    number: int
    at: datetime
    place: str
    grams: str | None
    delivered: bool


@record
class History:
    """The same for the data stream, which asks for the time by this name."""

    parcel: str
    number: int
    at: Annotated[datetime, field(alias="@timestamp")]
    place: str


@record
class Parcel:
    """Where it is now; ``operation`` is what is done with its document."""

    parcel: str
    place: str
    grams: str | None
    operation: str


def as_history(event: Any) -> History:
    """Leave out what only the index has."""
    return History(event.parcel, event.number, event.at, event.place)


def as_parcel(event: Any) -> Parcel:
    """Delete what is delivered, and change what is not."""
    operation = "delete" if event.delivered else "upsert"
    return Parcel(event.parcel, event.place, event.grams, operation)


def main() -> None:
    """Build the job and run it."""
    with SecureJob("parcels") as job:
        events = job.from_kafka("parcel-events", Event).uid("events")
        history = events.map(as_history, output_type=row_type(History))
        history.sink_to(
            job.to_elasticsearch(
                "parcel-history", id_fields=["parcel", "number"], operation="create"
            )
        )
        parcels = events.map(as_parcel, output_type=row_type(Parcel))
        parcels.sink_to(
            job.to_elasticsearch(
                "parcels",
                id_field="parcel",
                operation_field="operation",
                exclude=["operation"],
                on_error="dead_letter",
            )
        )


if __name__ == "__main__":
    main()
