# SPDX-License-Identifier: Apache-2.0
"""All departures to Parquet on HDFS: a directory for each day, few large files, a mark at its end.

Reads the Kafka topic ``flights``, and goes on as it grows. Files become visible when 128 MiB of a
day are together, or after ten checkpoints; a day gets its ``_SUCCESS`` when it has been over for
an hour by the times of the flights, and all of its rows are visible.

Run it with ``flinksec run jobs/departures_by_day.py``; ``departures_by_day.toml`` says where.
"""

from flinksec_jobs import SecureJob, record
from flinksec_jobs.formats.parquet import Parquet


@record
class Flight:
    """A scheduled departure; times are epoch milliseconds, delays are minutes."""

    id: str
    carrier: str
    number: int
    origin: str
    destination: str
    scheduled_at: int
    dep_delay: int | None


def main() -> None:
    """Build the job and run it."""
    with SecureJob("departures-by-day") as job:
        flights = job.from_kafka(
            "flights", Flight, event_time="scheduled_at", out_of_orderness="5 min"
        )
        flights.sink_to(
            job.to_hdfs(
                "/data/departures-by-day",
                # Several days are written to at a time, and each holds a row group in memory.
                format=Parquet(row_group_size=8 << 20),
                partition_by="day={:%Y-%m-%d}",
                compact_size=128 << 20,
                success_file="_SUCCESS",
                success_delay="1 h",
            )
        )


if __name__ == "__main__":
    main()
