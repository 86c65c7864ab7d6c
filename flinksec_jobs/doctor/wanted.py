# SPDX-License-Identifier: Apache-2.0
"""What of the servers a job would use, which its settings do not say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Wanted:
    """What is asked about, besides the settings.

    Attributes:
        reads: topics that a job reads.
        writes: topics that it writes.
        indices: of Elasticsearch, that it writes.
        paths: directories of HDFS, that it writes.
        config: Flink's ``config.yaml``; default: the one of a container, if it is there.
    """

    reads: Sequence[str] = ()
    writes: Sequence[str] = ()
    indices: Sequence[str] = ()
    paths: Sequence[str] = ()
    config: Path | None = None

    def operations(self, topic: str) -> list[str]:
        """Return what a job does with a topic, in Kafka's words."""
        named = (("READ", self.reads), ("WRITE", self.writes))
        return [operation for operation, topics in named if topic in topics]
