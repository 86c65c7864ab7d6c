# SPDX-License-Identifier: Apache-2.0
"""What of the servers a job uses: noted while it is built, asked for before it runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flinksec_jobs import preflight
from flinksec_jobs.job_name import transactional_id_prefix

if TYPE_CHECKING:
    from flinksec_jobs.settings import Settings


@dataclass
class Used:
    """The topics, indices and directories of one job."""

    topics: set[str] = field(default_factory=set)
    indices: set[str] = field(default_factory=set)
    hdfs_paths: set[str] = field(default_factory=set)
    _transactional_sinks: Counter[str] = field(default_factory=Counter)

    def next_transactional_id_prefix(self, prefix: str, topic: str) -> str:
        """Return the prefix of one sink more to a topic, which no other sink has."""
        self._transactional_sinks[topic] += 1
        return transactional_id_prefix(prefix, topic, self._transactional_sinks[topic])

    def ask_the_servers(self, settings: Settings) -> None:
        """Ask each server that is used whether it will let the job in.

        Raises:
            JobError: one refuses, or cannot be reached.
        """
        if settings.kafka and self.topics:
            preflight.check_kafka(settings.kafka, settings.kerberos, self.topics)
        if settings.elasticsearch and self.indices:
            preflight.check_elasticsearch(settings.elasticsearch, self.indices)
        if settings.hdfs and self.hdfs_paths:
            preflight.check_hdfs(settings.hdfs, self.hdfs_paths)
