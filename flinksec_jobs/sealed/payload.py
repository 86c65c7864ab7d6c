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

_MAX_READ_AHEAD = 64


class Payload:
    """Opens chunks; the constructor opens the last one, which authenticates the length.

    After a failure of any kind every call fails. Memory: the last chunk, one other, and a
    read-ahead that grows from one chunk to 1 MiB while reads are sequential.

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
        self._last = self._open(
            self._last_index, self._fetch(self._last_index, TAG + length % CHUNK)
        )
        self._cached = (self._last_index, self._last)
        self._ahead = memoryview(b"")
        self._ahead_first = 0
        self._read_ahead = 1

    def chunk(self, index: int) -> bytes:
        """Return the plaintext of a chunk.

        Raises:
            SealedFileError: tampered, now or at an earlier call.
        """
        if self._failed:
            raise SealedFileError(Status.TAMPERED, "an earlier read failed")
        if index == self._last_index:
            return self._last
        if self._cached[0] != index:
            self._cached = (index, self._open(index, self._sealed(index)))
        return self._cached[1]

    def _sealed(self, index: int) -> memoryview:
        """Return the ciphertext of a full chunk, from what was read ahead if it is there."""
        at = (index - self._ahead_first) * SEALED_CHUNK
        if not 0 <= at < len(self._ahead):
            sequential = at == len(self._ahead)
            self._read_ahead = min(_MAX_READ_AHEAD, 2 * self._read_ahead) if sequential else 1
            count = min(self._read_ahead, self._last_index - index)
            self._ahead = self._fetch(index, count * SEALED_CHUNK)
            self._ahead_first, at = index, 0
        return self._ahead[at : at + SEALED_CHUNK]

    def _fetch(self, index: int, size: int) -> memoryview:
        self._failed = True
        self._file.seek(chunk_offset(index))
        data = memoryview(self._file.read(size))
        self._failed = False
        return data

    def _open(self, index: int, sealed: memoryview) -> bytes:
        self._failed = True
        plain = self._keys.open_chunk(index, sealed)
        self._failed = False
        return plain
