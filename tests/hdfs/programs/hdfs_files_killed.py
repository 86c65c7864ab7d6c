# SPDX-License-Identifier: Apache-2.0
"""The job of test_hdfs_files_killed.py, as its users write one: it runs until it is killed."""

import os
from datetime import datetime

from flinksec_jobs import SecureJob, record


@record
class Reading:
    n: int
    at: datetime


with SecureJob("flink-killed-files") as job:
    readings = job.from_kafka(os.environ["TOPIC"], Reading)
    files = job.to_hdfs(
        os.environ["DIRECTORY"], format="parquet", partition_by="hour={at:%Y-%m-%d-%H}"
    )
    readings.sink_to(files)
