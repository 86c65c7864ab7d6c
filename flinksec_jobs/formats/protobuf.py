# SPDX-License-Identifier: Apache-2.0
"""Protobuf: one message a record, by a descriptor file, decoded and encoded in the JVM."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.files import SCHEMA, read_bytes
from flinksec_jobs.formats import Format, Reading, Writing
from flinksec_jobs.runtime import jvm


@dataclass(frozen=True)
class Protobuf(Format):
    """Protobuf messages of one type.

    A field of the record is the message's field of the same name, as the ``.proto`` has it or as
    Protobuf's JSON does.

    Attributes:
        descriptor_file: what ``protoc --include_imports --descriptor_set_out=FILE`` writes.
        message: the full name of the message type, with its package: ``shop.Order``.
    """

    jars: ClassVar[tuple[str, ...]] = ("protobuf",)

    descriptor_file: str | Path
    message: str

    def __post_init__(self) -> None:
        """Refuse options that can be none.

        Raises:
            SettingsError: it names the option.
        """
        if not isinstance(self.descriptor_file, str | Path) or not os.fspath(self.descriptor_file):
            raise SettingsError(
                f"the descriptor_file={self.descriptor_file!r} of Protobuf is no file",
                hint="name the file that `protoc --include_imports --descriptor_set_out=…` writes",
            )
        if not isinstance(self.message, str) or not self.message.strip("."):
            raise SettingsError(
                f"the message={self.message!r} of Protobuf is no name of a message",
                hint='give its full name, with the package: "shop.Order"',
            )

    def decoder(self, reading: Reading) -> Any:  # noqa: ARG002
        """Return what reads a message."""
        java = jvm.view().org.flinksec.formats.protobuf.ProtobufDecoder
        return java.factory(self._descriptors(), self.message)

    def encoder(self, writing: Writing) -> Any:  # noqa: ARG002
        """Return what writes a message."""
        java = jvm.view().org.flinksec.formats.protobuf.ProtobufEncoder
        return java.factory(self._descriptors(), self.message)

    def _descriptors(self) -> bytes:
        return read_bytes(
            self.descriptor_file,
            "descriptor_file of Protobuf",
            SCHEMA,
            error=SettingsError,
        )


FORMAT = Protobuf
