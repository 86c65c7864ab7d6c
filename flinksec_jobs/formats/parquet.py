# SPDX-License-Identifier: Apache-2.0
"""Parquet: files of columns, by the schema that follows from the record class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from flinksec_jobs import encoded_lines
from flinksec_jobs.formats import Compression, FileForm, Format, Reading, Writing
from flinksec_jobs.held_bytes import DEFAULT, check_held_bytes
from flinksec_jobs.runtime import jvm

_COMPRESSIONS = {name: Compression() for name in ("zstd", "snappy", "gzip", "lz4", "none")}


@dataclass(frozen=True)
class Parquet(Format):
    """Files of columns, which are compressed within: zstd unless the sink says otherwise.

    Attributes:
        row_group_size: how many bytes of rows each open file holds in memory before they are
            written out; no more than the sink's ``roll_size``.
    """

    jars: ClassVar[tuple[str, ...]] = ("parquet",)

    row_group_size: int = DEFAULT

    def __post_init__(self) -> None:
        """Refuse a size that can be none.

        Raises:
            SettingsError: it says which can.
        """
        check_held_bytes("row_group_size", self.row_group_size, "Parquet", "row groups")

    def files(self) -> FileForm:
        """Return files of the record class's columns."""
        return FileForm(
            ".parquet", self._writer, _COMPRESSIONS, merger=self._merger, columns=_columns
        )

    def file_reader(self, reading: Reading) -> Any:  # noqa: ARG002
        """Return what reads those columns of files that the record class has."""
        return jvm.view().org.flinksec.formats.parquet.ParquetRecords()

    def _writer(self, writing: Writing) -> Any:
        encoded_lines.require_rows(writing.row_type, writing.target)
        size = min(self.row_group_size, writing.roll_size or self.row_group_size)
        return jvm.view().org.flinksec.formats.parquet.ParquetFiles.of(
            writing.row_type, writing.compression, size, writing.target
        )

    def _merger(self, writing: Writing) -> Any:
        return jvm.view().org.flinksec.formats.parquet.MergedParquet(
            writing.compression, self.row_group_size, writing.target
        )


def _columns(writing: Writing) -> Any:
    return jvm.view().org.flinksec.formats.parquet.ParquetColumns.of(writing.row_type)


FORMAT = Parquet
