# SPDX-License-Identifier: Apache-2.0
"""Raw: the bytes of one field as they are, for text, bytes, and what Kafka's serializers write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from flinksec_jobs import choices, encoded_lines
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.formats import FileForm, Format, Reading, Writing
from flinksec_jobs.runtime import jvm

ByteOrder = Literal["big", "little"]
_INT_BYTES = (1, 2, 4, 8)
_FLOAT_BYTES = (4, 8)


@dataclass(frozen=True)
class Raw(Format):
    """The bytes of the record's one field: text in UTF-8, bytes as they are, a number in binary.

    Attributes:
        byte_order: of numbers: ``big`` (Kafka's serializers, Flink's default) or ``little``.
        int_bytes: how many an ``int`` has, with a sign: 1, 2, 4 or 8.
        float_bytes: how many a ``float`` has: 4 or 8.
    """

    byte_order: ByteOrder = "big"
    int_bytes: int = 8
    float_bytes: int = 8

    def __post_init__(self) -> None:
        """Refuse options that can be none.

        Raises:
            SettingsError: it names the option.
        """
        choices.require("byte_order", self.byte_order, get_args(ByteOrder))
        for name, value, allowed in (
            ("int_bytes", self.int_bytes, _INT_BYTES),
            ("float_bytes", self.float_bytes, _FLOAT_BYTES),
        ):
            if value not in allowed or isinstance(value, bool):
                raise SettingsError(
                    f"the {name}={value!r} of Raw is no length of a number",
                    hint=f"choose one of {', '.join(map(str, allowed))}",
                )

    def decoder(self, reading: Reading) -> Any:  # noqa: ARG002
        """Return what reads a field."""
        return jvm.view().org.flinksec.formats.raw.RawDecoder.factory(self._form())

    def encoder(self, writing: Writing) -> Any:  # noqa: ARG002
        """Return what writes a field."""
        return jvm.view().org.flinksec.formats.raw.RawEncoder.factory(self._form())

    def files(self) -> FileForm:
        """Return files of one text a line; a text with a line end in it is refused."""
        return FileForm(".txt", self._lines, merger=self._merged)

    def _merged(self, writing: Writing) -> Any:
        return encoded_lines.merged(writing.compression)

    def file_reader(self, reading: Reading) -> Any:
        """Return what reads files of one text a line."""
        java = jvm.view().org.flinksec.files.reading.LineRecords
        return java.ofOneField(self.decoder(reading))

    def _lines(self, writing: Writing) -> Any:
        return encoded_lines.writer(
            writing.row_type,
            self.encoder(writing),
            writing.compression,
            writing.target,
            several_lines=False,
        )

    def _form(self) -> Any:
        return jvm.view().org.flinksec.formats.raw.RawForm(
            self.byte_order == "little", self.int_bytes, self.float_bytes
        )


FORMAT = Raw
