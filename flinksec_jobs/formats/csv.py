# SPDX-License-Identifier: Apache-2.0
"""CSV: one line a record, without a header, decoded and encoded in the JVM."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flinksec_jobs import encoded_lines
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.formats import FileForm, Format, Reading, Writing
from flinksec_jobs.runtime import jvm

_LINE_ENDS = "\r\n"
_UNIT = 2


@dataclass(frozen=True)
class Csv(Format):
    r"""Lines of CSV, in UTF-8, as RFC 4180 has them unless the options say otherwise.

    Attributes:
        columns: names of all columns, in their order; a source passes over those that the record
            does not have. Default: the fields of the record, in their order.
        delimiter: between two columns, one character.
        quote: around what would otherwise end a column, one character; None for no quotes.
        escape: in front of a character that stands for itself, one character. Default: none; a
            quote within quotes is written twice.
        null: what stands, without quotes, for null; None for nothing. Default: an empty column.
    """

    columns: Sequence[str] = ()
    delimiter: str = ","
    quote: str | None = '"'
    escape: str | None = None
    null: str | None = ""

    def __post_init__(self) -> None:
        """Refuse options that no line could be cut by.

        Raises:
            SettingsError: it names the option.
        """
        if isinstance(self.columns, str) or not all(
            isinstance(name, str) and name for name in self.columns
        ):
            raise SettingsError(
                f"the columns={self.columns!r} of Csv are no list of names",
                hint='name the columns in their order: ["id", "name"]',
            )
        given = {"delimiter": self.delimiter, "quote": self.quote, "escape": self.escape}
        used: dict[str, str] = {}
        for name, value in given.items():
            if value is None and name != "delimiter":
                continue
            if not isinstance(value, str) or len(value) != 1 or not _can_part(value):
                raise SettingsError(
                    f"the {name}={value!r} of Csv is not one character that can stand there",
                    hint="give one character that is no line end, and none beyond U+FFFF",
                )
            if value in used:
                raise SettingsError(
                    f"{used[value]} and {name} of Csv are the same character, {value!r}",
                    hint="leave out escape: a quote within quotes is written twice"
                    if name == "escape"
                    else "choose two",
                )
            used[value] = name
        if self.null is not None and (
            not isinstance(self.null, str) or set(self.null) & {*used, *_LINE_ENDS}
        ):
            raise SettingsError(
                f"the null={self.null!r} of Csv cannot stand in a column without quotes",
                hint=r'give a text without delimiter, quote, escape and line end: "NULL"',
            )

    def decoder(self, reading: Reading) -> Any:  # noqa: ARG002
        """Return what reads a line."""
        java = jvm.view().org.flinksec.formats.csv.CsvDecoder
        return java.factory(self._form(), jvm.string_list(self.columns))

    def encoder(self, writing: Writing) -> Any:  # noqa: ARG002
        """Return what writes a line."""
        java = jvm.view().org.flinksec.formats.csv.CsvEncoder
        return java.factory(self._form(), jvm.string_list(self.columns))

    def files(self) -> FileForm:
        """Return files of lines, without a header."""
        return FileForm(".csv", self._lines, merger=self._merged)

    def _merged(self, writing: Writing) -> Any:
        return encoded_lines.merged(writing.compression)

    def file_reader(self, reading: Reading) -> Any:
        """Return what reads files of lines without a header; a line may go on between quotes."""
        java = jvm.view().org.flinksec.files.reading
        cut = java.LineCut.of(self.delimiter, self.quote or "", self.escape or "")
        return java.LineRecords.ofColumns(self.decoder(reading), cut)

    def _lines(self, writing: Writing) -> Any:
        return encoded_lines.writer(
            writing.row_type,
            self.encoder(writing),
            writing.compression,
            writing.target,
            several_lines=True,
        )

    def _form(self) -> Any:
        return jvm.view().org.flinksec.formats.csv.CsvForm.of(
            self.delimiter, self.quote or "", self.escape or "", self.null
        )


FORMAT = Csv


def _can_part(character: str) -> bool:
    # One character of Java is one unit of UTF-16; half of a surrogate pair has no UTF-8.
    is_half = unicodedata.category(character) == "Cs"
    return (
        character not in _LINE_ENDS and not is_half and len(character.encode("utf-16-le")) == _UNIT
    )
