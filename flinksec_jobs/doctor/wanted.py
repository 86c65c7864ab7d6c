# SPDX-License-Identifier: Apache-2.0
"""What of the servers a job would use, which its settings do not say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True)
class Wanted:
    """What is asked about, besides the settings.

    Attributes:
        reads: topics that a job reads, and patterns between slashes.
        writes: topics that it writes.
        indices: of Elasticsearch, that it writes.
        paths: directories of HDFS, that it writes.
        read_paths: directories and files of HDFS, that it reads.
        job: its name, for its consumer group and its transactional ids.
        config: Flink's ``config.yaml``; default: the one of a container, if it is there.

    A topic of the cluster ``[kafka.east]`` is ``orders@east``, a pattern ``/orders-.*/@east``.
    """

    reads: Sequence[str] = ()
    writes: Sequence[str] = ()
    indices: Sequence[str] = ()
    paths: Sequence[str] = ()
    read_paths: Sequence[str] = ()
    job: str | None = None
    config: Path | None = None

    @property
    def topics(self) -> list[str]:
        """The topics that have names."""
        return [name for name in dict.fromkeys([*self.reads, *self.writes]) if not pattern_of(name)]

    @property
    def patterns(self) -> list[str]:
        """The patterns whose topics are read, without slashes."""
        return [found for name in dict.fromkeys(self.reads) if (found := pattern_of(name))]

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
        return [topic for topic in named if split(topic)[1] not in clusters]


def pattern_of(name: str) -> str | None:
    """Return the pattern that stands between slashes; ``None`` of a topic's name, which has none.

    Args:
        name: without a cluster.
    """
    found = re.fullmatch("/(.+)/", name)
    return found[1] if found else None


def split(named: str) -> tuple[str, str | None]:
    """Return a topic or pattern, and the cluster that is named behind it; no name has an ``@``."""
    pattern = re.fullmatch("(/.+/)(?:@([^/]*))?", named)
    name, cluster = pattern.groups() if pattern else named.partition("@")[::2]
    return name, cluster or None


def _of(cluster: str | None, topics: Sequence[str]) -> list[str]:
    return [topic for topic, of in map(split, topics) if of == cluster]
