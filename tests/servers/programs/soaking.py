# SPDX-License-Identifier: Apache-2.0
"""The job of `make soak`: that of test_batches_killed.py, which looks at its own memory.

Each line of the file SAMPLES is a look: bytes of the JVM's heap that are in use after a collection,
of its memory with Python in it, and blocks that Python holds there.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flinksec_jobs import SecureJob, fast, key_by_field, row_type
from flinksec_jobs.runtime import jvm
from tests.servers.programs.killed_functions import WINDOWS, Reading, Total, Totals

TOPIC = os.environ["TOPIC"]
SAMPLES = Path(os.environ["SAMPLES"])
EVERY_SECONDS = float(os.environ["EVERY_SECONDS"])
BLOCKS = SAMPLES.with_suffix(".blocks")
_EVERY_RECORDS = 1000


class Counted(Totals):
    """Tells now and then how many blocks Python holds; both subtasks are in one JVM."""

    _seen = 0

    def process_element(self, reading: Any, ctx: Any) -> Iterator[Total]:
        self._seen += 1
        if self._seen % _EVERY_RECORDS == 0:
            made = BLOCKS.with_suffix(f".{id(self)}")
            made.write_text(str(sys.getallocatedblocks()))
            made.replace(BLOCKS)
        yield from super().process_element(reading, ctx)


def look(begin: float) -> dict[str, float]:
    java = jvm.view().java.lang
    runtime = java.Runtime.getRuntime()
    java.System.gc()
    status = Path(f"/proc/{java.ProcessHandle.current().pid()}/status").read_text()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return {
        "seconds": time.monotonic() - begin,
        "heap": runtime.totalMemory() - runtime.freeMemory(),
        "resident": int(resident.split()[1]) * 1024,
        "blocks": int(BLOCKS.read_text()) if BLOCKS.exists() else 0,
    }


def keep_looking() -> None:
    begin = time.monotonic()
    while True:
        time.sleep(EVERY_SECONDS)
        line = json.dumps(look(begin))
        with SAMPLES.open("a") as file:
            file.write(f"{line}\n")


if __name__ == "__main__":
    with SecureJob("flink-soak") as job:
        readings = job.from_kafka(TOPIC, Reading, event_time="at", out_of_orderness="0 s")
        same = fast(readings).map(lambda reading: reading, row_type(Reading))
        totals = fast(key_by_field(same, "key")).process(Counted(), row_type(Total))
        fast(totals).filter(lambda total: total.n >= 0).sink_to(
            job.to_kafka(f"{TOPIC}-totals", key_field="key")
        )
        totals.get_side_output(WINDOWS).sink_to(job.to_kafka(f"{TOPIC}-windows", key_field="key"))
        running = job.execute_async()
        threading.Thread(target=keep_looking, daemon=True).start()
