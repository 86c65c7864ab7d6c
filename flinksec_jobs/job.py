# SPDX-License-Identifier: Apache-2.0
"""`SecureJob`: a PyFlink job in the environment that its settings describe."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from flinksec_jobs import (
    bad_records,
    elasticsearch,
    hdfs,
    job_name,
    kafka,
    kafka_start,
    left_out,
    records,
)
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.findings import announce
from flinksec_jobs.resume import of_job
from flinksec_jobs.runtime import graph, jvm, local_jvm
from flinksec_jobs.sections.fields import Section
from flinksec_jobs.session import Session
from flinksec_jobs.settings import (
    ElasticsearchSettings,
    HdfsSettings,
    KafkaSettings,
    Settings,
    duration,
    load_settings,
)
from flinksec_jobs.uses import Use, Uses

if TYPE_CHECKING:
    from pyflink.datastream import DataStream, StreamExecutionEnvironment

    from flinksec_jobs.record_sink import RecordSink

S = TypeVar("S")
T = TypeVar("T", bound=Section)
_log = logging.getLogger("flinksec_jobs")


class SecureJob:
    """A PyFlink job that logs in, encrypts and verifies as its settings say.

    Entering the block checks the settings, starts the JVM and logs in; leaving it asks every
    server that the job uses whether it will be let in, then runs the job to its end. In between
    stands plain PyFlink: `from_kafka` returns a ``DataStream``, the ``to_…`` methods return sinks
    for ``stream.sink_to``, and `env` is the ``StreamExecutionEnvironment``.

    Args:
        name: the job's name; its checkpoints, log, transactions and consumer group are kept under
            it, so two jobs need two names.
        settings: a TOML file, or settings already loaded. Default: the file that
            ``FLINKSEC_SETTINGS`` names, else the one beside the script (``job.py``: ``job.toml``).
        overrides: settings that win over file and environment, ``{"job": {"parallelism": 2}}``.

    Raises:
        FlinkSecError: the name cannot be used.
        SettingsError: a setting is unknown, missing or wrong.
        SecretError: a keytab, key or password file cannot be used.
        JavaNotFoundError: there is no usable Java.
        JobError: a server refuses the job, or the job failed in Flink.
    """

    def __init__(
        self,
        name: str,
        *,
        settings: Settings | Path | str | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = job_name.checked(name)
        if isinstance(settings, Settings):
            self.settings = settings
        else:
            self.settings = load_settings(
                settings or _beside_the_script(), overrides=overrides or {}
            )
        self._session = Session(self.name, self.settings)
        self._uses = Uses()
        self._submissions: Any = None

    def __enter__(self) -> Self:
        local_jvm.open_block(self.name)
        try:
            self.prepare()
        except BaseException:
            local_jvm.close_block(self.name)
            raise
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if exception_type is None:
                self.execute()
        finally:
            local_jvm.close_block(self.name)

    @property
    def env(self) -> StreamExecutionEnvironment:
        """PyFlink's environment; it exists inside the ``with`` block."""
        if self._session.env is None:
            raise FlinkSecError(
                f"the job {self.name} has no environment yet",
                hint=f'use it inside: with SecureJob("{self.name}") as job: …',
            )
        return self._session.env

    @property
    def log_file(self) -> Path:
        """Where a local run writes the log of its JVM; in a cluster the log is the console's."""
        return self._session.local_run.log_file

    def from_kafka(
        self,
        topic: str,
        record: type[S],
        *,
        format: str = "json",  # noqa: A002
        event_time: str | None = None,
        out_of_orderness: str | timedelta = "5 s",
        idleness: str | timedelta = "1 min",
        start: kafka_start.Start = "earliest",
        bounded: bool = False,
        on_error: bad_records.OnError = "fail",
        metadata: Mapping[str, str] | None = None,
    ) -> DataStream:
        """A stream of the records of a topic as rows with the fields of a dataclass.

        Args:
            topic: the topic; it must exist.
            record: the dataclass. A document that lacks a field not written ``T | None`` cannot
                be decoded.
            format: of the records' values; ``json``: one document each, UTF-8.
            event_time: the field with epoch milliseconds, of the years 1 to 9999; without it the
                stream has no watermarks. A record whose time is null or beyond is undecodable.
            out_of_orderness: how late a record may come after a newer one.
            idleness: after how long without records a partition is left out of the watermark.
            start: where to begin when there is no checkpoint: ``earliest``, ``latest``,
                ``committed`` (the offsets of the consumer group, else the earliest), or the first
                record from a time on: a ``datetime`` with a time zone, ISO-8601 text with an
                offset, or epoch milliseconds.
            bounded: end at the offsets that are the last when the job starts.
            on_error: what to do with a record that cannot be decoded: ``fail`` the job with its
                topic, partition and offset, or ``skip`` and count it in the metric
                ``flinksec.undecodableRecords``, up to ``job.max_skipped_in_a_row``.
            metadata: fields to fill from the Kafka record, ``{"written_at": "timestamp"}``:
                ``topic``, ``partition``, ``offset``, ``timestamp`` or ``key``.

        Raises:
            SettingsError: there is no section ``[kafka]``, or a name does not fit.
        """
        settings = self._section(KafkaSettings)
        time = event_time and kafka.EventTime(
            event_time, duration(out_of_orderness), duration(idleness)
        )
        options = kafka.SourceOptions(
            topic,
            record,
            format,
            start,
            bounded,
            on_error,
            dict(metadata or {}),
            time or None,
            self.settings.job.max_skipped_in_a_row,
        )
        self.register(kafka.reading(self.settings, topic, format))
        with jvm.translated(f"cannot read the Kafka topic {topic}"):
            source = kafka.source(self.settings, settings.group_id or self.name, options)
            return self.env.from_source(
                source,
                kafka.watermarks(record, time or None),
                f"Kafka {topic}",
                records.row_type(record),
            )

    def to_kafka(
        self,
        topic: str,
        *,
        key_field: str | None = None,
        format: str = "json",  # noqa: A002
        delivery: kafka.Guarantee = "exactly_once",
    ) -> RecordSink:
        """A sink of records to a topic.

        Args:
            topic: the topic; it must exist.
            key_field: the field whose text becomes the record's key: a ``str``, ``int`` or
                ``bool``, or ``bytes`` as they are. Where it is null there is no key.
            format: of the records' values; ``json``: one document each, UTF-8.
            delivery: ``exactly_once`` writes in transactions, which a ``read_committed``
                consumer sees with the checkpoint that covers them; or ``at_least_once``. Several
                sinks to one topic are told apart by the order in which they are attached.
        """
        settings = self._section(KafkaSettings)
        self.register(kafka.writing(self.settings, topic, delivery, format))
        return kafka.sink(
            self.settings,
            topic,
            key_field=key_field,
            format=format,
            delivery=delivery,
            transactional_id_prefix=lambda: kafka.next_transactional_id_prefix(
                settings, self.name, topic, self._uses
            ),
        )

    def to_elasticsearch(
        self,
        index: str,
        *,
        id_field: str | None = None,
        on_error: bad_records.OnError = "fail",
    ) -> RecordSink:
        """A sink that indexes documents, at least once, before each checkpoint completes.

        Args:
            index: the index, alias or data stream; ``<logs-{now/d}>`` is date math.
            id_field: the field that is the document's ``_id``, a ``str``, ``int`` or ``bool``: the
                same record written twice is then one document. Without it Elasticsearch makes up
                an id; a data stream takes no others.
            on_error: what to do with a document that cannot be written or is refused for its own
                content (a mapping conflict): ``fail`` the job with the reason, or ``skip`` and
                count it in the metric ``flinksec.rejectedDocuments``, up to
                ``job.max_skipped_in_a_row``. What would meet every document (a closed index, a
                missing right) always fails.

        Raises:
            SettingsError: there is no section ``[elasticsearch]``, or no index can have this name.
        """
        settings = self._section(ElasticsearchSettings)
        made = elasticsearch.sink(
            settings,
            index,
            id_field=id_field,
            on_error=on_error,
            max_skipped_in_a_row=self.settings.job.max_skipped_in_a_row,
        )
        self.register(elasticsearch.writing(self.settings, index))
        return made

    def to_hdfs(self, path: str, *, format: str = "json") -> RecordSink:  # noqa: A002
        """A sink of files under a directory, which become visible whole, exactly once.

        Args:
            path: the directory on HDFS, ``/flights``.
            format: of the files; ``json``: one document a line, UTF-8.
        """
        settings = self._section(HdfsSettings)
        made = hdfs.sink(settings, path, format=format)
        self.register(hdfs.writing(self.settings, path, format))
        return made

    def kafka_properties(self) -> dict[str, str]:
        """The properties with which a Kafka client of one's own connects as this job does.

        For PyFlink's ``KafkaSource`` and ``KafkaSink``, and for ``CREATE TABLE``, where each name
        gets ``properties.`` before it. They hold paths of secrets, no secrets.

        Raises:
            SettingsError: the section ``[kafka]`` is missing, or ``[kerberos]`` where it is needed.
        """
        self._section(KafkaSettings)
        self.register(kafka.clients(self.settings))
        return kafka.client_properties(self.settings)

    def register(self, use: Use) -> None:
        """Note what a connector needs, and make ready for it: the way for connectors of your own.

        Raises:
            SettingsError: a file that a setting names cannot be used.
            ArtifactError: a jar is missing or altered.
            JobError: the KDC refuses the login.
        """
        self._uses.add(use)
        if self._session.env is not None:
            self._session.ready(use)

    def prepare(self) -> None:
        """Check the settings' files, start the JVM and log in: what entering the block does."""
        env = self._session.begin()
        for use in self._uses:
            self._session.ready(use)
        if not jvm.runs_in_a_cluster():
            self._submissions = jvm.count_submissions(env)
        # What a block runs by itself goes on from its state, and is on record, all the same.
        graph.run_by(env, self.name, self.execute)

    def execute(self) -> None:
        """Ask every server that the job uses, then run the job to its end.

        Called at the end of the ``with`` block; there is no need to call it.

        Raises:
            SettingsError: nothing that the job writes would ever become visible.
            ResumeError: it is not clear where the job goes on from, or it is running already.
            SealedStateError: what it would go on from is not whole.
            JobError: a server refuses the job, or it failed in Flink.
        """
        if jvm.is_empty(self.env):
            graph.refuse_if_nothing_ran(self.name, self._submissions)
            return
        bounded = graph.is_bounded(self.env)
        notes = self._uses.check_delivery(self.name, graph.checkpointing(self.env), bounded=bounded)
        self._session.warn_of_hadoop()
        for note in notes:
            _log.warning("%s", note)
        announce(self._uses.ask_the_servers(), _log)
        where = "the console" if jvm.runs_in_a_cluster() else self.log_file
        _log.info("job %s starts; its log is %s", self.name, where)
        with of_job.started(
            of_job.Job(self.name, self.settings, self.env, self._uses.names, bounded=bounded)
        ):
            if not jvm.runs_in_a_cluster():
                with left_out.told(self.name):
                    self._session.local_run.run_to_end(self.env)
                return
            with jvm.translated(f"the job {self.name} failed"):
                type(self.env).execute(self.env, self.name)

    def _section(self, section: type[T]) -> T:
        return self.settings.need(section, f"the job {self.name}")


def _beside_the_script() -> Path | None:
    """The settings file beside the running script, unless the environment names another."""
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    if os.environ.get("FLINKSEC_SETTINGS") or script is None:
        return None
    beside = Path(script).with_suffix(".toml")
    return beside if beside.is_file() else None
