# SPDX-License-Identifier: Apache-2.0
"""What of the servers a job would use, which its settings do not say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True)
class Wanted:
    """What is asked about, besides the settings.

    Attributes:
        reads: topics that a job reads.
        writes: topics that it writes.
        indices: of Elasticsearch, that it writes.
        paths: directories of HDFS, that it writes.
        job: its name, for its consumer group and its transactional ids.
        config: Flink's ``config.yaml``; default: the one of a container, if it is there.

    A topic of the cluster ``[kafka.east]`` is ``orders@east``.
    """

    reads: Sequence[str] = ()
    writes: Sequence[str] = ()
    indices: Sequence[str] = ()
    paths: Sequence[str] = ()
    job: str | None = None
    config: Path | None = None

    def operations(self, topic: str) -> list[str]:
        """Return what a job does with a topic, in Kafka's words."""
        named = (("READ", self.reads), ("WRITE", self.writes))
        return [operation for operation, topics in named if topic in topics]

    def of_cluster(self, cluster: str | None) -> Wanted:
        """Return what is wanted of one cluster of Kafka, whose topics then have no ``@``."""
        reads, writes = (_of(cluster, topics) for topics in (self.reads, self.writes))
        return replace(self, reads=reads, writes=writes)

    def unknown_clusters(self, clusters: Sequence[str | None]) -> list[str]:
        """Return the topics of clusters that there are not."""
        named = dict.fromkeys([*self.reads, *self.writes])
        return [topic for topic in named if (topic.partition("@")[2] or None) not in clusters]


def _of(cluster: str | None, topics: Sequence[str]) -> list[str]:
    named = (topic.partition("@") for topic in topics)
    return [topic for topic, _, of in named if (of or None) == cluster]
