# SPDX-License-Identifier: Apache-2.0
"""A source of rows: Flink's own, with records decoded in the JVM."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args

from flinksec_jobs import bad_records, choices, formats, records
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.kafka import offsets, permissions, topics, watermarks
from flinksec_jobs.kafka import start as places
from flinksec_jobs.kafka.client import clients, consumer_properties, of_cluster, question
from flinksec_jobs.runtime import jvm
from flinksec_jobs.settings import KafkaSettings

if TYPE_CHECKING:
    from pyflink.datastream.connectors.kafka import KafkaOffsetsInitializer, KafkaSource

    from flinksec_jobs.settings import Settings
    from flinksec_jobs.uses import Use

_COMMITS = "commit.offsets.on.checkpoint"
Tombstones = Literal["fail", "skip", "row"]
"""What becomes of a record without a value: whatever the format says, by most a bad record; it is
left out; or it is a row of which only what is around the value is filled."""


@dataclass(frozen=True)
class SourceOptions:
    """What a job says about topics that it reads; see ``SecureJob.from_kafka``."""

    topics: topics.Chosen
    record: type
    format: formats.Format
    start: places.Start = "earliest"
    stop: places.Stop | None = None
    discovery: timedelta | None = None
    on_error: bad_records.OnError = "fail"
    metadata: Mapping[str, str] = field(default_factory=dict)
    key_fields: Sequence[str] = ()
    key_format: formats.Format | None = None
    tombstones: Tombstones = "fail"
    event_time: watermarks.EventTime | None = None
    max_skipped_in_a_row: int = 100
    arrivals: bool = False
    """Whether the source gives Java's ``Arrivals``: rows with their records, and dead letters."""


def uses(settings: Settings, o: SourceOptions, group_id: str) -> list[Use]:
    """Return what a job needs that reads topics.

    Raises:
        SettingsError: ``start`` or ``stop`` is none of the forms, or names another topic.
    """
    used = [o.format, *([o.key_format] if o.key_format else [])]
    here = clients(settings, [name for one in used for name in one.jars])
    names = o.topics.names
    of_formats = [one.uses(settings, names, "read") for one in used]
    return [
        replace(
            here,
            name=f"reads Kafka topic {o.topics}{of_cluster(settings)}",
            questions=(question(settings, *_done(settings, o, group_id)),),
        ),
        *(use for several in of_formats for use in several),
    ]


def _done(settings: Settings, o: SourceOptions, group_id: str) -> list[str]:
    """Return what the source does at the brokers, for the question before the start."""
    done = [permissions.Use("READ", name) for name in o.topics.names]
    if o.topics.pattern is not None:
        done.append(permissions.Use("pattern", o.topics.pattern))
    if "committed" in (o.start, o.stop):
        done.append(permissions.Use("committed", group_id))
    elif settings.need(KafkaSettings).properties.get(_COMMITS, "true") == "true":
        done.append(permissions.Use("group", group_id))
    done += _places("start", places.parse(o.start, o.topics.names), o, group_id)
    if o.stop is not None:
        done += _places("stop", places.parse_stop(o.stop, o.topics.names), o, group_id)
    return [str(one) for one in done]


def _places(
    argument: offsets.Argument, at: places.At, o: SourceOptions, group_id: str
) -> list[permissions.Use]:
    """Return what the brokers are asked of a beginning or an end.

    Raises:
        SettingsError: it names a topic that is not read.
    """
    if at.name == "committed":
        kind = f"{argument}-committed"
        return [permissions.Use(kind, f"{topic} {group_id}") for topic in o.topics.names]
    for topic, _ in at.offsets or {}:
        if o.topics.pattern is not None and not re.fullmatch(o.topics.pattern, topic):
            raise SettingsError(
                f"{argument} names the topic {topic}, which {o.topics} does not match",
                hint="name topics whose whole names match the pattern",
            )
    found = [offsets.Place(argument, *one) for one in (at.offsets or {}).items()]
    return [permissions.Use(argument, place.name) for place in found]


def source(settings: Settings, group_id: str, o: SourceOptions) -> KafkaSource:
    """Return a Kafka source of rows.

    Raises:
        SettingsError: an argument is none of what it takes.
    """
    bad_records.check_on_error(o.on_error)
    choices.require("tombstones", o.tombstones, get_args(Tombstones))
    start = places.parse(o.start, o.topics.names)
    stop = None if o.stop is None else places.parse_stop(o.stop, o.topics.names)
    if stop is not None:
        places.require_in_order(start, stop)
    properties = consumer_properties(settings)
    from pyflink.datastream.connectors.kafka import KafkaSource

    builder = (
        KafkaSource.builder()
        .set_bootstrap_servers(properties["bootstrap.servers"])
        .set_group_id(group_id)
        .set_starting_offsets(_initializer(start))
    )
    o.topics.subscribe(builder)
    for name, value in properties.items():
        builder.set_property(name, value)
    if o.discovery is not None:
        every = o.discovery // timedelta(milliseconds=1)
        if every < 1:
            raise SettingsError(
                f"discovery={o.discovery} must be more than 0", hint='write discovery="1 min"'
            )
        builder.set_property("partition.discovery.interval.ms", str(every))
    if stop is not None:
        builder.set_bounded(_initializer(stop))
    # PyFlink's builder takes a deserializer of values only; Flink's takes one of records.
    deserializer = _deserializer(settings, o)
    if o.arrivals:
        deserializer = jvm.view().org.flinksec.kafka.Arrivals.decoder(deserializer)
    builder._j_builder.setDeserializer(deserializer)
    built = builder.build()
    ours = jvm.view().org.flinksec.kafka
    lossless = ours.LosslessSource.of(built.get_java_function())
    return KafkaSource(lossless if stop is None else ours.FinishingSource.of(lossless))


def _deserializer(settings: Settings, o: SourceOptions) -> Any:
    prefix = o.format.metadata_prefix
    of_format = {
        name: source for name, source in o.metadata.items() if prefix and source.startswith(prefix)
    }
    of_kafka = {name: source for name, source in o.metadata.items() if name not in of_format}
    about = formats.Reading(settings, o.topics.names, o.record, metadata=of_format)
    reading = jvm.view().org.flinksec.kafka.RowReading.of(records.shape_text(o.record))
    reading.metadata(jvm.string_map(of_kafka))
    reading.tombstones(o.tombstones)
    reading.onError(o.on_error, o.max_skipped_in_a_row)
    reading.eventTime(o.event_time.field if o.event_time else "")
    if o.key_format is not None:
        part = replace(about, part="key", fields=tuple(o.key_fields), metadata={})
        reading.key(jvm.string_list(o.key_fields), o.key_format.decoder(part))
    return reading.build(o.format.decoder(about))


def _initializer(place: places.At) -> KafkaOffsetsInitializer:
    from pyflink.datastream.connectors.kafka import (
        KafkaOffsetResetStrategy,
        KafkaOffsetsInitializer,
        KafkaTopicPartition,
    )

    if place.millis is not None:
        return KafkaOffsetsInitializer.timestamp(place.millis)
    if place.offsets is not None:
        by_partition = {KafkaTopicPartition(*key): at for key, at in place.offsets.items()}
        return KafkaOffsetsInitializer.offsets(by_partition, KafkaOffsetResetStrategy.EARLIEST)
    if place.name == "committed":
        return KafkaOffsetsInitializer.committed_offsets(KafkaOffsetResetStrategy.EARLIEST)
    return getattr(KafkaOffsetsInitializer, str(place.name))()
