# SPDX-License-Identifier: Apache-2.0
"""What a job reads from HDFS."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from flinksec_jobs import bad_records, formats, hdfs, hdfs_source, records
from flinksec_jobs.dead_letters import Arriving
from flinksec_jobs.job_kafka import JobOnKafka
from flinksec_jobs.kafka import watermarks
from flinksec_jobs.runtime import jvm
from flinksec_jobs.settings import duration

if TYPE_CHECKING:
    from pyflink.datastream import DataStream


class JobOnHdfs(JobOnKafka):
    """The part of ``SecureJob`` that reads files on HDFS; dead letters go to Kafka."""

    def from_hdfs(
        self,
        path: str,
        record: type,
        *,
        format: str | formats.Format = "json",  # noqa: A002
        watch: str | timedelta | None = None,
        event_time: str | watermarks.TimeOf | None = None,
        out_of_orderness: str | timedelta = "5 s",
        idleness: str | timedelta = "1 min",
        on_error: bad_records.OnError | None = None,
        cluster: str | None = None,
    ) -> DataStream:
        """Return a stream of the records of files as rows with the fields of a dataclass.

        Files are read in the order of their paths, each once, also over a restart from a
        checkpoint. Names that begin with ``.`` or ``_`` are passed over, and empty files.

        Args:
            path: a directory on HDFS, which is read with all below it, or one file.
            record: the dataclass, or a TypedDict. A field that a file does not have is filled from
                the name of its directory, ``day=2024-12-30``, else by its default.
            format: of the files: a name, ``json``, or an instance with options. Lines may be
                compressed, ``.gz`` or ``.zst``.
            watch: how often to look for new files, such as ``10 s``. Files have to appear whole,
                as `to_hdfs`, ``hadoop fs -put`` and a rename make them. Without it the job ends
                with the files that are there when it starts.
            event_time: the field that holds the time, a ``datetime`` or epoch milliseconds; or a
                function of the row, which costs a call of Python for each. Without it the stream
                has no watermarks.
            out_of_orderness: how late a record may come after a newer one of the same file.
            idleness: with ``watch``, after how long without a file a reader is left out of the
                watermark. A file that is being read is waited for, however long that stands still.
            on_error: what to do with a record that cannot be decoded: ``fail`` the job with its
                file and place; ``skip`` and count it in the metric
                ``flinksec.undecodableRecords``; or ``dead_letter``: write it to the topic
                ``job.dead_letters`` of ``[kafka]``. Of the last two there may be
                ``job.max_skipped_in_a_row`` in a row. By default as ``job.on_error`` says, else
                ``fail``. A file that is none of its format always fails the job.
            cluster: the name of the cluster, ``east`` for the section ``[hdfs.east]``; without
                it, that of ``[hdfs]``.

        Raises:
            SettingsError: there is no section ``[hdfs]``, or an argument does not fit.
        """
        settings = self.settings.on_hdfs(cluster, f"the job {self.name}")
        hdfs.check_path(path, "from_hdfs")
        hdfs_source.check_time(event_time)
        time = None
        if event_time is not None:
            time = watermarks.EventTime(event_time, duration(out_of_orderness), duration(idleness))
        chosen = self._on_error(on_error)
        files = hdfs_source.Files(
            path,
            record,
            formats.to_read_files(format),
            hdfs_source.interval(watch),
            time,
            chosen,
            settings.job.max_skipped_in_a_row,
            letters=self._letters.topic is not None,
        )
        self._letters.require(chosen, self.settings)
        self.register(hdfs_source.reading(settings, files))
        self._ends.note(f"the HDFS path {path}", time, ends=files.watch is None)
        env = self.env  # whose JVM makes the source
        from pyflink.datastream.connectors.base import Source

        with jvm.translated(f"cannot read the HDFS path {path}"):
            made = Source(hdfs_source.source(settings, files))
            strategy = watermarks.of_source(record, time)
            named = f"HDFS {path}{hdfs.of_cluster(settings)}"
            row_type = records.row_type(record)
            if files.letters:
                apart = jvm.view().org.flinksec.files.reading.FileLetters
                arriving = Arriving(env, made, strategy, named, row_type, chosen, apart)
                stream = self._letters.rows(arriving, self.settings)
            else:
                stream = env.from_source(made, strategy, named, row_type)
        return watermarks.behind_source(stream, time, bounded=files.watch is None)
