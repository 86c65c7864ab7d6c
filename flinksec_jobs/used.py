# SPDX-License-Identifier: Apache-2.0
"""What of the servers a job uses: noted while it is built, asked for before it runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from flinksec_jobs import delivery, preflight
from flinksec_jobs.delivery import Delivery
from flinksec_jobs.job_name import transactional_id_prefix

if TYPE_CHECKING:
    from flinksec_jobs.runtime.graph import Checkpointing
    from flinksec_jobs.settings import Settings


@dataclass
class Used:
    """The topics, indices and directories of one job.

    Attributes:
        names: all of them, as a checkpoint's owner is told by: ``reads Kafka topic orders``.
        deliveries: how its sinks deliver.
    """

    topics: set[str] = field(default_factory=set)
    indices: set[str] = field(default_factory=set)
    hdfs_paths: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    deliveries: list[Delivery] = field(default_factory=list)
    _transactional_sinks: Counter[str] = field(default_factory=Counter)

    def read_topic(self, topic: str) -> None:
        """Note a topic that the job reads."""
        self.topics.add(topic)
        self.names.add(f"reads Kafka topic {topic}")

    def write_topic(self, topic: str, *, exactly_once: bool) -> None:
        """Note a topic that the job writes."""
        self.topics.add(topic)
        self.names.add(f"writes Kafka topic {topic}")
        self.deliveries.append(Delivery(f"the Kafka topic {topic}", exactly_once, exactly_once))

    def write_index(self, index: str) -> None:
        """Note an index of Elasticsearch that the job writes."""
        self.indices.add(index)
        self.names.add(f"writes Elasticsearch index {index}")
        self.deliveries.append(Delivery(f"the Elasticsearch index {index}", by_checkpoint=False))

    def write_path(self, path: str) -> None:
        """Note a directory of HDFS that the job writes."""
        self.hdfs_paths.add(path)
        self.names.add(f"writes HDFS path {path}")
        self.deliveries.append(Delivery(f"the HDFS path {path}", by_checkpoint=True))

    def check_delivery(
        self, job: str, settings: Settings, checkpoints: Checkpointing, *, bounded: bool
    ) -> list[str]:
        """Refuse a job that would deliver nothing; return what is worth a warning.

        Raises:
            SettingsError: names the setting.
        """
        timeout = settings.kafka.transaction_timeout if settings.kafka else timedelta(0)
        return delivery.check(
            job, self.deliveries, checkpoints, bounded=bounded, transaction_timeout=timeout
        )

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
