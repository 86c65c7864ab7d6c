# SPDX-License-Identifier: Apache-2.0
"""The long jobs of test_hdfs_secured.py: numbers, each to directories of several clusters.

    hdfs_numbers.py SETTINGS NAME SECONDS PATHS OVERRIDES [COPIES]

PATHS and OVERRIDES are JSON: a path by the name of its cluster, empty for that of [hdfs], and
settings that win over SETTINGS. With COPIES, another job reads what the cluster "pair" holds, and
everything is copied there.
"""

import json
import sys

from pyflink.common import Types
from pyflink.table import StreamTableEnvironment

from flinksec_jobs import SecureJob, record
from flinksec_jobs.runtime import jvm
from flinksec_jobs.settings import load_settings

SETTINGS, NAME, SECONDS, PATHS, OVERRIDES, *COPIES = sys.argv[1:]
PER_SECOND = 20
NUMBERS = PER_SECOND * int(SECONDS)


@record
class Number:
    n: int


settings = load_settings(SETTINGS, overrides=json.loads(OVERRIDES))
paths = json.loads(PATHS)
with SecureJob(NAME, settings=settings) as job:
    tables = StreamTableEnvironment.create(job.env)
    tables.execute_sql(
        f"create table numbers (n bigint) with ('connector' = 'datagen', "
        f"'rows-per-second' = '{PER_SECOND}', 'fields.n.kind' = 'sequence', "
        f"'fields.n.start' = '1', 'fields.n.end' = '{NUMBERS}')"
    )
    numbers = tables.to_data_stream(tables.from_path("numbers"))
    lines = numbers.map(lambda row: json.dumps({"n": row[0]}), output_type=Types.STRING())
    for cluster, path in paths.items():
        lines.sink_to(job.to_hdfs(path, cluster=cluster or None))

for copies in COPIES:
    with SecureJob(f"{NAME}-back", settings=settings) as job:
        back = job.from_hdfs(paths["pair"], Number, cluster="pair")
        back.sink_to(job.to_hdfs("/zone/back"))
    flink = jvm.view().org.apache.flink
    held = [
        ("pair", paths["pair"], "pair"),
        ("zone", paths[""], None),
        ("back", "/zone/back", None),
    ]
    for name, path, of in held:
        there = settings.on_hdfs(of).hdfs
        assert there is not None
        source, target = f"{there.uri}{path}", f"file://{copies}/{name}"
        flink.util.FileUtils.copy(flink.core.fs.Path(source), flink.core.fs.Path(target), False)
