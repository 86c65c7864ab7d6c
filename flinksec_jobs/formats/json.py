# SPDX-License-Identifier: Apache-2.0
"""JSON: one object a record, UTF-8, decoded and encoded in the JVM; in files one a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flinksec_jobs.formats import FileForm, Format, Reading, Writing
from flinksec_jobs.runtime import jvm

if TYPE_CHECKING:
    from pyflink.datastream import DataStream


@dataclass(frozen=True)
class Json(Format):
    """JSON, by the names of a record's fields."""

    def decoder(self, reading: Reading) -> Any:  # noqa: ARG002
        """Return what reads an object."""
        return jvm.view().org.flinksec.json.JsonRows.decoder()

    def encoder(self, writing: Writing) -> Any:  # noqa: ARG002
        """Return what writes an object."""
        return jvm.view().org.flinksec.json.JsonRows.encoder()

    def files(self) -> FileForm:
        """Return files of one object a line."""
        return FileForm(".json", _lines, _as_lines)


FORMAT = Json


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
