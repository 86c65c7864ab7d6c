# SPDX-License-Identifier: Apache-2.0
"""The header of a sealed file, and the arithmetic of its payload (``docs/state-format.md``)."""

import re
import struct
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Self

from flinksec_jobs.errors import SealedStateError

MAGIC = b"\x89FSEAL\r\n"
VERSION = 1
SUITE = 1

CONTEXT = 320
SLOT = 352
HEADER = CONTEXT + 2 * SLOT
SALT = 24
COMMITMENT = 32
PREFIX = HEADER + SALT + COMMITMENT
SLOT_OFFSETS = (CONTEXT, CONTEXT + SLOT)
MAX_GENERATION = (1 << 32) - 1
CHUNK = 16384
TAG = 16
SEALED_CHUNK = CHUNK + TAG
MAX_CHUNKS = 1 << 38

NAME_MAX = 255
ID = 16
AES_KWP = 1
BOUND = 128
KEY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_JOB = re.compile(r"[A-Za-z0-9._~-]{0,80}")

# What Flink never moves: checkpoints, the blobs of high availability (by their directories), its
# execution plans and pointers to checkpoints (by their names). Job results it renames.
_BOUND_DIRECTORY = re.compile(r"chk-[0-9]+|shared|taskowned|job_[0-9a-f]{32}|no_job")
_BOUND_FILE = re.compile(r"(completedCheckpoint|submittedExecutionPlan)[0-9a-f]+")
_MOVABLE_COMPONENTS = 3

_FIXED = struct.Struct(">8sBBHHBB16s16sQQ")
_SLOT = struct.Struct(">IBBH64s276sI")


class Status(StrEnum):
    """What a check of a file can find."""

    WHOLE = "whole"
    TRUNCATED = "truncated"
    TAMPERED = "tampered"
    FOREIGN = "foreign"
    PLAINTEXT = "plaintext"
    KEY_MISSING = "key missing"
    UNSUPPORTED = "unsupported"
    UNREADABLE = "unreadable"


class SealedFileError(SealedStateError):
    """A sealed file is not whole; ``status`` says in which way."""

    def __init__(self, status: Status, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class NamePolicy(IntEnum):
    """What happens when a file does not lie under its stored name; from lax to strict."""

    IGNORE = 0
    WARN = 1
    ENFORCE = 2

    @classmethod
    def of(cls, path: str) -> Self:
        """Return the policy of a file at this path: what Flink never moves has to stay in place."""
        *_, directory, name = ["", *re.split("/+", path)]
        if _BOUND_DIRECTORY.fullmatch(directory) or _BOUND_FILE.fullmatch(name):
            return cls(cls.ENFORCE)
        return cls(cls.WARN if directory.startswith("savepoint-") else cls.IGNORE)


@dataclass(frozen=True)
class WrappedKey:
    """A data key, encrypted by the key-encryption key ``key_id``.

    Attributes:
        algorithm: how it was wrapped; from `BOUND` on with associated data bound to it.
        key_id: the key-encryption key's id.
        data: the wrapped key.
        job: the job that was bound to it; empty if none was known, or none is bound.

    Raises:
        ValueError: no slot can hold a job of this name, or the algorithm binds none.
    """

    algorithm: int
    key_id: str
    data: bytes
    job: str = ""

    def __post_init__(self) -> None:
        check_job(self.job)
        if self.job and self.algorithm < BOUND:
            raise ValueError(f"wrap algorithm {self.algorithm} binds no job")

    def to_bytes(self) -> bytes:
        """Return the wrapped key, with the job before it where one is bound."""
        if self.algorithm < BOUND:
            return self.data
        return len(self.job).to_bytes(1) + self.job.encode("ascii") + self.data

    @classmethod
    def parse(cls, algorithm: int, key_id: str, field: bytes) -> Self | None:
        """Return the key in a slot's field; None if the field is impossible."""
        if algorithm < BOUND:
            return cls(algorithm, key_id, field)
        start = 1 + field[0]
        job = field[1:start].decode("ascii", "replace")
        if start >= len(field) or not _JOB.fullmatch(job):
            return None
        return cls(algorithm, key_id, field[start:], job)


def check_job(job: str) -> None:
    """Refuse what a slot cannot hold as the name of a job.

    Raises:
        ValueError: it is too long, or has other characters.
    """
    if not _JOB.fullmatch(job):
        raise ValueError(
            "a job is bound by up to 80 letters, digits, dots, dashes, underscores and tildes"
        )


@dataclass(frozen=True)
class KeySlot:
    """One of the two places in a header that hold the wrapped data key."""

    generation: int
    key: WrappedKey

    def to_bytes(self) -> bytes:
        """Return the 352 bytes."""
        key_id = self.key.key_id.encode("ascii")
        field = self.key.to_bytes()
        body = _SLOT.pack(
            self.generation,
            self.key.algorithm,
            len(key_id),
            len(field),
            key_id,
            field,
            0,
        )[:-4]
        return body + zlib.crc32(body).to_bytes(4)

    @classmethod
    def parse(cls, data: bytes) -> Self | None:
        """Return the slot in these 352 bytes; None if it is unused or torn."""
        generation, algorithm, id_length, length, key_id, wrapped, crc = _SLOT.unpack(data)
        if generation == 0 or crc != zlib.crc32(data[:-4]):
            return None
        if id_length > len(key_id) or not 0 < length <= len(wrapped):
            return None
        name = key_id[:id_length].decode("ascii", "replace")
        if not KEY_ID.fullmatch(name):
            return None
        key = WrappedKey.parse(algorithm, name, wrapped[:length])
        return cls(generation, key) if key else None


@dataclass(frozen=True)
class Context:
    """The part of the header that is authenticated and never rewritten."""

    policy: NamePolicy
    name: str
    data_key_id: bytes
    file_id: bytes
    created_millis: int

    def to_bytes(self) -> bytes:
        """Return the 320 bytes.

        Raises:
            ValueError: if the name is empty, absolute or longer than 255 bytes.
        """
        name = self.name.encode()
        if not 0 < len(name) <= NAME_MAX or name.startswith(b"/"):
            raise ValueError("a stored name is relative and has 1 to 255 bytes")
        fixed = _FIXED.pack(
            MAGIC,
            VERSION,
            SUITE,
            HEADER,
            0,
            self.policy,
            len(name),
            self.data_key_id,
            self.file_id,
            self.created_millis,
            0,
        )
        return (fixed + name).ljust(CONTEXT, b"\0")

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Parse the first 320 bytes of a file whose magic was found.

        Raises:
            SealedFileError: unsupported or tampered.
        """
        fields = _FIXED.unpack_from(data)
        known = zip(
            ("format version", "suite", "header length", "flags"),
            fields[1:5],
            (VERSION, SUITE, HEADER, 0),
            strict=True,
        )
        for what, value, expected in known:
            if value != expected:
                raise SealedFileError(
                    Status.UNSUPPORTED,
                    f"{what} {value} is not known: written by a newer version, or altered",
                )
        policy, length, data_key_id, file_id, created, reserved = fields[5:]
        name, padding = data[_FIXED.size : _FIXED.size + length], data[_FIXED.size + length :]
        if policy > NamePolicy.ENFORCE or reserved or any(padding):
            raise SealedFileError(Status.TAMPERED, "a header field has an impossible value")
        return cls(NamePolicy(policy), _decode_name(name), data_key_id, file_id, created)


@dataclass(frozen=True)
class Header:
    """The first 1024 bytes of a sealed file; its slots hold the newest first."""

    context: Context
    context_bytes: bytes
    slots: tuple[KeySlot, ...]

    @property
    def created_at_ms(self) -> int:
        """When the file was begun, in milliseconds since 1970-01-01T00:00Z."""
        return self.context.created_millis

    @property
    def created(self) -> datetime:
        """When the file was begun.

        Raises:
            SealedFileError: tampered, if no calendar has that time.
        """
        try:
            return datetime.fromtimestamp(self.created_at_ms / 1000, UTC)
        except (OverflowError, ValueError, OSError):
            raise SealedFileError(Status.TAMPERED, "its time of creation is impossible") from None

    @property
    def name(self) -> str:
        """The stored name: where the file belongs."""
        return self.context.name

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of the key-encryption keys that open the file, the current one first."""
        return tuple(slot.key.key_id for slot in self.slots)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Parse the first bytes of a file: 1024, or fewer if the file is that short.

        Raises:
            SealedFileError: plaintext, truncated, unsupported or tampered.
        """
        compared = min(len(data), len(MAGIC))
        if data[:compared] != MAGIC[:compared]:
            raise SealedFileError(
                Status.PLAINTEXT,
                "not a sealed file: it was written without encryption, or put there",
            )
        if len(data) < HEADER:
            raise SealedFileError(Status.TRUNCATED, "cut short inside its header")
        context = Context.parse(data[:CONTEXT])
        found = (KeySlot.parse(data[at : at + SLOT]) for at in SLOT_OFFSETS)
        slots = sorted((s for s in found if s), key=lambda s: s.generation, reverse=True)
        return cls(context, data[:CONTEXT], tuple(slots))


def new_header(context_bytes: bytes, key: WrappedKey) -> bytes:
    """Return the header of a new file: its key in slot A, slot B empty."""
    return (context_bytes + KeySlot(1, key).to_bytes()).ljust(HEADER, b"\0")


def stored_name(path: str, root: str | None = None) -> str:
    """Return the name for a new file at an absolute path.

    Args:
        path: where the file belongs.
        root: the directory that the name is relative to. Without one, the name of a file that is
            never moved is its whole path, so that no file of another job, directory or mount
            stands in for it; of others the last three components. Leading components are left
            out until the name fits 255 bytes.
    """
    prefix = f"{root.rstrip('/')}/" if root else None
    if prefix and path.startswith(prefix) and path != prefix:
        parts = path.removeprefix(prefix).split("/")
    else:
        parts = path.lstrip("/").split("/")
        if NamePolicy.of(path) is not NamePolicy.ENFORCE:
            parts = parts[-_MOVABLE_COMPONENTS:]
    while len("/".join(parts).encode()) > NAME_MAX and len(parts) > 1:
        parts = parts[1:]
    return "/".join(parts)


def lies_under(path: str, name: str) -> bool:
    """Whether the file at this path lies under its stored name."""
    return path == name or path.endswith("/" + name)


def plaintext_length(file_length: int) -> int | None:
    """Plaintext bytes in a file of this length; None if no whole file has this length."""
    chunks, last = divmod(file_length - PREFIX, SEALED_CHUNK)
    if file_length < PREFIX or last < TAG or chunks >= MAX_CHUNKS:
        return None
    return chunks * CHUNK + last - TAG


def whole_length(file_length: int) -> int:
    """Plaintext bytes in a file of this length.

    Raises:
        SealedFileError: truncated, if no whole file has this length.
    """
    length = plaintext_length(file_length)
    if length is None:
        raise SealedFileError(Status.TRUNCATED, f"cut short: no whole file has {file_length} bytes")
    return length


def chunk_offset(chunk: int) -> int:
    """File position of a chunk."""
    return PREFIX + chunk * SEALED_CHUNK


def _decode_name(data: bytes) -> str:
    try:
        name = data.decode()
    except UnicodeDecodeError:
        name = ""
    if not name or name.startswith("/") or "\0" in name:
        raise SealedFileError(Status.TAMPERED, "the stored name is impossible")
    return name
