# SPDX-License-Identifier: Apache-2.0
"""The short jobs of test_hdfs_secured.py: each writes one secret line to a directory of HDFS.

    hdfs_secured.py SETTINGS CASES

CASES is JSON: a list of names, settings that win over SETTINGS, a path and a cluster. Prints as
JSON what each name came to: nothing, or its error with the hint.
"""

import json
import sys
from typing import Any

from pyflink.common import Types

from flinksec_jobs import SecureJob
from flinksec_jobs.errors import FlinkSecError

SECRET = '{"said":"a secret that nobody may read on the way","to":"%s"}'


def outcome(name: str, overrides: dict[str, Any], path: str, cluster: str | None) -> str:
    try:
        with SecureJob(f"flink-{name}", settings=sys.argv[1], overrides=overrides) as job:
            lines = job.env.from_collection([SECRET % path], type_info=Types.STRING())
            lines.sink_to(job.to_hdfs(path, cluster=cluster))
    except FlinkSecError as error:
        return f"{type(error).__name__}: {error.message}\nhint: {error.hint}"
    return ""


sys.stdout.write(json.dumps({case[0]: outcome(*case) for case in json.loads(sys.argv[2])}))
