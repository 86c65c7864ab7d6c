# SPDX-License-Identifier: Apache-2.0
"""Copies numbers from one topic to another; the environment says which."""

import os

from flinksec_jobs import SecureJob, record


@record
class Number:
    n: int


with SecureJob(os.environ["NAME"]) as job:
    job.env.set_parallelism(int(os.environ["PARALLELISM"]))
    numbers = job.from_kafka(os.environ["FROM"], Number, discovery="2 s")
    numbers.sink_to(job.to_kafka(os.environ["TO"], key_field="n"))
