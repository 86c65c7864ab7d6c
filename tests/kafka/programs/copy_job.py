# SPDX-License-Identifier: Apache-2.0
"""Copies numbers from one topic to another, not too fast; the environment says which."""

import os
import time

from flinksec_jobs import SecureJob, record, row_type


@record
class Number:
    n: int


PAUSE = float(os.environ.get("PAUSE", "0"))


def paced(number: Number) -> Number:
    time.sleep(PAUSE)
    return number


with SecureJob(os.environ["NAME"]) as job:
    numbers = job.from_kafka(os.environ["FROM"], Number, bounded="BOUNDED" in os.environ)
    copied = numbers.map(paced, output_type=row_type(Number)) if PAUSE else numbers
    copied.sink_to(job.to_kafka(os.environ["TO"], key_field="n"))
