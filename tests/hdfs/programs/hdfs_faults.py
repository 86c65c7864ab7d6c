# SPDX-License-Identifier: Apache-2.0
"""The job of test_hdfs_faults.py: it writes files, and copies what it sees of them to others."""

import os
from datetime import datetime

from flinksec_jobs import SecureJob, record


@record
class Reading:
    n: int
    at: datetime


with SecureJob("flink-faults") as job:
    readings = job.from_kafka(os.environ["TOPIC"], Reading)
    readings.sink_to(job.to_hdfs(os.environ["DIRECTORY"], partition_by="hour={at:%H}"))
    written = job.from_hdfs(os.environ["DIRECTORY"], Reading, watch="500 ms")
    written.sink_to(job.to_hdfs(os.environ["COPY"], format="avro"))
