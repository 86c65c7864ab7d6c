# SPDX-License-Identifier: Apache-2.0
"""Kafka: settings to PyFlink's own source and sink, with records decoded and encoded in the JVM.

What a job needs for them is registered by `reading`, `writing` and `clients`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args

from flinksec_jobs import (
    bad_records,
    choices,
    formats,
    kafka_preflight,
    kafka_start,
    logins,
    records,
    tls,
)
from flinksec_jobs.delivery import Delivery, Transactions
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.file_checks import check_files
from flinksec_jobs.findings import Finding
from flinksec_jobs.job_name import transactional_id_prefix
from flinksec_jobs.runtime import artifacts, jvm
from flinksec_jobs.settings import KafkaSettings
from flinksec_jobs.uses import Question, Use, Uses

if TYPE_CHECKING:
    from pyflink.common import WatermarkStrategy
    from pyflink.datastream.connectors.kafka import KafkaOffsetsInitializer, KafkaSource

    from flinksec_jobs.record_sink import RecordSink
    from flinksec_jobs.settings import Settings

Guarantee = Literal["exactly_once", "at_least_once"]


def clients(settings: Settings, format: str | None = None) -> Use:  # noqa: A002
    """Return what a job needs for Kafka clients of its own, whatever they read or write.

    Args:
        settings: with a section ``[kafka]``.
        format: of the records, if it is one of `flinksec_jobs.formats`.
    """
    settings.need(KafkaSettings)
    sections = {"kafka", *logins.of(settings).sections}
    jar_sets = ["flink-kafka", *(formats.jars_of(format) if format else ())]
    return Use(
        "Kafka",
        jars=lambda: [jar for name in jar_sets for jar in artifacts.jars(name)],
        files=lambda: check_files(settings, sections=sections),
    )


def reading(settings: Settings, topic: str, format: str) -> Use:  # noqa: A002
    """Return what a job needs that reads a topic."""
    return replace(
        clients(settings, format),
        name=f"reads Kafka topic {topic}",
        questions=(question(settings, topic),),
    )


def writing(
    settings: Settings,
    topic: str,
    guarantee: Guarantee,
    format: str,  # noqa: A002
) -> Use:
    """Return what a job needs that writes a topic, in transactions or not."""
    transactions = None
    if guarantee == "exactly_once":
        transactions = Transactions(
            settings.need(KafkaSettings).transaction_timeout,
            "kafka.transaction_timeout",
            "the brokers' transaction.max.timeout.ms",
        )
    return replace(
        clients(settings, format),
        name=f"writes Kafka topic {topic}",
        questions=(question(settings, topic),),
        delivery=Delivery(f"the Kafka topic {topic}", transactions is not None, transactions),
    )


def question(settings: Settings, *topics: str) -> Question:
    """Return the question whether Kafka lets the job in, and has the topics."""

    def ask(about: Sequence[str]) -> Iterable[Finding]:
        causes = logins.of(settings).causes
        kafka_preflight.ask(client_properties(settings), about, causes)
        return ()

    return Question(
        id="kafka-topics",
        label="Kafka lets the job in, and has its topics",
        setting="kafka.bootstrap_servers",
        ask=ask,
        about=topics,
    )


def next_transactional_id_prefix(settings: KafkaSettings, job: str, topic: str, uses: Uses) -> str:
    """Return the prefix of one sink more to a topic, which no other sink of the job has."""
    number = uses.next_number(f"sinks to the Kafka topic {topic}")
    return transactional_id_prefix(settings.transactional_id_prefix or job, topic, number)


@dataclass(frozen=True)
class EventTime:
    """Where a record's event time stands, and how watermarks follow it.

    Attributes:
        field: a field that holds epoch milliseconds (``int``).
        out_of_orderness: how much later than a newer record an older one may still come.
        idleness: after how long without records a partition no longer holds back the others.
    """

    field: str
    out_of_orderness: timedelta
    idleness: timedelta

    def __post_init__(self) -> None:
        """Refuse times that make no watermarks.

        Raises:
            SettingsError: it names the argument.
        """
        if self.out_of_orderness < timedelta(0) or self.idleness < timedelta(milliseconds=1):
            raise SettingsError(
                f"out_of_orderness={self.out_of_orderness}, idleness={self.idleness}: the first "
                "must be at least 0, the second more than 0",
                hint='leave them out for "5 s" and "1 min"',
            )


@dataclass(frozen=True)
class SourceOptions:
    """What a job says about one topic that it reads; see ``SecureJob.from_kafka``."""

    topic: str
    record: type
    format: str = "json"
    start: kafka_start.Start = "earliest"
    bounded: bool = False
    on_error: bad_records.OnError = "fail"
    metadata: Mapping[str, str] = field(default_factory=dict)
    event_time: EventTime | None = None
    max_skipped_in_a_row: int = 100


def client_properties(settings: Settings) -> dict[str, str]:
    """Return the properties with which any Kafka client of the job connects; they hold no secret.

    Raises:
        SettingsError: a section that is needed is missing.
    """
    kafka = settings.need(KafkaSettings)
    properties = dict(kafka.properties)
    properties["bootstrap.servers"] = ",".join(kafka.bootstrap_servers)
    properties["security.protocol"] = kafka.security_protocol
    properties |= logins.of(settings).client_properties()
    if kafka.uses_tls:
        properties |= tls.kafka_properties(kafka)
    return properties


def producer_properties(settings: Settings) -> dict[str, str]:
    """Return the properties of a client that also writes in transactions."""
    # Flink's own default of one hour is beyond what a broker allows (15 minutes).
    timeout = settings.need(KafkaSettings).transaction_timeout // timedelta(milliseconds=1)
    return client_properties(settings) | {"transaction.timeout.ms": str(timeout)}


def source(settings: Settings, group_id: str, o: SourceOptions) -> KafkaSource:
    """Return a Kafka source of rows, one for each record of a topic.

    Raises:
        SettingsError: ``format``, ``start`` or ``on_error`` is none of what they take.
    """
    bad_records.check_on_error(o.on_error)
    decoder = formats.kafka_decoder(o.format)
    properties = client_properties(settings)
    from pyflink.datastream.connectors.kafka import KafkaOffsetsInitializer, KafkaSource

    builder = (
        KafkaSource.builder()
        .set_bootstrap_servers(properties["bootstrap.servers"])
        .set_topics(o.topic)
        .set_group_id(group_id)
        .set_starting_offsets(_starting_offsets(o.start))
    )
    if o.bounded:
        builder.set_bounded(KafkaOffsetsInitializer.latest())
    for name, value in properties.items():
        builder.set_property(name, value)
    # PyFlink's builder takes a deserializer of values only; Flink's takes one of records.
    builder._j_builder.setDeserializer(decoder(_reading(o)))
    built = builder.build()
    if not o.bounded:
        return built
    finishing = jvm.view().org.flinksec.kafka.FinishingSource
    return KafkaSource(finishing.of(built.get_java_function()))


def _starting_offsets(start: kafka_start.Start) -> KafkaOffsetsInitializer:
    from pyflink.datastream.connectors.kafka import (
        KafkaOffsetResetStrategy,
        KafkaOffsetsInitializer,
    )

    parsed = kafka_start.parse(start)
    if isinstance(parsed, int):
        return KafkaOffsetsInitializer.timestamp(parsed)
    if parsed == "committed":
        return KafkaOffsetsInitializer.committed_offsets(KafkaOffsetResetStrategy.EARLIEST)
    return getattr(KafkaOffsetsInitializer, parsed)()


def _reading(o: SourceOptions) -> formats.Reading:
    return formats.Reading(
        record=o.record,
        metadata=o.metadata,
        on_error=o.on_error,
        event_time=o.event_time.field if o.event_time else "",
        max_skipped_in_a_row=o.max_skipped_in_a_row,
    )


def watermarks(record: type, event_time: EventTime | None) -> WatermarkStrategy:
    """Watermarks from a field of the record, assigned in the JVM."""
    from pyflink.common import Duration, WatermarkStrategy

    if event_time is None:
        return WatermarkStrategy.no_watermarks()
    if event_time.field not in records.field_names(record):
        raise SettingsError(
            f"event_time={event_time.field!r} is not a field of {record.__name__}",
            hint=f"its fields are {', '.join(records.field_names(record))}",
        )
    strategy = WatermarkStrategy.for_bounded_out_of_orderness(
        Duration.of_millis(event_time.out_of_orderness // timedelta(milliseconds=1))
    ).with_idleness(Duration.of_millis(event_time.idleness // timedelta(milliseconds=1)))
    assigner = jvm.view().org.flinksec.timestamps.RowFieldTimestampAssigner.of(
        records.row_type(record).get_java_type_info(), event_time.field
    )
    return WatermarkStrategy(strategy._j_watermark_strategy.withTimestampAssigner(assigner))


def sink(
    settings: Settings,
    topic: str,
    *,
    key_field: str | None,
    format: str = "json",  # noqa: A002
    delivery: Guarantee,
    transactional_id_prefix: Callable[[], str],
) -> RecordSink:
    """Return a Kafka sink, of one record for each row or string.

    Args:
        settings: how to reach Kafka, and how to log in.
        topic: the topic.
        key_field: the field that becomes the key.
        format: of the records' values.
        delivery: in transactions or not.
        transactional_id_prefix: gives the prefix of one sink more, which no other must have.

    Raises:
        SettingsError: ``format`` or ``delivery`` is none of what they take.
    """
    from flinksec_jobs.record_sink import RecordSink

    choices.require("delivery", delivery, get_args(Guarantee))
    encoder = formats.kafka_encoder(format)
    properties = producer_properties(settings)
    target = f"the Kafka topic {topic}"

    def build(row_type: Any) -> Any:
        from pyflink.datastream.connectors.base import DeliveryGuarantee
        from pyflink.datastream.connectors.kafka import KafkaSink

        guarantee = getattr(DeliveryGuarantee, delivery.upper())
        builder = (
            KafkaSink.builder()
            .set_bootstrap_servers(properties["bootstrap.servers"])
            .set_delivery_guarantee(guarantee)
        )
        if delivery == "exactly_once":
            builder.set_transactional_id_prefix(transactional_id_prefix())
        for name, value in properties.items():
            builder.set_property(name, value)
        writing = formats.Writing(row_type, target)
        builder._j_builder.setRecordSerializer(encoder(topic, writing, key_field or ""))
        return builder.build().get_java_function()

    return RecordSink(target, f"Kafka {topic}", build)
