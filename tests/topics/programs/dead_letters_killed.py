# SPDX-License-Identifier: Apache-2.0
"""A job that goes on for ever, and makes dead letters where it reads, works and writes."""

from flinksec_jobs import SecureJob, record, row_type


@record
class Reading:
    id: str
    n: int


@record
class Inverse:
    id: str
    inverse: float


def invert(reading: Reading) -> Inverse:
    return Inverse(reading.id, float("nan") if reading.n < 0 else 1 / reading.n)


with SecureJob("flink-letters") as job:
    readings = job.from_kafka("letters-in", Reading, on_error="dead_letter")
    inverses = readings.map(job.guard(invert), output_type=row_type(Inverse))
    inverses.sink_to(job.to_kafka("letters-out", key_field="id", on_error="dead_letter"))
