# SPDX-License-Identifier: Apache-2.0
"""JSON: one object a record, UTF-8, decoded and encoded in the JVM; in files one a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flinksec_jobs import encoded_lines
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
        return FileForm(".json", self._lines, prepare=_checked, merger=self._merged)

    def _merged(self, writing: Writing) -> Any:
        return encoded_lines.merged(writing.compression)

    def file_reader(self, reading: Reading) -> Any:
        """Return what reads files of one object a line; empty lines are passed over."""
        java = jvm.view().org.flinksec.files.reading.LineRecords
        return java.of(self.decoder(reading), True)

    def _lines(self, writing: Writing) -> Any:
        if writing.row_type is None:
            java = jvm.view().org.flinksec.files.LineFiles
            return java.ofStrings(writing.compression, writing.target)
        return encoded_lines.writer(
            writing.row_type,
            self.encoder(writing),
            writing.compression,
            writing.target,
            several_lines=True,
        )


FORMAT = Json


def _checked(stream: DataStream, writing: Writing) -> DataStream:
    """Require that strings are JSON, and make a line of each."""
    from pyflink.datastream import DataStream

    if writing.row_type is not None:
        return stream
    mapper = jvm.view().org.flinksec.json.JsonTextMapper.of(writing.target)
    return DataStream(stream._j_data_stream.map(mapper).name("JSON lines"))
