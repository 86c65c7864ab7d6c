# SPDX-License-Identifier: Apache-2.0
"""Copies readings in transactions, and does what files in a directory tell it: slow down, crash.

The topic `readings` keeps what it cannot read as dead letters, `others` leaves it out.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from pyflink.common import Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext
from pyflink.datastream.state import ValueStateDescriptor

from flinksec_jobs import SecureJob, record, row_type

TOLD = Path(sys.argv[1])


@record
class Reading:
    id: str
    at: int


class Count(KeyedProcessFunction):  # type: ignore[misc]
    def open(self, runtime_context: RuntimeContext) -> None:
        self._count = runtime_context.get_state(ValueStateDescriptor("count", Types.LONG()))

    def process_element(self, value: Reading, _: KeyedProcessFunction.Context) -> Iterator[Reading]:
        self._count.update((self._count.value() or 0) + 1)
        if (TOLD / "crash").exists():
            raise ValueError("told to crash")
        if (TOLD / "slow").exists():
            time.sleep(0.05)
        yield value


def main() -> None:
    with SecureJob("watched") as job:
        job.env.set_parallelism(1)
        readings = job.from_kafka("readings", Reading, event_time="at", on_error="dead_letter")
        others = job.from_kafka("others", Reading, event_time="at", on_error="skip")
        keyed = readings.union(others).key_by(lambda reading: reading.id, Types.STRING())
        counted = keyed.process(Count(), row_type(Reading)).uid("count")
        counted.sink_to(job.to_kafka("copies", key_field="id"))


if __name__ == "__main__":
    main()
