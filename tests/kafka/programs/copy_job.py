# SPDX-License-Identifier: Apache-2.0
"""Copies numbers from one topic to another; the environment says which."""

import os
from typing import Literal

from flinksec_jobs import SecureJob, record


@record
class Number:
    n: int


with SecureJob(os.environ["NAME"]) as job:
    job.env.set_parallelism(int(os.environ["PARALLELISM"]))
    numbers = job.from_kafka(os.environ["FROM"], Number, discovery="2 s")
    once = "AT_LEAST_ONCE" not in os.environ
    delivery: Literal["exactly_once", "at_least_once"] = "exactly_once" if once else "at_least_once"
    numbers.sink_to(job.to_kafka(os.environ["TO"], key_field="n", delivery=delivery))
