# SPDX-License-Identifier: Apache-2.0
"""Files of lines: rows that a format of text encodes in the JVM, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinksec_jobs.errors import JobError
from flinksec_jobs.runtime import jvm

if TYPE_CHECKING:
    from pyflink.datastream import DataStream


def builder(uri: str, _: object) -> Any:
    """Return PyFlink's builder of files of strings, each of which ends with a line feed."""
    from pyflink.common.serialization import Encoder
    from pyflink.datastream.connectors.file_system import FileSink

    return FileSink.for_row_format(uri, Encoder.simple_string_encoder())


def of(
    stream: DataStream, row_type: Any, encoder: Any, target: str, *, several_lines: bool
) -> DataStream:
    """Return the lines of a stream's rows.

    Args:
        stream: of rows.
        row_type: their Java type; None for strings.
        encoder: the Java ``RowEncoder.Factory`` of a format of text.
        target: what the lines go to, for messages.
        several_lines: whether a record may hold line ends.

    Raises:
        JobError: the stream has strings.
    """
    from pyflink.datastream import DataStream

    if row_type is None:
        raise JobError(
            f"the stream that goes to {target} has strings, and its format writes records",
            hint='write format="json", or make records of them',
        )
    mapper = jvm.view().org.flinksec.formats.LineMapper.of(row_type, encoder, several_lines, target)
    return DataStream(stream._j_data_stream.map(mapper).name("to lines"))
