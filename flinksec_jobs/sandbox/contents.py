# SPDX-License-Identifier: Apache-2.0
"""What is in the sandbox's servers: topics and records, files, documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from flinksec_jobs.files import files_below
from flinksec_jobs.private_files import write_private
from flinksec_jobs.runtime.java import find_java
from flinksec_jobs.sandbox import elasticsearch_node, hdfs_nodes, kafka_broker, kafka_logins
from flinksec_jobs.sandbox.layout import Layout
from flinksec_jobs.sandbox.whole_records import whole_lines

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch


class Contents:
    """Reads and writes what the servers hold; a `Sandbox` is one."""

    _layout: Layout
    _ports: Mapping[str, int]
    _kept: tuple[tuple[Layout, dict[str, int]], kafka_broker.Kafka] | None = None

    def create_topics(self, topics: Mapping[str, int]) -> list[str]:
        """Make Kafka topics with so many partitions, and give the job its rights on them.

        Returns:
            Those that were not there yet.
        """
        return self._kafka().create_topics(topics)

    def topics(self) -> list[kafka_broker.Topic]:
        """Return the topics, by name; without those that Kafka keeps for itself."""
        return self._kafka().topics()

    def produce(
        self,
        topic: str,
        lines: Iterable[str],
        *,
        progress: Callable[[int], None] | None = None,
        whole: bool = False,
    ) -> None:
        """Write Kafka records: lines of timestamp in ms, key and value between tabs.

        An empty timestamp is the present, an empty key none. With ``whole``, each line is a JSON
        object as `flinksec sandbox consume --json` prints it: with headers, keys and values of
        bytes, and tombstones.
        """
        taken = whole_lines(lines) if whole else lines
        self._kafka().produce(topic, taken, progress=progress, whole=whole)

    def consume(
        self, topic: str, *, isolation: str = "read_committed", principal: str | None = "flink"
    ) -> list[str]:
        """Return the values of all records of a topic; ``principal=None`` has no ticket."""
        return self._kafka().consume(topic, isolation=isolation, principal=principal)

    def records(
        self, topic: str, *, most: int | None = None, isolation: str = "read_committed"
    ) -> Iterator[kafka_broker.Record]:
        """Yield the records of a topic up to its present end, ``most`` of them."""
        return self._kafka().records(topic, most=most, isolation=isolation)

    def topic_size(self, topic: str) -> int:
        """Return how many records, and marks of transactions, a topic has."""
        return self._kafka().topic_size(topic)

    def limit_reading(self, bytes_per_second: int) -> None:
        """Let the job read so much a second from Kafka, so that it lasts; 0 ends the limit."""
        self._kafka().limit_reading(bytes_per_second)

    def change_password(self, user: str, password: str) -> None:
        """Give a user of Kafka (``flink``, ``guest``) another password, and write it to its file.

        The broker takes it for SCRAM and PLAIN; connections that are logged in stay so.
        """
        write_private(kafka_logins.password(self._layout, user), password)
        self._kafka().set_passwords()

    def kinit(
        self,
        cache: Path | None = None,
        *,
        lasts: timedelta = timedelta(days=1),
        renewable: timedelta = timedelta(0),
    ) -> None:
        """Get a new ticket of the job's principal, as a person does with ``kinit``.

        Args:
            cache: the file; by default that of the settings for a login by tickets.
            lasts: its life.
            renewable: how long it can be renewed; by default not at all.
        """
        where = cache or self._layout.ticket_cache
        seconds, more = int(lasts.total_seconds()), int(renewable.total_seconds())
        self._kafka().kinit("flink", where, seconds, more)

    def revoke(self, principal: str, topic: str) -> None:
        """Take a principal's rights on a topic of Kafka away; `create_topics` gives them."""
        self._kafka().revoke(principal, topic)

    def hdfs_ls(self, path: str) -> list[str]:
        """Return the paths of all files below a path of HDFS."""
        return hdfs_nodes.Hdfs(self._layout, find_java()).ls(path)

    def hdfs_lines(self, path: str, *, principal: str | None = "flink") -> Iterator[str]:
        """Yield the lines of the finished files below a path; ``principal=None`` has no ticket."""
        return hdfs_nodes.Hdfs(self._layout, find_java()).lines(path, principal=principal)

    def hdfs_get(self, path: str, target: Path) -> list[Path]:
        """Copy the finished files below a path of HDFS to a directory, and return where they are.

        Below it they keep their places; it may have nothing else in it.
        """
        hdfs_nodes.Hdfs(self._layout, find_java()).get(path, target)
        return files_below(target) if target.is_dir() else []

    def elasticsearch_client(self) -> Elasticsearch:
        """Return Elastic's own client, logged in as the job's user."""
        return elasticsearch_node.open_client(self._layout, self._ports)

    def _kafka(self) -> kafka_broker.Kafka:
        """Return the client of Kafka, the same for as long as the broker is."""
        broker = self._layout, dict(self._ports)
        if self._kept is None or self._kept[0] != broker:
            self._end_clients()
            self._kept = broker, kafka_broker.Kafka(self._layout, find_java(), self._ports)
        return self._kept[1]

    def _end_clients(self) -> None:
        """End the JVMs of clients that wait for more questions."""
        if self._kept is not None:
            self._kept[1].end()
            self._kept = None
