# SPDX-License-Identifier: Apache-2.0
"""Looks at a job and its state with the files of its cluster, as a container beside it would."""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import Any

from tests.cluster.processes import FlinkCluster

COMMAND = (sys.executable, "-m", "flinksec_jobs", "cluster")


@dataclass(frozen=True)
class Look:
    """What a command said.

    Attributes:
        code: how it ended.
        told: the JSON of its last line.
        log: what it said beside that.
    """

    code: int
    told: dict[str, Any]
    log: str

    @property
    def ids(self) -> set[str]:
        """Of all problems."""
        return {one["id"] for one in self.told["findings"] if one["severity"] == "problem"}


def look(cluster: FlinkCluster, command: str, *arguments: object) -> Look:
    """Call a command of ``flinksec cluster`` with the mounts of a cluster's processes."""
    with tempfile.TemporaryDirectory(dir=cluster.directory / "run") as run:
        mounts = {"settings": cluster.settings, "config": f"{run}/none", "log4j": f"{run}/none"}
        mounts |= {"ca": cluster.directory / "ca", "run": run}
        options = [f"--{mount}={path}" for mount, path in mounts.items()]
        done = subprocess.run(
            [*COMMAND, command, *options, *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.stdout.strip(), done.stderr[-4000:]
    return Look(done.returncode, json.loads(done.stdout.splitlines()[-1]), done.stderr)
