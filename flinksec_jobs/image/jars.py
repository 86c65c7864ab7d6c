# SPDX-License-Identifier: Apache-2.0
"""The third-party jars of an image; run as a program inside a build it judges them."""

from __future__ import annotations

import sys
from pathlib import Path

from flinksec_jobs import formats
from flinksec_jobs.runtime import artifacts

JOB_SETS = (
    "flink-kafka",
    "hadoop-client",
    "conscrypt",
    *sorted({name for found in formats.all_formats().values() for name in found.jars}),
)
SANDBOX_SETS = (
    "sandbox-kdc-kafka",
    "sandbox-hdfs",
    "sandbox-hdfs-client",
    "sandbox-elasticsearch-8",
)


def verified(sets: tuple[str, ...], progress: artifacts.Progress | None = None) -> list[Path]:
    """Return the jars of some sets, each once, fetched and checked against the lock.

    Raises:
        ArtifactError: one is missing or is not the locked one.
    """
    return sorted({jar for name in sets for jar in artifacts.jars(name, progress)})


if __name__ == "__main__":
    verified(SANDBOX_SETS if sys.argv[1:] == ["sandbox"] else JOB_SETS)
