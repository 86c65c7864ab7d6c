# SPDX-License-Identifier: Apache-2.0
"""Reads sealed files: headers alone, or their contents at any position."""

import io
import os
from dataclasses import dataclass
from typing import BinaryIO

from flinksec_jobs.errors import KeyRingError
from flinksec_jobs.files import open_regular
from flinksec_jobs.sealed.associated import AssociatedData
from flinksec_jobs.sealed.cobblestone import FileKeys
from flinksec_jobs.sealed.format import (
    CHUNK,
    HEADER,
    PREFIX,
    SALT,
    Header,
    KeySlot,
    SealedFileError,
    Status,
    whole_length,
)
from flinksec_jobs.sealed.payload import Payload
from flinksec_jobs.sealed.provider import KeyMissingError, KeyProvider, KeysUnavailableError


def read_header(path: str | os.PathLike[str]) -> Header:
    """Return the header of a file: its stored name, creation time, key ids; needs no key.

    Nothing in it is authenticated until the file was opened with its key.

    Raises:
        SealedFileError: plaintext, truncated, unsupported or tampered.
        OSError: it is no regular file, or cannot be read.
    """
    with open_regular(path) as file:
        return Header.parse(file.read(HEADER))


@dataclass(frozen=True)
class Unlocked:
    """What a header gives to someone who has its key.

    Attributes:
        slot: the slot that holds the data key.
        data_key: 32 bytes.
        keys: the file's own keys, derived from it.
    """

    slot: KeySlot
    data_key: bytes
    keys: FileKeys

    def __repr__(self) -> str:
        return f"Unlocked(by {self.slot.key.key_id!r})"


def unlock(header: Header, salt: bytes, commitment: bytes, ring: KeyProvider) -> Unlocked:
    """Return the data key of a file, from the newest slot that gives the file's commitment.

    Raises:
        SealedFileError: key missing, if no slot names a key at hand; else tampered.
        KeysUnavailableError: a provider that could open it does not answer.
    """
    missing: KeyMissingError | None = None
    unavailable: KeysUnavailableError | None = None
    wrong = "both of its key slots are unreadable"
    for slot in header.slots:
        try:
            data_key = ring.unwrap(slot.key, AssociatedData.of(header.context, slot.key))
        except KeyMissingError as e:
            missing = e
        except KeysUnavailableError as e:
            unavailable = e
        except KeyRingError as e:
            wrong = e.message
        else:
            keys = FileKeys.derive(data_key, salt, header.context_bytes)
            if keys.matches(commitment):
                return Unlocked(slot, data_key, keys)
            wrong = "its header or its commitment was altered"
    if unavailable:
        raise unavailable
    if missing:
        raise SealedFileError(Status.KEY_MISSING, missing.message, hint=missing.hint) from missing
    raise SealedFileError(Status.TAMPERED, wrong)


class SealedReader(io.RawIOBase):
    """The plaintext of one sealed file, seekable.

    The header, the commitment and the last chunk (and so the length) are checked by the
    constructor; every other chunk before a byte of it is returned. After a failure every read
    fails. The file's name is not compared with its stored name: see ``check_name``.

    Args:
        file: the sealed file, open for reading; closed with the reader.
        ring: the keys.

    Raises:
        SealedFileError: if the file is not whole.
    """

    def __init__(self, file: BinaryIO, ring: KeyProvider) -> None:
        self._file = file
        file_length = file.seek(0, os.SEEK_END)
        file.seek(0)
        start = file.read(PREFIX)
        self.header = Header.parse(start[:HEADER])
        whole_length(file_length)
        salt, self.commitment = start[HEADER : HEADER + SALT], start[HEADER + SALT :]
        self._payload = Payload(file, unlock(self.header, salt, self.commitment, ring).keys)
        self._position = 0

    @property
    def length(self) -> int:
        """Bytes of plaintext, authenticated."""
        return self._payload.length

    def readable(self) -> bool:
        """Return true."""
        return True

    def seekable(self) -> bool:
        """Return true."""
        return True

    def tell(self) -> int:
        """Return the position in the plaintext."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move in the plaintext; a position beyond its end reads nothing."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.length}[whence]
        if base + offset < 0:
            raise ValueError(f"negative position {base + offset}")
        self._position = base + offset
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        """Read so many bytes, fewer only at the end; without a size, all that is left."""
        self._check_open()
        left = max(0, self.length - self._position)
        wanted = left if size is None or size < 0 else min(size, left)
        parts = []
        while wanted > 0:
            parts.append(self._read_chunk(wanted))
            wanted -= len(parts[-1])
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        """Read at most up to the end of one chunk."""
        part = self._read_chunk(len(buffer))
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        """Close the sealed file too."""
        self._file.close()
        super().close()

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("the file is closed")

    def _read_chunk(self, size: int) -> bytes:
        self._check_open()
        if self._position >= self.length:
            return b""
        index, start = divmod(self._position, CHUNK)
        part = self._payload.chunk(index)[start : start + size]
        self._position += len(part)
        return part


def open_sealed(path: str | os.PathLike[str], ring: KeyProvider) -> SealedReader:
    """Open a sealed file for reading.

    Raises:
        SealedFileError: if the file is not whole; the message begins with its path.
        OSError: it is no regular file, or cannot be read.
    """
    file = open_regular(path)
    try:
        return SealedReader(file, ring)
    except SealedFileError as e:
        file.close()
        raise SealedFileError(e.status, f"{path}: {e.message}", hint=e.hint) from e
    except BaseException:
        file.close()
        raise
