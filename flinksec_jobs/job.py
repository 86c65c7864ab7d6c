# SPDX-License-Identifier: Apache-2.0
"""`SecureJob`: a PyFlink job in the environment that its settings describe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from flinksec_jobs import (
    bad_records,
    elasticsearch,
    formats,
    hdfs,
    job_name,
)
from flinksec_jobs.dead_letters import DeadLetters
from flinksec_jobs.elasticsearch import documents
from flinksec_jobs.file_layout import Layout, MissingFiles, SchemaChange
from flinksec_jobs.job_hdfs import JobOnHdfs
from flinksec_jobs.job_run import JobRun
from flinksec_jobs.job_sql import JobWithTables
from flinksec_jobs.kafka import watermarks
from flinksec_jobs.sections.fields import Section
from flinksec_jobs.session import Session
from flinksec_jobs.settings import (
    ElasticsearchSettings,
    HdfsSettings,
    Settings,
    load_settings,
)
from flinksec_jobs.settings.beside_the_script import beside_the_script
from flinksec_jobs.sql.job_tables import JobTables
from flinksec_jobs.uses import Use, Uses

if TYPE_CHECKING:
    from pyflink.common import JobClient, JobExecutionResult
    from pyflink.datastream import StreamExecutionEnvironment

    from flinksec_jobs.record_sink import RecordSink

T = TypeVar("T", bound=Section)


class SecureJob(JobOnHdfs, JobWithTables):
    """A PyFlink job that logs in, encrypts and verifies as its settings say.

    Entering a ``with`` block starts the JVM and logs in; leaving it asks every server that the job
    uses whether it will be let in, then runs the job to its end. In between stands plain PyFlink:
    `from_kafka` and `from_hdfs` return a ``DataStream``, the ``to_…`` methods return sinks for
    ``stream.sink_to``, and `env` is the ``StreamExecutionEnvironment``. Without a block the JVM
    starts when it is first needed, and `execute` or `execute_async` runs the job.

    Args:
        name: the job's name; its checkpoints, log, transactions and consumer group are kept under
            it, so two jobs need two names.
        settings: a TOML file, or settings already loaded. Default: the file that
            ``FLINKSEC_SETTINGS`` names, else the one beside the script (``job.py``: ``job.toml``).
        overrides: settings that win over file and environment, ``{"job": {"parallelism": 2}}``.

    Raises:
        FlinkSecError: the name cannot be used.
        SettingsError: a setting is unknown, missing or wrong, or its file cannot be used.
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
                settings or beside_the_script(), overrides=overrides or {}
            )
        self._session = Session(self.name, self.settings)
        self._uses = Uses()
        self._hdfs_sinks: dict[str, int] = {}
        self._ends = watermarks.Ends()
        self._letters = DeadLetters(self.name, self.settings, self.register)
        self._tables = JobTables(
            self.name, self.settings, lambda: self.env, self.register, self._letters
        )
        self._run = JobRun(
            self._session, self._uses, self._tables.register_used, self._letters.complete
        )

    def __enter__(self) -> Self:
        self._run.enter_block()
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._run.leave_block(fails=exception_type is not None)

    @property
    def env(self) -> StreamExecutionEnvironment:
        """PyFlink's environment. It is made, and the JVM started, when it is first asked for."""
        return self._run.env

    @property
    def log_file(self) -> Path:
        """Where a local run writes the log of its JVM; in a cluster the log is the console's."""
        return self._session.local_run.log_file

    def to_elasticsearch(
        self,
        index: str,
        *,
        id_field: str | None = None,
        id_fields: Sequence[str] = (),
        operation: documents.Operation = "index",
        operation_field: str | None = None,
        routing_field: str | None = None,
        version_field: str | None = None,
        version_conflict: Literal["success", "bad"] = "success",
        exclude: Sequence[str] = (),
        omit_nulls: bool = False,
        pipeline: str | None = None,
        require_alias: bool = False,
        dynamic_templates: Mapping[str, str] | None = None,
        script: str | None = None,
        stored_script: str | None = None,
        cluster: str | None = None,
        on_error: bad_records.OnError | None = None,
        dead_letter_index: str | None = None,
    ) -> RecordSink:
        """Return a sink of documents, at least once: they are in before a checkpoint completes.

        While the server does not take them, those that are not in are part of the checkpoint. A
        row that deletes, of a table's changes, deletes the document with its id.

        Args:
            index: the index, alias or data stream; ``<logs-{now/d}>`` is date math; or a pattern
                by which each record names it, ``"flights-{departed_at:%Y.%m.%d}"``, in UTC, and
                ``"flights-{airline}"``, or ``{airline:lower}`` in lowercase.
            id_field: the field that is the document's ``_id``, a ``str``, ``int``, ``bool``,
                ``datetime``, ``date``, ``Decimal``, ``UUID`` or Enum: the same record written
                twice is then one document. Without it Elasticsearch makes up an id.
            id_fields: fields that make it together, with ``:`` in between.
            operation: ``index``: the document takes the place of the one with its id; ``create``:
                it is left out if there is one, as a data stream asks for; ``update``: its fields
                change those of the one that is there; ``upsert``: or it is the first; ``delete``.
            operation_field: the field with the operation of each record.
            routing_field: the field that chooses the shard.
            version_field: the field with an external version, an ``int`` or a ``datetime`` (its
                microseconds): a document replaces older ones alone.
            version_conflict: what it is when there is one as new: ``success``, or a ``bad``
                document. A job that goes on from a checkpoint writes some a second time.
            exclude: fields that are not in the document.
            omit_nulls: whether fields that are null are not in it, at every depth of records: an
                update then leaves those of the document as they are.
            pipeline: the ingest pipeline that documents go through.
            require_alias: refuse an index that is no alias.
            dynamic_templates: names of the dynamic templates that map fields, by the field.
            script: what updates do, in Painless; the document is ``params.doc``. It may run twice.
            stored_script: the id of a script that is stored there, in its place.
            cluster: the name of the Kafka cluster that keeps dead letters, ``east`` for the
                section ``[kafka.east]``; without it, that of ``[kafka]``.
            on_error: what to do with a document that cannot be written or is refused for its own
                content (a mapping conflict): ``fail`` the job with the reason; ``skip`` and count
                it in the metric ``flinksec.rejectedDocuments``; or ``dead_letter``: write it to
                ``dead_letter_index``, or to the topic ``job.dead_letters``, at least once. Of
                the last two there may be ``job.max_skipped_in_a_row`` in a row. What would meet
                every document (a closed index, a missing right) always fails. By default as
                ``job.on_error`` says, else ``fail``.
            dead_letter_index: the index, alias or data stream that keeps dead letters: the reason,
                and the document as text. It counts for ``job.max_dead_letters``, too.

        Raises:
            SettingsError: there is no section ``[elasticsearch]``, or an argument does not fit.
        """
        self._section(ElasticsearchSettings)
        said = documents.Documents(
            id_field,
            id_fields,
            operation,
            operation_field,
            routing_field,
            version_field,
            version_conflict,
            exclude,
            omit_nulls,
            pipeline,
            require_alias,
            dynamic_templates or {},
            script,
            stored_script,
        )
        chosen = self._on_error(on_error)
        bad_records.check_on_error(chosen)
        if dead_letter_index is not None:
            bad = self._letters.of_index(chosen, dead_letter_index)
        else:
            keeps = chosen == "dead_letter" and self._letters.topic is not None
            kafka = self.settings.on_kafka(cluster, "dead letters") if keeps else self.settings
            bad = self._letters.of_sink(chosen, kafka)
        made = elasticsearch.sink(self.settings, index, said, bad, dead_letter_index)
        self.register(elasticsearch.writing(self.settings, index, dead_letter_index))
        return made

    def to_hdfs(
        self,
        path: str,
        *,
        format: str | formats.Format = "json",  # noqa: A002
        compression: str | None = None,
        partition_by: str | None = None,
        roll_size: int | None = None,
        roll_after: str | timedelta | None = None,
        roll_inactive: str | timedelta | None = None,
        compact_size: int | None = None,
        compact_checkpoints: int = 10,
        success_file: str | None = None,
        success_delay: str | timedelta | None = None,
        schema_change: SchemaChange = "fail",
        missing_files: MissingFiles = "fail",
        cluster: str | None = None,
    ) -> RecordSink:
        """Return a sink of files under a directory, which become visible whole, exactly once.

        A file ends with each checkpoint, which is when it becomes visible, or before that.

        Args:
            path: the directory on HDFS, ``/flights``.
            format: of the files; ``json``: one document a line, UTF-8.
            compression: of the files, one that the format has; by default ``none`` for lines,
                ``deflate`` for Avro, ``zstd`` for Parquet.
            partition_by: the directories below it, by what fields hold and by times in UTC:
                ``carrier={carrier}/day={departed_at:%Y-%m-%d}``; ``{:%Y-%m-%d}`` is by the event
                time. What may not stand in a name is escaped as Hive does.
            roll_size: end a file when so many bytes have been written out.
            roll_after: end a file so long after it was begun, such as ``15 min``.
            roll_inactive: end a file so long after its last record.
            compact_size: merge the files of a partition as soon as they have so many bytes
                together, before readers see them.
            compact_checkpoints: or after so many checkpoints.
            success_file: mark a partition by a file of this name, such as ``_SUCCESS``, when the
                watermark has passed its end and all that is in it is visible.
            success_delay: wait so long for late records.
            schema_change: what happens if the newest file of the directory has columns that do not
                go with those of the records (Parquet, ORC, Avro): ``fail`` at the start, or
                ``accept``.
            missing_files: what happens if the job goes on from a state that is to make a file
                visible, and the file is gone: ``fail``, since its rows may be missing; or
                ``accept`` it, where something takes finished files away.
            cluster: the name of the cluster, ``east`` for the section ``[hdfs.east]``;
                without it, that of ``[hdfs]``.

        Raises:
            SettingsError: there is no section ``[hdfs]``, or no files can be written like this.
        """
        there = self.settings.on_hdfs(cluster, f"the job {self.name}")
        settings = there.need(HdfsSettings)
        layout = Layout(
            format,
            compression,
            partition_by,
            roll_size,
            roll_after,
            roll_inactive,
            compact_size,
            compact_checkpoints,
            success_file,
            success_delay,
            schema_change,
            missing_files,
        )
        hdfs.check_path(path)
        to = settings.uri + path
        number = self._hdfs_sinks[to] = self._hdfs_sinks.get(to, 0) + 1
        has_topology = layout.compaction() or layout.success()  # whose parts need an id
        columns: list[Any] = []
        made = hdfs.sink(
            there,
            path,
            layout,
            owner=self._owner(settings, path, number),
            uid="-".join(("hdfs", cluster or "", path, str(number))) if has_topology else "",
            columns=columns,
        )
        self.register(hdfs.writing(there, path, layout, columns))
        return made

    def _owner(self, settings: HdfsSettings, path: str, number: int) -> str:
        """Name a sink the same in each run of the job; not where two runs may be at a time."""
        if self.settings.state is None:
            return ""
        state = str(self.settings.state.directory)  # in which one run at a time goes on
        return "\0".join((self.name, state, settings.uri, path, str(number)))

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

    def execute(self) -> JobExecutionResult:
        """Ask every server that the job uses, then run the job to its end.

        A ``with`` block calls it at its end, unless all that was defined has run already.

        Returns:
            Flink's result, such as the accumulators of the job.

        Raises:
            SettingsError: nothing that the job writes would ever become visible.
            ResumeError: it is not clear where the job goes on from, or it is running already.
            SealedStateError: what it would go on from is not whole.
            JobError: nothing is defined, a server refuses the job, or it failed in Flink.
        """
        return self._run.to_end()

    def execute_async(self) -> JobClient:
        """Ask every server that the job uses, then submit the job, and do not wait for its end.

        In a cluster the job is Flink's from then on. In a local run it goes on in this process: a
        ``with`` block waits for it at its end. Without one wait for the client's result; if the
        program ends first, so does the job, and its next run goes on from its last checkpoint.

        Returns:
            Flink's client of the job.

        Raises:
            SettingsError: nothing that the job writes would ever become visible.
            ResumeError: it is not clear where the job goes on from, or it is running already.
            SealedStateError: what it would go on from is not whole.
            JobError: nothing is defined, or a server refuses the job.
        """
        return self._run.start()

    def _section(self, section: type[T]) -> T:
        return self.settings.need(section, f"the job {self.name}")
