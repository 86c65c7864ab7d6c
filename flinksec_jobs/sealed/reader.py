# SPDX-License-Identifier: Apache-2.0
"""Reads sealed files: headers alone, or their contents at any position."""

import io
import os
from pathlib import Path
from typing import BinaryIO

from flinksec_jobs.errors import KeyRingError
from flinksec_jobs.sealed.cobblestone import FileKeys
from flinksec_jobs.sealed.format import (
    CHUNK,
    HEADER,
    PREFIX,
    SALT,
    SEALED_CHUNK,
    TAG,
    Header,
    SealedFileError,
    Status,
    chunk_offset,
    plaintext_length,
)
from flinksec_jobs.sealed.keyring import KeyMissingError, KeyRing


def read_header(path: str | os.PathLike[str]) -> Header:
    """The header of a file: its stored name, creation time, key ids; needs no key.

    Nothing in it is authenticated until the file was opened with its key.

    Raises:
        SealedFileError: plaintext, truncated, unsupported or tampered.
    """
    with Path(path).open("rb") as file:
        return Header.parse(file.read(HEADER))


def unlock(header: Header, salt: bytes, commitment: bytes, ring: KeyRing) -> FileKeys:
    """The keys of a file whose commitment they give.

    Raises:
        SealedFileError: key missing, if no slot names a key at hand; else tampered.
    """
    missing: KeyMissingError | None = None
    wrong = "both of its key slots are unreadable"
    for slot in header.slots:
        try:
            keys = FileKeys.derive(ring.unwrap(slot.key), salt, header.context_bytes)
        except KeyMissingError as e:
            missing = e
        except KeyRingError as e:
            wrong = e.message
        else:
            if keys.matches(commitment):
                return keys
            wrong = "its header or its commitment was altered"
    if missing:
        raise SealedFileError(Status.KEY_MISSING, missing.message, hint=missing.hint) from missing
    raise SealedFileError(Status.TAMPERED, wrong)


class SealedReader(io.RawIOBase):
    """The plaintext of one sealed file, seekable.

    The header, the commitment and the last chunk (and so the length) are checked by the
    constructor; every other chunk before a byte of it is returned. After a failure every read
    fails. The file's name is not compared with its stored name: see ``verify_file``.

    Args:
        file: the sealed file, open for reading; closed with the reader.
        ring: the keys.

    Raises:
        SealedFileError: if the file is not whole.
    """

    def __init__(self, file: BinaryIO, ring: KeyRing) -> None:
        self._file = file
        file_length = file.seek(0, os.SEEK_END)
        file.seek(0)
        start = file.read(PREFIX)
        self.header = Header.parse(start[:HEADER])
        length = plaintext_length(file_length)
        if length is None:
            raise SealedFileError(
                Status.TRUNCATED, f"cut short: no whole file has {file_length} bytes"
            )
        self.length = length
        self._keys = unlock(
            self.header, start[HEADER : HEADER + SALT], start[HEADER + SALT : PREFIX], ring
        )
        self._position = 0
        self._failed = False
        self._last_index = length // CHUNK
        self._last = self._decrypt(self._last_index, length % CHUNK + TAG)
        self._cached = (self._last_index, self._last)

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """The position in the plaintext."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Moves in the plaintext; a position beyond its end reads nothing."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.length}[whence]
        if base + offset < 0:
            raise ValueError(f"negative position {base + offset}")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        """Reads at most up to the end of one chunk."""
        if self._failed:
            raise SealedFileError(Status.TAMPERED, "an earlier read failed")
        if self._position >= self.length:
            return 0
        index, start = divmod(self._position, CHUNK)
        part = self._chunk(index)[start : start + len(buffer)]
        buffer[: len(part)] = part
        self._position += len(part)
        return len(part)

    def close(self) -> None:
        """Closes the sealed file too."""
        self._file.close()
        super().close()

    def _chunk(self, index: int) -> bytes:
        if index == self._last_index:
            return self._last
        if self._cached[0] != index:
            self._cached = (index, self._decrypt(index, SEALED_CHUNK))
        return self._cached[1]

    def _decrypt(self, index: int, size: int) -> bytes:
        self._file.seek(chunk_offset(index))
        sealed = self._file.read(size)
        try:
            return self._keys.open_chunk(index, sealed)
        except SealedFileError:
            self._failed = True
            raise


def open_sealed(path: str | os.PathLike[str], ring: KeyRing) -> SealedReader:
    """Opens a sealed file for reading.

    Raises:
        SealedFileError: if the file is not whole; the message begins with its path.
    """
    file = Path(path).open("rb")  # noqa: SIM115 - the reader closes it
    try:
        return SealedReader(file, ring)
    except SealedFileError as e:
        file.close()
        raise SealedFileError(e.status, f"{path}: {e.message}", hint=e.hint) from e
