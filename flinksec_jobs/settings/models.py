# SPDX-License-Identifier: Apache-2.0
"""The settings: what a job's environment is. Read by `load_settings`, never by anything else.

Every section is a frozen model that refuses unknown names. Names follow the ecosystem: Elastic's
(`ca_certs`), Kafka's (`security_protocol`), and Flink's own keys under `flink`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import (
    Field,
    PrivateAttr,
    model_validator,
)

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.sections.decides import decided_by
from flinksec_jobs.sections.fields import (
    Beside,
    Scalars,
    Section,
)
from flinksec_jobs.settings import hdfs, kafka_clusters
from flinksec_jobs.settings.cluster import ClusterSettings
from flinksec_jobs.settings.elasticsearch import ElasticsearchSettings
from flinksec_jobs.settings.hdfs import HdfsClusterSettings, HdfsSettings
from flinksec_jobs.settings.job_itself import JobSettings
from flinksec_jobs.settings.kafka import KafkaSettings
from flinksec_jobs.settings.kafka_clusters import section_name
from flinksec_jobs.settings.kerberos_login import KerberosSettings
from flinksec_jobs.settings.named_sections import put_together, taken_apart
from flinksec_jobs.settings.passthrough import Giving, refused_in_flink
from flinksec_jobs.settings.python_functions import PythonSettings
from flinksec_jobs.settings.schema_registry import SchemaRegistrySettings
from flinksec_jobs.settings.spelling import Spelling
from flinksec_jobs.settings.sql import SqlSettings
from flinksec_jobs.settings.state import StateSettings

S = TypeVar("S", bound=Section)
_NAMED = {"kafka_clusters", "kerberos_logins", "hdfs_clusters"}


class Settings(Section):
    """The environment of a job, as its settings describe it; made by `flinksec_jobs.load_settings`.

    Attributes hold the sections; a section that was not written is `None`. Use `need` for one
    that must be there, and `on_kafka` for one of several clusters.
    """

    kerberos: KerberosSettings | None = Field(default=None, description="Who the job is.")
    kerberos_logins: Annotated[dict[str, KerberosSettings], Beside("kerberos")] = Field(
        default={}, description="Who the job is towards clusters that ask for someone else."
    )
    kafka: KafkaSettings | None = Field(default=None, description="Kafka.")
    kafka_clusters: Annotated[dict[str, KafkaSettings], Beside("kafka")] = Field(
        default={}, description="More clusters of Kafka, by name."
    )
    elasticsearch: ElasticsearchSettings | None = Field(default=None, description="Elasticsearch.")
    hdfs: HdfsSettings | None = Field(default=None, description="HDFS.")
    hdfs_clusters: Annotated[dict[str, HdfsClusterSettings], Beside("hdfs")] = Field(
        default={}, description="More clusters of HDFS, by name."
    )
    schema_registry: SchemaRegistrySettings | None = Field(
        default=None, description="The registry of records' schemas."
    )
    state: StateSettings | None = Field(default=None, description="Checkpoints and savepoints.")
    python: PythonSettings = Field(default=PythonSettings(), description="Python functions.")
    job: JobSettings = Field(default=JobSettings(), description="The job.")
    sql: SqlSettings = Field(default=SqlSettings(), description="Tables of Flink SQL.")
    cluster: ClusterSettings | None = Field(default=None, description="The Flink cluster.")
    flink: Scalars = Field(default={}, description="Options of Flink, by Flink's names.")

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)
    _source: str | None = PrivateAttr(default=None)
    _spelling: Spelling = PrivateAttr(default_factory=Spelling)

    @model_validator(mode="before")
    @classmethod
    def _take_apart(cls, given: object) -> object:
        return taken_apart(cls, given)

    def _contradictions(self) -> Iterator[tuple[str, str]]:
        yield from kafka_clusters.contradictions(self)
        yield from hdfs.contradictions(self.hdfs, self.hdfs_clusters)
        if self.hdfs and self.kerberos is None:
            yield "kerberos", "is missing, and [hdfs] needs it"
        elif self.elasticsearch and self.elasticsearch.kerberos and self.kerberos is None:
            yield "kerberos", "is missing, and elasticsearch.kerberos needs it"
        if self.hdfs and self.hdfs.proxy_user and self._with_tokens():
            yield (
                "hdfs.proxy_user",
                "has no effect with flink.security.delegation.tokens.enabled: tokens are the "
                "job's own",
            )
        if self.job.dead_letters and self.kafka is None and not self.kafka_clusters:
            yield "job.dead_letters", "is a topic of Kafka, and there is no section [kafka]"
        if self.job.on_error == "dead_letter" and self.job.dead_letters is None:
            yield "job.on_error", "is dead_letter, and job.dead_letters names no topic for them"
        if self.cluster:
            yield from self._cluster_contradictions(self.cluster)
        sealed = self.state is not None and self.state.sealed
        giving = Giving(sealed=sealed, cluster=self.cluster is not None)
        for key, problem in refused_in_flink(self.flink, giving, decided_by(type(self))):
            yield f"flink.{key}", problem

    def _with_tokens(self) -> bool:
        given = self.flink.get("security.delegation.tokens.enabled", False)
        return str(given).strip().lower() != "false"

    def _cluster_contradictions(self, cluster: ClusterSettings) -> Iterator[tuple[str, str]]:
        if cluster.high_availability != "none" and self.state is None:
            yield "state", "is missing, and cluster.high_availability keeps its data there"
        slots = cluster.task_managers * cluster.task_slots
        if self.job.parallelism > slots:
            yield (
                "job.parallelism",
                f"is {self.job.parallelism}, more than the {slots} slots that "
                "cluster.task_managers and cluster.task_slots make",
            )
        yield from kafka_clusters.contradictions_in_a_cluster(self)

    @property
    def clusters(self) -> tuple[str | None, ...]:
        """The clusters of Kafka by their names; ``None`` is that of ``[kafka]``."""
        return kafka_clusters.clusters(self)

    @property
    def kerberos_sections(self) -> Mapping[str, KerberosSettings]:
        """All that say who the job is, by their names: ``kerberos``, ``kerberos.east``."""
        return kafka_clusters.kerberos_sections(self)

    @property
    def given_sections(self) -> list[str]:
        """The sections that were written, in the order of the reference: ``kafka.east``."""
        named: dict[str, Mapping[str, Section]] = {
            "hdfs": self.hdfs_clusters,
            "kafka": self.kafka_clusters,
            "kerberos": self.kerberos_logins,
        }
        listed = []
        for name in type(self).model_fields:
            listed += [name] if name in self.model_fields_set else []
            listed += [f"{name}.{inner}" for inner in named.get(name, {})]
        return [name for name in listed if name.partition(".")[0] not in _NAMED]

    def on_hdfs(self, cluster: str | None = None, user: str = "the job") -> Settings:
        """Return the settings as one cluster of HDFS has them, as `on_kafka` does.

        Args:
            cluster: its name; ``None`` for that of ``[hdfs]``.
            user: what needs it, for the message.

        Raises:
            SettingsError: there is no such section.
        """
        section = self.need(HdfsSettings, user)
        if cluster is None:
            return self
        if cluster not in self.hdfs_clusters:
            known = ", ".join(f"[{name}]" for name in self.given_sections if name[:4] == "hdfs")
            raise SettingsError(
                f"{user} uses the cluster {cluster!r} of HDFS, and "
                f"{self._lacking(f'hdfs.{cluster}')}",
                hint=f"there is {known}; {self._adding(f'hdfs.{cluster}')}",
            )
        own = self.hdfs_clusters[cluster]
        where = {"uri": own.uri, "namenodes": own.namenodes}
        view = self.model_copy(update={"hdfs": section.model_copy(update=where)})
        view._spelling = Spelling.of({"hdfs": f"hdfs.{cluster}"}, {"hdfs": where})
        return view

    def on_kafka(self, cluster: str | None = None, user: str = "the job") -> Settings:
        """Return the settings as one cluster of Kafka has them.

        Its ``[kafka.NAME]`` and the ``[kerberos.NAME]`` that it chooses are what others find as
        ``kafka`` and ``kerberos``; `spelling` tells how these are written.

        Args:
            cluster: its name; ``None`` for that of ``[kafka]``.
            user: what needs it, for the message.

        Raises:
            SettingsError: there is no such section.
        """
        if cluster is None:
            self.need(KafkaSettings, user)
            if not (self.kafka_clusters or self.kerberos_logins):
                return self
        elif cluster not in self.kafka_clusters:
            known = ", ".join(f"[{section_name('kafka', name)}]" for name in self.clusters)
            raise SettingsError(
                f"{user} uses the cluster {cluster!r} of Kafka, and "
                f"{self._lacking(f'kafka.{cluster}')}",
                hint=f"there is {known}; {self._adding(f'kafka.{cluster}')}"
                if known
                else self._adding(f"kafka.{cluster}"),
            )
        kafka = kafka_clusters.kafka_of(self, cluster)
        login = kafka_clusters.login_of(kafka)
        kerberos = self.kerberos if login is None else self.kerberos_logins[login]
        if login is not None:
            kafka = kafka.model_copy(update={"kerberos": None})
        chosen: dict[str, Any] = {"kafka": kafka, "kerberos": kerberos}
        view = self.model_copy(update={**chosen, "kafka_clusters": {}, "kerberos_logins": {}})
        view._spelling = Spelling.of(
            {"kafka": section_name("kafka", cluster), "kerberos": section_name("kerberos", login)},
            {"kafka": KafkaSettings.model_fields, "kerberos": KerberosSettings.model_fields},
        )
        return view

    @property
    def kafka_cluster(self) -> str | None:
        """The name of the cluster that `on_kafka` chose; ``None`` for ``[kafka]``."""
        return self._spelling.setting("kafka").partition(".")[2] or None

    @property
    def spelling(self) -> Spelling:
        """How the settings of `on_kafka` are written."""
        return self._spelling

    def origin(self, setting: str) -> str:
        """Tell where a setting's value comes from.

        Args:
            setting: dotted name, such as ``kafka.ca_certs``.

        Returns:
            A file, the name of a ``FLINKSEC_*`` variable, ``argument``, or ``default``.
        """
        return self._origins.get(self._spelling.setting(setting), "default")

    @property
    def source(self) -> str | None:
        """The file that was read, if one was."""
        return self._source

    def need(self, section: type[S], user: str = "the job") -> S:
        """Return the section of this type.

        Args:
            section: its class.
            user: what needs it, for the message.

        Raises:
            SettingsError: the settings do not have it.
        """
        for name in type(self).model_fields:
            if isinstance(found := getattr(self, name), section):
                return found
        name = re.sub("(?<=[a-z])(?=[A-Z])", "_", section.__name__.removesuffix("Settings")).lower()
        hint = self._adding(name)
        if section is KafkaSettings and self.kafka_clusters:
            listed = ", ".join(f'cluster="{one}"' for one in self.kafka_clusters)
            hint = f"name the cluster, {listed}, or {hint}"
        raise SettingsError(f"{user} uses {name}, and {self._lacking(name)}", hint=hint)

    def _lacking(self, section: str) -> str:
        if self._source or self.model_fields_set:
            return f"its settings have no section [{section}]"
        return "there are no settings: no file is named"

    def _adding(self, section: str) -> str:
        listed = "`flinksec settings reference` lists what goes into it"
        if self._source or self.model_fields_set:
            return f"add [{section}] to {self._source or 'a settings file'}; {listed}"
        return (
            "name a settings file with --settings or in FLINKSEC_SETTINGS, or put it beside the "
            f"program (job.py: job.toml); {listed}"
        )

    def dump(self) -> dict[str, Any]:
        """Return plain values that are safe to print: secrets are shown as references."""
        return put_together(type(self), self.model_dump(mode="json", exclude_none=True))
