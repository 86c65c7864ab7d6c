# SPDX-License-Identifier: Apache-2.0
"""A sink of records: Flink's own, with rows encoded in the JVM."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from flinksec_jobs import bad_records, choices, formats
from flinksec_jobs.delivery import Delivery, Transactions
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.job_name import transactional_id_prefix
from flinksec_jobs.kafka import exactly_once, permissions
from flinksec_jobs.kafka.client import clients, of_cluster, producer_properties, question
from flinksec_jobs.runtime import jvm
from flinksec_jobs.settings import KafkaSettings

if TYPE_CHECKING:
    from pyflink.datastream import DataStream

    from flinksec_jobs.record_sink import RecordSink
    from flinksec_jobs.settings import Settings
    from flinksec_jobs.uses import Use, Uses

Guarantee = Literal["exactly_once", "at_least_once"]
Partitioner = Literal["kafka", "fixed", "round_robin"]
"""Who chooses a partition: Kafka's producer, by the key; each parallel instance of the sink has
one; or takes all in turn."""


@dataclass(frozen=True)
class Bad:
    """What is done with what cannot be written to a topic.

    Attributes:
        on_error: the choice.
        max_skipped_in_a_row: how many there may be one after the other; 0 for any number.
        letters: gives the Java ``LetterPolicy`` of dead letters.
        properties: those of the producer; empty for what the settings say.
    """

    on_error: bad_records.OnError = "fail"
    max_skipped_in_a_row: int = 100
    letters: Callable[[], Any] = lambda: None
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SinkOptions:
    """What a job says about a topic that it writes; see ``SecureJob.to_kafka``."""

    topic: str
    format: formats.Format
    delivery: Guarantee = "exactly_once"
    key_field: str | None = None
    key_fields: Sequence[str] = ()
    key_format: formats.Format | None = None
    key_in_value: bool = True
    metadata: Mapping[str, str] = field(default_factory=dict)
    partitioner: Partitioner = "kafka"
    bad: Bad = field(default_factory=Bad)


def target(settings: Settings, o: SinkOptions) -> str:
    """Return what is written to, for messages."""
    return f"the Kafka topic {o.topic}{of_cluster(settings)}"


def uses(settings: Settings, o: SinkOptions, job: str) -> list[Use]:
    """Return what a job needs that writes a topic, in transactions or not."""
    transactions = None
    done = [permissions.Use("WRITE", o.topic)]
    if o.delivery == "exactly_once":
        transactions = Transactions(
            settings.need(KafkaSettings).transaction_timeout,
            settings.spelling.setting("kafka.transaction_timeout"),
            "the brokers' transaction.max.timeout.ms",
        )
        done.append(permissions.Use("transactions", transactional_ids(settings, job, o.topic)))
    used = [o.format, *([o.key_format] if o.key_format else [])]
    of_formats = [one.uses(settings, (o.topic,), "write") for one in used]
    return [
        replace(
            clients(settings, [name for one in used for name in one.jars]),
            name=f"writes Kafka topic {o.topic}{of_cluster(settings)}",
            questions=(question(settings, *map(str, done)),),
            delivery=Delivery(target(settings, o), transactions is not None, transactions),
        ),
        *(use for several in of_formats for use in several),
    ]


def next_transactional_id_prefix(settings: Settings, job: str, topic: str, uses: Uses) -> str:
    """Return the prefix of one sink more to a topic, which no other sink of the job has."""
    number = uses.next_number(f"sinks to the Kafka topic {topic}{of_cluster(settings)}")
    return transactional_ids(settings, job, topic, number)


def transactional_ids(settings: Settings, job: str, topic: str, number: int = 1) -> str:
    """Return what the transactional ids of a job's sink to a topic begin with."""
    prefix = settings.need(KafkaSettings).transactional_id_prefix
    cluster = settings.kafka_cluster
    return transactional_id_prefix(job, topic, number, prefix=prefix, cluster=cluster)


def sink(settings: Settings, o: SinkOptions, prefix: Callable[[], str]) -> RecordSink:
    """Return a Kafka sink, of one record for each row or string.

    Args:
        settings: how to reach Kafka, and how to log in.
        o: what the job says.
        prefix: gives the prefix of transactional ids of one sink more, which no other must have.

    Raises:
        SettingsError: an argument is none of what it takes.
    """
    from flinksec_jobs.record_sink import RecordSink

    choices.require_text("key_field", o.key_field)
    choices.require("delivery", o.delivery, get_args(Guarantee))
    choices.require("partitioner", o.partitioner, get_args(Partitioner))
    bad_records.check_on_error(o.bad.on_error)
    properties = o.bad.properties or producer_properties(settings)
    streams: list[DataStream] = []

    def see(stream: DataStream, _: Any) -> DataStream:
        streams.append(stream)
        return stream

    if o.delivery == "exactly_once":
        with settings.spelling.told():
            here = target(settings, o)
            exactly_once.check(settings.need(KafkaSettings), here, _one_topic(o))

    def build(row_type: Any) -> Any:
        serializer = _serializer(settings, o, row_type)
        if o.bad.on_error != "fail":
            schemas = jvm.view().org.flinksec.kafka
            serializer = (
                schemas.BadRecordSerializationSchema.of(
                    serializer, o.topic, jvm.string_map(properties)
                )
                .writing(row_type, jvm.is_traced(streams[-1]))
                .onError(o.bad.on_error, o.bad.max_skipped_in_a_row, o.bad.letters())
            )
        if o.delivery == "exactly_once":
            kafka, topic = settings.need(KafkaSettings), _one_topic(o)
            return exactly_once.sink(kafka, properties, serializer, topic, prefix())
        sinks = jvm.view().org.flinksec.kafka.QuietlyClosedSink
        return sinks.atLeastOnce(serializer, jvm.string_map(properties))

    return RecordSink(target(settings, o), f"Kafka {o.topic}{of_cluster(settings)}", build, see)


def _one_topic(o: SinkOptions) -> str | None:
    several = "topic" in o.metadata.values() or o.bad.on_error == "dead_letter"
    return None if several else o.topic


def _serializer(settings: Settings, o: SinkOptions, row_type: Any) -> Any:
    if row_type is None:
        return _of_strings(o, target(settings, o))
    about = formats.Writing(row_type, target(settings, o), settings, o.topic)
    writing = jvm.view().org.flinksec.kafka.RowWriting.of(o.topic, row_type)
    writing.metadata(jvm.string_map(o.metadata))
    writing.partitioning(o.partitioner)
    if o.key_field:
        writing.keyField(o.key_field)
    if o.key_format is not None:
        part = replace(about, part="key", fields=tuple(o.key_fields))
        encoder = o.key_format.encoder(part)
        writing.key(jvm.string_list(o.key_fields), encoder, o.key_in_value)
    return writing.build(o.format.encoder(about))


def _of_strings(o: SinkOptions, to: str) -> Any:
    if o.key_fields or o.metadata or o.partitioner != "kafka":
        raise SettingsError(
            f"the stream that goes to {to} has strings, which have no fields for key_fields, "
            "metadata or a partitioner",
            hint="make records of them: .map(function, output_type=row_type(YourRecord))",
        )
    if o.format.name != "json":
        raise SettingsError(
            f"the stream that goes to {to} has strings, and format={o.format.name!r} writes "
            "records",
            hint='write format="json", or make records of them',
        )
    return jvm.view().org.flinksec.kafka.JsonTextSerializationSchema.of(o.topic, o.key_field or "")
