# SPDX-License-Identifier: Apache-2.0
"""The chunks of one sealed file, whose keys are known: checked one by one, in any order."""

import os
from typing import BinaryIO

from flinksec_jobs.sealed.cobblestone import FileKeys
from flinksec_jobs.sealed.format import (
    CHUNK,
    SEALED_CHUNK,
    TAG,
    SealedFileError,
    Status,
    chunk_offset,
    whole_length,
)


class Payload:
    """Opens chunks; the constructor opens the last one, which authenticates the length.

    After a failure of any kind every call fails. Memory: the last chunk and one other.

    Args:
        file: the sealed file, seekable.
        keys: the file's keys, whose commitment was compared.

    Raises:
        SealedFileError: truncated or tampered.
    """

    def __init__(self, file: BinaryIO, keys: FileKeys) -> None:
        self._file = file
        self._keys = keys
        self._failed = False
        self.length = length = whole_length(file.seek(0, os.SEEK_END))
        self._last_index = length // CHUNK
        self._last = self._open(self._last_index, length % CHUNK + TAG)
        self._cached = (self._last_index, self._last)

    def chunk(self, index: int) -> bytes:
        """The plaintext of a chunk.

        Raises:
            SealedFileError: tampered, now or at an earlier call.
        """
        if self._failed:
            raise SealedFileError(Status.TAMPERED, "an earlier read failed")
        if index == self._last_index:
            return self._last
        if self._cached[0] != index:
            self._cached = (index, self._open(index, SEALED_CHUNK))
        return self._cached[1]

    def _open(self, index: int, size: int) -> bytes:
        self._failed = True
        self._file.seek(chunk_offset(index))
        plain = self._keys.open_chunk(index, self._file.read(size))
        self._failed = False
        return plain
