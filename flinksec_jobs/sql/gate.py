# SPDX-License-Identifier: Apache-2.0
"""The gate that every table of a job passes, in the JVM: by it tables get their login."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flinksec_jobs import job_name, schema_registry
from flinksec_jobs.kafka import client
from flinksec_jobs.kafka.letters import Policy, properties
from flinksec_jobs.runtime import jvm
from flinksec_jobs.settings import KafkaSettings, SchemaRegistrySettings, Settings

_DIRECTION, _TABLE = "#direction", "#table"
# What stands for the topic where it is not known yet; no name has it.
_TOPIC = "\0"


@dataclass(frozen=True)
class Used:
    """A table that a query of the job uses.

    Attributes:
        table: its name, with catalog and database.
        reads: whether it is read; else it is written.
        options: all that is said of it, by DDL and hints.
    """

    table: str
    reads: bool
    options: Mapping[str, str]


class Gate:
    """The tables of one job.

    Args:
        job: its name.
        clusters: its settings by the names of clusters; without ``[kafka]`` none.
        most_skipped: bad records that a source may leave out in a row.
        registry: the schema registry; None without one.
        elasticsearch: how the JVM's sink reaches Elasticsearch, and its limits; None without one.
        letters: how many dead letters there may be of tables that are written.
        topic: whether the job has a topic for them.
    """

    def __init__(
        self,
        job: str,
        clusters: Mapping[str, Settings],
        most_skipped: int,
        registry: SchemaRegistrySettings | None = None,
        *,
        elasticsearch: Mapping[str, str] | None = None,
        letters: Policy,
        topic: bool,
    ) -> None:
        self._java = jvm.view().org.flinksec.tables.TableGate.of(most_skipped)
        for name, settings in clusters.items():
            section = settings.need(KafkaSettings)
            self._java.addCluster(
                name,
                jvm.string_map(client.consumer_properties(settings)),
                jvm.string_map(client.producer_properties(settings)),
                section.group_id or job,
                job_name.transactional_id_prefix(
                    job,
                    _TOPIC,
                    prefix=section.transactional_id_prefix,
                    cluster=settings.kafka_cluster,
                ),
                section.transaction_naming,
                section.on_lost_transaction,
            )

        if registry is not None:
            self._java.useRegistry(
                jvm.string_map(schema_registry.options(registry)),
                registry.subject_naming,
                registry.auto_register,
            )
        if elasticsearch is not None:
            self._java.useElasticsearch(jvm.string_map(elasticsearch), letters.in_java())
        if topic:
            producers = jvm.view().java.util.HashMap()
            for name, settings in clusters.items():
                producers.put(name, jvm.string_map(properties(settings)))
            self._java.useLetters(letters.in_java(), producers)

    def guard(self, j_tables: Any) -> None:
        """Let all tables of an environment of Flink's pass, and let it run nothing by itself."""
        self._java.guard(j_tables)

    def used(self, since: int = 0) -> list[Used]:
        """Return the tables that queries use so far, in their order.

        Args:
            since: how many to pass over.
        """
        found = []
        for entry in list(self._java.used())[since:]:
            options = {str(key): str(entry[key]) for key in entry}
            reads = options.pop(_DIRECTION) == "reads"
            found.append(Used(options.pop(_TABLE), reads, options))
        return found

    @property
    def count(self) -> int:
        """How many tables are used so far."""
        return int(self._java.count())

    def letters(self, env: Any, since: int = 0) -> list[tuple[str, Any]]:
        """Return the Java streams of dead letters so far, each after its cluster's name.

        Args:
            env: PyFlink's environment of the job.
            since: how many to pass over.
        """
        streams = self._java.letters(env._j_stream_execution_environment)
        pairs = zip(self._java.clustersOfLetters(), streams, strict=True)
        return [(str(cluster), stream) for cluster, stream in pairs][since:]

    def asked_of_registry(self) -> tuple[list[Any], list[Any]]:
        """Return what is read, and what is written, by schemas of the registry, so far."""
        return list(self._java.readByRegistry()), list(self._java.writtenByRegistry())

    @contextmanager
    def unless_refused(self) -> Iterator[None]:
        """Forget what is used meanwhile if something is refused: no query uses it then."""
        mark = self._java.mark()
        try:
            yield
        except BaseException:
            self._java.forgetSince(mark, False)
            raise

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Forget what is used meanwhile: it is only looked at."""
        mark = self._java.mark()
        try:
            yield
        finally:
            self._java.forgetSince(mark, True)
