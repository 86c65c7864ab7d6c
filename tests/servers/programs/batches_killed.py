# SPDX-License-Identifier: Apache-2.0
"""The job of test_batches_killed.py: functions in batches before, with and behind keys.

It runs until it is killed, or stopped with a savepoint of the form that the file FORM names.
"""

import os
import threading
import time
from pathlib import Path
from typing import Any

from flinksec_jobs import SecureJob, fast, key_by_field, row_type
from flinksec_jobs.runtime import jvm, submitted
from tests.servers.programs.killed_functions import WINDOWS, Reading, Total, Totals

TOPIC = os.environ["TOPIC"]
FORM = Path(os.environ["FORM"])


def stop_when_told(client: Any) -> None:
    """Stop the job with a savepoint when a file names its form."""
    while not FORM.exists():
        time.sleep(0.1)
    forms = jvm.view().org.apache.flink.core.execution.SavepointFormatType
    form = getattr(forms, FORM.read_text())
    FORM.unlink()
    submitted._form = lambda: form
    client.stop_with_savepoint(False).result()


with SecureJob("flink-killed-batches") as job:
    readings = job.from_kafka(TOPIC, Reading, event_time="at", out_of_orderness="0 s")
    same = fast(readings).map(lambda reading: reading, row_type(Reading))
    totals = fast(key_by_field(same, "key")).process(Totals(), row_type(Total))
    behind = fast(totals).filter(lambda total: total.n >= 0)
    behind.sink_to(job.to_kafka(f"{TOPIC}-totals", key_field="key"))
    totals.get_side_output(WINDOWS).sink_to(job.to_kafka(f"{TOPIC}-windows", key_field="key"))
    running = job.execute_async()
    threading.Thread(target=stop_when_told, args=[running], daemon=True).start()
