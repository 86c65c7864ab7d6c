# SPDX-License-Identifier: Apache-2.0
"""The job of a cluster in test_hdfs_secured.py: a line to an encryption zone, and to a pair."""

from pyflink.common import Types

from flinksec_jobs import SecureJob

with SecureJob("flink-as-guest") as job:
    lines = job.env.from_collection(['{"said":"by a guest"}'], type_info=Types.STRING())
    lines.sink_to(job.to_hdfs("/zone/guest/lines"))
    lines.sink_to(job.to_hdfs("/guest/lines", cluster="pair"))
