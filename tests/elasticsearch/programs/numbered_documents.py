# SPDX-License-Identifier: Apache-2.0
"""Writes numbers to four indices, a hundred a second; the environment says where and with what.

What it has handed on last stands in the file ``progress``; what is beyond the number in ``last`` is
not handed on. An id of ``latest`` and of ``changed`` has five numbers, one after the other.
"""

import os
import time
from pathlib import Path

from pyflink.common import Types, WatermarkStrategy
from pyflink.datastream import FilterFunction, RuntimeContext
from pyflink.datastream.connectors.number_seq import NumberSequenceSource

from flinksec_jobs import SecureJob, record, row_type

BLOCK, IDS = 200, 40


@record
class Number:
    n: int
    id: str
    note: str


class Paced(FilterFunction):  # type: ignore[misc]
    def __init__(self, directory: str) -> None:
        self.directory = directory

    def open(self, runtime_context: RuntimeContext) -> None:
        self.last = Path(self.directory, "last")
        self.progress = os.open(f"{self.directory}/progress", os.O_WRONLY | os.O_CREAT, 0o600)

    def filter(self, value: int) -> bool:
        time.sleep(0.01)
        if self.last.exists() and value > int(self.last.read_text()):
            return False
        os.pwrite(self.progress, b"%012d" % value, 0)
        return True


def as_number(n: int) -> Number:
    return Number(n, f"{n // BLOCK}-{n % IDS}", os.environ["CANARY"])


with SecureJob("numbered-documents") as job:
    job.env.set_parallelism(int(os.environ["PARALLELISM"]))
    source = NumberSequenceSource(0, 1_000_000_000)
    never = WatermarkStrategy.no_watermarks()
    numbers = (
        job.env.from_source(source, never, "numbers", Types.LONG())
        .uid("numbers")
        .filter(Paced(os.environ["DIRECTORY"]))
        .map(as_number, output_type=row_type(Number))
    )
    numbers.sink_to(job.to_elasticsearch("each", id_field="n", operation="create"))
    numbers.sink_to(job.to_elasticsearch("any"))
    numbers.sink_to(job.to_elasticsearch("latest", id_field="id", version_field="n"))
    numbers.sink_to(job.to_elasticsearch("changed", id_field="id", operation="upsert"))
