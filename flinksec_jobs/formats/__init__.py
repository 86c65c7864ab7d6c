# SPDX-License-Identifier: Apache-2.0
"""Forms that records have outside of Flink, a file each.

A format is a module of this package that holds a `Format` called ``FORMAT``; its name is the
file's. Where a job names a format (``to_hdfs(…, format="json")``) each of them is taken that can
do what is asked, and an error lists those.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from flinksec_jobs import choices, registry
from flinksec_jobs.bad_records import OnError

if TYPE_CHECKING:
    from pyflink.datastream import DataStream

Part = TypeVar("Part")


@dataclass(frozen=True)
class Reading:
    """How a job reads the records of one topic.

    Attributes:
        record: the dataclass.
        metadata: fields of it that are filled from the Kafka record: field to source.
        on_error: what happens to a record that cannot be decoded.
        event_time: the field that must hold a time; empty for none.
        max_skipped_in_a_row: how many may be left out one after the other; 0 for any number.
    """

    record: type
    metadata: Mapping[str, str]
    on_error: OnError
    event_time: str
    max_skipped_in_a_row: int


@dataclass(frozen=True)
class Writing:
    """What a job writes.

    Attributes:
        row_type: the Java type of the stream's rows; None for a stream of strings.
        target: what it writes to, for messages: ``the HDFS path /flights``.
    """

    row_type: Any
    target: str


@dataclass(frozen=True)
class KafkaForm:
    """A format as the values of Kafka's records; a part that is None is what it cannot do.

    Attributes:
        decoder: makes the Java ``KafkaRecordDeserializationSchema`` of rows:
            ``RowDeserializationSchema`` with the format's ``RowDecoder``.
        encoder: makes the Java ``KafkaRecordSerializationSchema`` from the topic, what is written,
            and the field that becomes the key, empty for none.
    """

    decoder: Callable[[Reading], Any] | None = None
    encoder: Callable[[str, Writing, str], Any] | None = None


@dataclass(frozen=True)
class FileForm:
    """A format as files.

    Attributes:
        suffix: of their names, with its dot.
        builder: makes PyFlink's builder of a ``FileSink`` below a URI, by rows (with an encoder)
            or in bulk (with a writer); where files end is not its business.
        prepare: changes the stream before it; by default nothing.
    """

    suffix: str
    builder: Callable[[str, Writing], Any]
    prepare: Callable[[DataStream, Writing], DataStream] = lambda stream, _: stream


@dataclass(frozen=True)
class Format:
    """A form of records; a part that is None is what it cannot do.

    Attributes:
        kafka: how it is read from Kafka, and written to it.
        files: how it is written to files.
        jars: sets of third-party jars that it needs, see `flinksec_jobs.runtime.artifacts`.
    """

    kafka: KafkaForm | None = None
    files: FileForm | None = None
    jars: tuple[str, ...] = ()


def all_formats() -> dict[str, Format]:
    """Return every format by its name."""
    package = sys.modules[__name__]
    return {
        name: cast(Format, registry.module(package, name).FORMAT)
        for name in registry.names(package)
    }


def kafka_decoder(name: str) -> Callable[[Reading], Any]:
    """Return how a format is read from Kafka.

    Raises:
        SettingsError: none of this name is read; lists those that are.
    """
    forms = {name: found.kafka for name, found in all_formats().items()}
    return _chosen(name, {name: form.decoder if form else None for name, form in forms.items()})


def kafka_encoder(name: str) -> Callable[[str, Writing, str], Any]:
    """Return how a format is written to Kafka.

    Raises:
        SettingsError: none of this name is written; lists those that are.
    """
    forms = {name: found.kafka for name, found in all_formats().items()}
    return _chosen(name, {name: form.encoder if form else None for name, form in forms.items()})


def for_files(name: str) -> FileForm:
    """Return how a format is written to files.

    Raises:
        SettingsError: there is none of this name; lists those that there are.
    """
    return _chosen(name, {name: found.files for name, found in all_formats().items()})


def jars_of(name: str) -> tuple[str, ...]:
    """Return the sets of third-party jars that a format needs; none of one that is unknown."""
    found = all_formats().get(name)
    return found.jars if found else ()


def _chosen(name: str, parts: Mapping[str, Part | None]) -> Part:
    able = {name: part for name, part in parts.items() if part is not None}
    choices.require("format", name, tuple(able))
    return able[name]
