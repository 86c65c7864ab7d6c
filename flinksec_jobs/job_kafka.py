# SPDX-License-Identifier: Apache-2.0
"""What a job reads from Kafka, and writes to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from flinksec_jobs import bad_records, formats, records
from flinksec_jobs.dead_letters import Arriving, DeadLetters
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.kafka import client, named_fields, sink, source, start, topics, watermarks
from flinksec_jobs.runtime import jvm
from flinksec_jobs.settings import KafkaSettings, Settings, duration
from flinksec_jobs.uses import Use, Uses

F = TypeVar("F")

if TYPE_CHECKING:
    from pyflink.datastream import DataStream, StreamExecutionEnvironment

    from flinksec_jobs.record_sink import RecordSink


class JobOnKafka(ABC):
    """The part of ``SecureJob`` that is about Kafka."""

    name: str
    settings: Settings
    _uses: Uses
    _letters: DeadLetters
    _ends: watermarks.Ends

    @property
    @abstractmethod
    def env(self) -> StreamExecutionEnvironment:
        """PyFlink's environment."""

    @abstractmethod
    def register(self, use: Use) -> None:
        """Note what is used."""

    def from_kafka(
        self,
        topic: topics.Topics,
        record: type,
        *,
        format: str | formats.Format = "json",  # noqa: A002
        event_time: str | watermarks.TimeOf | None = None,
        out_of_orderness: str | timedelta = "5 s",
        idleness: str | timedelta = "1 min",
        alignment: str | None = None,
        max_drift: str | timedelta = "1 min",
        start: start.Start = "earliest",
        bounded: bool = False,
        stop: start.Stop | None = None,
        discovery: str | timedelta | None = None,
        on_error: bad_records.OnError | None = None,
        metadata: Mapping[str, str] | None = None,
        key_fields: Sequence[str] = (),
        key_format: str | formats.Format = "json",
        tombstones: source.Tombstones = "fail",
        cluster: str | None = None,
    ) -> DataStream:
        """Return a stream of the records of topics as rows with the fields of a dataclass.

        Args:
            topic: the topic; a list of topics, which must all exist; or a pattern that whole
                names must match, ``re.compile("orders-.*")``.
            record: the dataclass, or a TypedDict. A document that lacks a field without a
                default, not written ``T | None``, cannot be decoded.
            format: of the records' values: a name, ``json``, or an instance with options.
            event_time: the field that holds the time, a ``datetime`` or epoch milliseconds, of
                the years 1 to 9999; ``"kafka-timestamp"`` for that of the Kafka record; or a
                function of the row, which costs a call of Python for each. Without it the stream
                has no watermarks. A record whose field is null or beyond is undecodable.
            out_of_orderness: how late a record may come after a newer one.
            idleness: after how long without records a partition is left out of the watermark,
                while the brokers confirm that it has been read to its end. None is left out of a
                stream that ends.
            alignment: a name that this and other sources share: one that is ahead of the slowest
                by more than ``max_drift`` waits.
            max_drift: see ``alignment``.
            start: where to begin when there is no checkpoint: ``earliest``, ``latest``,
                ``committed`` (the offsets of the consumer group, else the earliest); the first
                record from a time on: a ``datetime`` with a time zone, ISO-8601 text with an
                offset, or epoch milliseconds; or offsets, ``{partition: offset}`` or ``{(topic,
                partition): offset}``, and for partitions that are not named those of the group,
                else the earliest.
            bounded: end at the offsets that are the last when the job starts; as ``stop="latest"``.
            stop: where to end: ``latest`` or ``committed``, a time, or offsets, as for ``start``.
                What is there or later is not read. It is found when the job starts: a partition
                without a record of the time or later ends at its last record of then, and one
                that is not named with offsets at those of the group, else it is not read.
            discovery: how often to look for new partitions, and topics of a pattern; by default
                every 5 minutes. A stream that ends does not look.
            on_error: what to do with a record that cannot be decoded: ``fail`` the job with its
                topic, partition and offset; ``skip`` and count it in the metric
                ``flinksec.undecodableRecords``; or ``dead_letter``: write it to the topic
                ``job.dead_letters``. Of the last two there may be ``job.max_skipped_in_a_row``
                in a row. By default as ``job.on_error`` says, else ``fail``.
            metadata: fields to fill from around the value, ``{"written_at": "timestamp"}``:
                ``topic``, ``partition``, ``offset``, ``timestamp``, ``key`` (text or bytes),
                ``headers`` (a dict of text or bytes; of several with one name the last),
                ``header:NAME``, or ``tombstone`` (whether there is no value).
            key_fields: fields to read from the key, not from the value.
            key_format: of the key, of which ``key_fields`` are all fields.
            tombstones: what to do with a record without a value: ``fail`` takes it for a bad
                record, unless the format knows better; ``skip`` leaves it out; ``row`` is a row
                of which only fields of ``metadata`` and ``key_fields`` are filled.
            cluster: the name of the cluster, ``east`` for the section ``[kafka.east]``; without
                it, that of ``[kafka]``.

        Raises:
            SettingsError: there is no section ``[kafka]``, or a name does not fit.
        """
        settings = self.settings.on_kafka(cluster, f"the job {self.name}")
        time = None
        if event_time is not None:
            spans = [duration(span) for span in (out_of_orderness, idleness, max_drift)]
            time = watermarks.EventTime(event_time, spans[0], spans[1], alignment, spans[2])
        elif alignment is not None:
            raise SettingsError(
                f"alignment={alignment!r} without event_time aligns nothing",
                hint="say with event_time where the time of a record stands",
            )
        if bounded and stop is not None:
            raise SettingsError(
                f"bounded=True and stop={stop!r} are two ends", hint="remove bounded=True"
            )
        on_error = self._on_error(on_error)
        options = source.SourceOptions(
            topics=topics.chosen(topic),
            record=record,
            format=formats.to_read(format),
            start=start,
            stop="latest" if bounded else stop,
            discovery=None if discovery is None else duration(discovery),
            on_error=on_error,
            metadata=named_fields.metadata(metadata),
            key_fields=named_fields.of_key(key_fields, key_format),
            key_format=formats.to_read(key_format, "key_format") if key_fields else None,
            tombstones=tombstones,
            event_time=time,
            max_skipped_in_a_row=self.settings.job.max_skipped_in_a_row,
            arrivals=self._letters.topic is not None,
        )
        self._letters.require(on_error, settings)
        group_id = settings.need(KafkaSettings).group_id or self.name
        for use in source.uses(settings, options, group_id):
            self.register(use)
        env = self.env  # whose JVM makes the source
        named = f"{options.topics}{client.of_cluster(settings)}"
        self._ends.note(f"the Kafka topic {named}", time, ends=options.stop is not None)
        with jvm.translated(f"cannot read the Kafka topic {named}"):
            made = source.source(settings, group_id, options)
            of_source = (
                made,
                watermarks.of_source(record, time),
                f"Kafka {named}",
                records.row_type(record),
            )
            if options.arrivals:
                stream = self._letters.rows(Arriving(env, *of_source, on_error), settings)
            else:
                stream = env.from_source(*of_source)
        return watermarks.behind_source(stream, time, bounded=options.stop is not None)

    def to_kafka(
        self,
        topic: str,
        *,
        key_field: str | None = None,
        format: str | formats.Format = "json",  # noqa: A002
        delivery: sink.Guarantee = "exactly_once",
        key_fields: Sequence[str] = (),
        key_format: str | formats.Format = "json",
        key_in_value: bool = True,
        metadata: Mapping[str, str] | None = None,
        partitioner: sink.Partitioner = "kafka",
        cluster: str | None = None,
        on_error: bad_records.OnError | None = None,
    ) -> RecordSink:
        """Return a sink of records to a topic.

        A row that deletes, of a table's changes, becomes a record without a value, a tombstone.

        Args:
            topic: the topic; it must exist.
            key_field: the field whose text becomes the record's key: a ``str``, ``int``,
                ``bool``, ``datetime``, ``date``, ``Decimal``, ``UUID`` or Enum, or ``bytes`` as
                they are. Where it is null there is no key.
            format: of the records' values: a name, ``json``, or an instance with options.
            delivery: ``exactly_once`` writes in transactions, which a ``read_committed``
                consumer sees with the checkpoint that covers them; or ``at_least_once``. Several
                sinks to one topic are told apart by the order in which they are attached.
            key_fields: fields that make the key together, in place of ``key_field``.
            key_format: of the key that ``key_fields`` make.
            key_in_value: whether ``key_fields`` are in the value, too.
            metadata: fields that go around the value, and not into it, ``{"trace":
                "header:trace"}``: ``topic`` (that this record goes to), ``partition``,
                ``timestamp``, ``key`` (text or bytes), ``headers`` (a dict of text or bytes),
                ``header:NAME``, or ``tombstone`` (whether to write no value). Where such a
                field is null, it is as if it were not there.
            partitioner: who chooses a partition: ``kafka``, by the key; ``fixed``: each parallel
                instance of the sink writes one; ``round_robin``: it writes all in turn.
            cluster: the name of the cluster, ``east`` for the section ``[kafka.east]``; without
                it, that of ``[kafka]``.
            on_error: what to do with a record that cannot be written, or is larger than the
                topic takes: ``fail`` the job; ``skip`` and count it in the metric
                ``flinksec.unwritableRecords``; or ``dead_letter``: write it to the topic
                ``job.dead_letters``, in the same transaction. By default as ``job.on_error``
                says, else ``fail``.

        Raises:
            SettingsError: there is no section ``[kafka]``, or a name does not fit.
        """
        settings = self.settings.on_kafka(cluster, f"the job {self.name}")
        options = sink.SinkOptions(
            topic=topics.named(topic),
            format=formats.to_write(format),
            delivery=delivery,
            key_field=key_field,
            key_fields=named_fields.of_key(key_fields, key_format, in_value=key_in_value),
            key_format=formats.to_write(key_format, "key_format") if key_fields else None,
            key_in_value=key_in_value,
            metadata=named_fields.written(metadata),
            partitioner=partitioner,
            bad=self._letters.of_sink(self._on_error(on_error), settings),
        )
        made = sink.sink(
            settings,
            options,
            lambda: sink.next_transactional_id_prefix(settings, self.name, topic, self._uses),
        )
        for use in sink.uses(settings, options, self.name):
            self.register(use)
        return made

    def guard(
        self,
        function: F,
        on_error: bad_records.OnError | None = None,
        *,
        cluster: str | None = None,
    ) -> F:
        """Return a function of which no element stops the job, for an operation of a stream.

        ``flights.map(job.guard(delay), output_type=row_type(Delay))``. When the function raises
        an ``Exception``, the element gives no results; the exception's class and place are told,
        never its text, which may quote the element. Effects on state, and timers, stay as they
        were when it raised. What is raised for any element, such as an ``ImportError``, fails
        the job, and so do a result of another type than declared, and timers.

        Args:
            function: what ``map``, ``flat_map``, ``filter``, ``reduce`` or ``process`` takes, of
                plain, keyed and connected streams.
            on_error: ``dead_letter``: write the element to the topic ``job.dead_letters``, or
                the record of Kafka that it was made of, where that is known; ``skip`` and count
                it in the metric ``flinksec.skippedElements``; or ``fail``, as without a guard. Of
                the first two there may be ``job.max_skipped_in_a_row`` in a row. By default as
                ``job.on_error`` says, else ``dead_letter``.
            cluster: the name of the cluster that keeps its letters, ``east`` for the section
                ``[kafka.east]``; without it, that of ``[kafka]``.

        Raises:
            FlinkSecError: it is no function of one element.
            SettingsError: the settings name no topic for dead letters.
        """
        chosen = self._on_error(on_error, "dead_letter")
        keeps = cluster is not None or (chosen == "dead_letter" and self._letters.topic is not None)
        settings = self.settings.on_kafka(cluster, "guard") if keeps else self.settings
        return self._letters.guard(function, chosen, settings)

    def _on_error(
        self, given: bad_records.OnError | None, otherwise: bad_records.OnError = "fail"
    ) -> bad_records.OnError:
        return given if given is not None else self.settings.job.on_error or otherwise

    def kafka_properties(self, *, cluster: str | None = None) -> dict[str, str]:
        """Return the properties with which a Kafka client of one's own connects as this job does.

        For PyFlink's ``KafkaSource`` and ``KafkaSink``, and for ``CREATE TABLE``, where each name
        gets ``properties.`` before it. They hold paths of secrets, no secrets.

        Args:
            cluster: its name, ``east`` for the section ``[kafka.east]``; without it, that of
                ``[kafka]``.

        Raises:
            SettingsError: the section ``[kafka]`` is missing, or ``[kerberos]`` where it is needed.
        """
        settings = self.settings.on_kafka(cluster, f"the job {self.name}")
        self.register(client.clients(settings))
        return client.client_properties(settings)
