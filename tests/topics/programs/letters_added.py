# SPDX-License-Identifier: Apache-2.0
"""A job with state and without uids, which keeps dead letters if its settings say so."""

from collections.abc import Iterator
from typing import Any

from pyflink.common import Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext
from pyflink.datastream.state import ValueStateDescriptor

from flinksec_jobs import SecureJob, record, row_type


@record
class Reading:
    id: str
    n: int


@record
class Count:
    id: str
    count: int


class Counting(KeyedProcessFunction):  # type: ignore[misc]
    def open(self, runtime_context: RuntimeContext) -> None:
        self.count = runtime_context.get_state(ValueStateDescriptor("count", Types.LONG()))

    def process_element(self, value: Any, ctx: Any) -> Iterator[Count]:
        count = (self.count.value() or 0) + value.n // value.n
        self.count.update(count)
        yield Count(value.id, count)


def is_small(reading: Any) -> bool:
    return bool(1 / (100 - reading.n) > 0)


with SecureJob("flink-letters-added") as job:
    keeps = job.settings.job.on_error == "dead_letter"
    readings = job.from_kafka("added-in", Reading)
    small = readings.filter(job.guard(is_small, on_error="skip") if keeps else is_small)
    counting = job.guard(Counting()) if keeps else Counting()
    counts = small.key_by(lambda reading: reading.id).process(counting, row_type(Count))
    counts.sink_to(job.to_kafka("added-out", key_field="id"))
