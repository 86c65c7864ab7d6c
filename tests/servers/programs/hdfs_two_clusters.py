# SPDX-License-Identifier: Apache-2.0
"""The long job of test_hdfs_secured.py: numbers to an encryption zone, and to another cluster.

    hdfs_two_clusters.py SETTINGS SECONDS COPIES

Copies what both hold to COPIES in the end.
"""

import json
import sys

from pyflink.common import Types
from pyflink.table import StreamTableEnvironment

from flinksec_jobs import SecureJob
from flinksec_jobs.runtime import jvm
from flinksec_jobs.settings import load_settings

SETTINGS, SECONDS, COPIES = sys.argv[1:]
PER_SECOND = 20
NUMBERS = PER_SECOND * int(SECONDS)
PATHS = {"zone": (None, "/zone/long"), "pair": ("pair", "/data/long")}

settings = load_settings(SETTINGS)
with SecureJob("flink-two-clusters", settings=settings) as job:
    tables = StreamTableEnvironment.create(job.env)
    tables.execute_sql(
        f"create table numbers (n bigint) with ('connector' = 'datagen', "
        f"'rows-per-second' = '{PER_SECOND}', 'fields.n.kind' = 'sequence', "
        f"'fields.n.start' = '1', 'fields.n.end' = '{NUMBERS}')"
    )
    numbers = tables.to_data_stream(tables.from_path("numbers"))
    lines = numbers.map(lambda row: json.dumps({"n": row[0]}), output_type=Types.STRING())
    for cluster, path in PATHS.values():
        lines.sink_to(job.to_hdfs(path, cluster=cluster))

java = jvm.view().org.apache.flink
for name, (cluster, path) in PATHS.items():
    there = settings.on_hdfs(cluster).hdfs
    assert there is not None
    source = java.core.fs.Path(there.uri + path)
    java.util.FileUtils.copy(source, java.core.fs.Path(f"file://{COPIES}/{name}"), False)
