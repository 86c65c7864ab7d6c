# SPDX-License-Identifier: Apache-2.0
"""JSON: one object a record, UTF-8, decoded and encoded in the JVM; in files one a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinksec_jobs import records
from flinksec_jobs.formats import FileForm, Format, KafkaForm, Reading, Writing
from flinksec_jobs.runtime import jvm

if TYPE_CHECKING:
    from pyflink.datastream import DataStream


def _decoder(reading: Reading) -> Any:
    return jvm.view().org.flinksec.kafka.JsonRowDeserializationSchema.of(
        records.row_type(reading.record).get_java_type_info(),
        jvm.string_map(reading.metadata),
        jvm.string_list(records.required_paths(reading.record)),
        reading.on_error,
        reading.event_time,
        reading.max_skipped_in_a_row,
    )


def _encoder(topic: str, writing: Writing, key_field: str) -> Any:
    schemas = jvm.view().org.flinksec.kafka
    if writing.row_type is None:
        return schemas.JsonTextSerializationSchema.of(topic, key_field)
    return schemas.JsonRowSerializationSchema.of(topic, writing.row_type, key_field)


def _as_lines(stream: DataStream, writing: Writing) -> DataStream:
    from pyflink.datastream import DataStream

    json = jvm.view().org.flinksec.json
    if writing.row_type is None:
        mapper, name = json.JsonTextMapper.of(writing.target), "JSON lines"
    else:
        mapper, name = json.RowJsonMapper.of(writing.row_type, writing.target), "to JSON"
    return DataStream(stream._j_data_stream.map(mapper).name(name))


def _lines(uri: str, _: Writing) -> Any:
    from pyflink.common.serialization import Encoder
    from pyflink.datastream.connectors.file_system import FileSink

    return FileSink.for_row_format(uri, Encoder.simple_string_encoder())


FORMAT = Format(
    kafka=KafkaForm(decoder=_decoder, encoder=_encoder),
    files=FileForm(suffix=".json", builder=_lines, prepare=_as_lines),
)
