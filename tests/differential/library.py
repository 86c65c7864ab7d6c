# SPDX-License-Identifier: Apache-2.0
"""The Python half: what the library, and ``cryptography`` alone, say of a case."""

import io
import zlib
from pathlib import Path
from typing import BinaryIO

from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.exceptions import InvalidTag

from flinksec_jobs.sealed import KeyRing, SealedFileError, SealedReader, SealedWriter
from flinksec_jobs.sealed.verify import check_name
from tests.differential.cases import Writing
from tests.vectors import sealing

_WHOLE_READ = 30_000
_JAVA_INT_MAX = (1 << 31) - 1


def opened(file: BinaryIO, path: str, ring: KeyRing) -> SealedReader:
    """Opens a file as Flink does, which looks at its name at once.

    Raises:
        SealedFileError: if it is not whole, as far as opening can tell.
    """
    reader = SealedReader(file, ring)
    check_name(path, reader.header)
    return reader


def read(file: BinaryIO, path: str, steps: tuple[str, ...], ring: KeyRing) -> str:
    """What opening says, and each step after it; in the words of the Java side."""
    try:
        reader = opened(file, path, ring)
    except SealedFileError as e:
        return e.status.name
    said = ["WHOLE"]
    failed = False
    for step in steps:
        try:
            result = _step(reader, step)
            said.append("failed" if failed else result)
            if failed and _reads(reader, step):
                said[-1] = f"NOT STICKY {result}"
        except SealedFileError as e:
            said.append("failed" if failed else e.status.name)
            failed = True
    return " ".join(said)


def whole(data: bytes, path: str, ring: KeyRing) -> tuple[str, bytes | None]:
    """What reading all of it says, and what it holds."""
    try:
        reader = opened(io.BytesIO(data), path, ring)
        parts = list(iter(lambda: reader.read(_WHOLE_READ), b""))
    except SealedFileError as e:
        return e.status.name, None
    content = b"".join(parts)
    return f"WHOLE {_data(content)}", content


def cobblestone(data: bytes, data_key: bytes) -> bytes | None:
    """The plaintext that ``cryptography`` finds in the payload; None if it finds a fault."""
    decryptor = Cobblestone256Decryptor(data_key, data[: sealing.SLOT_A])
    try:
        return decryptor.update(data[sealing.HEADER :]) + decryptor.finalize()
    except (InvalidTag, ValueError):
        return None


def written(case: Writing, directory: Path, ring: KeyRing) -> bytes:
    """The file that the library writes, piece by piece."""
    path = directory / case.path.removeprefix("/mnt/state/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    done = 0
    with SealedWriter(path, ring) as writer:
        for step in case.steps:
            size = {"w": int(step[1:] or 0), "b": 1}.get(step[0], 0)
            done += writer.write(case.plain[done : done + size])
        writer.write(case.plain[done:])
    return path.read_bytes()


def _data(data: bytes) -> str:
    return f"{len(data)}:{zlib.crc32(data):08x}"


def _step(reader: SealedReader, step: str) -> str:  # noqa: PLR0911  one return for each kind
    kind, numbers = step[0], [int(number) for number in step[1:].split(",") if number]
    position = reader.tell()
    match kind:
        case "r":
            return _read(reader, numbers[0])
        case "b":
            return _read(reader, 1)
        case "v":
            return _read_into(reader, numbers[0])
        case "p" | "q":
            if numbers[0] < 0:
                return "beyond"
            reader.seek(numbers[0])
            try:
                return _read(reader, numbers[1])
            finally:
                reader.seek(position)
        case "s":
            if not 0 <= numbers[0] <= reader.length:
                return "beyond"
            reader.seek(numbers[0])
            return "ok"
        case "k":
            skipped = max(0, min(numbers[0], reader.length - position))
            reader.seek(skipped, io.SEEK_CUR)
            return str(skipped)
        case "t":
            return str(position)
        case _:
            return str(min(reader.length - position, _JAVA_INT_MAX))


def _read(reader: SealedReader, size: int) -> str:
    data = reader.read(size)
    return _data(data) if data or not size else "-1"


def _read_into(reader: SealedReader, size: int) -> str:
    """By way of a buffer, which is filled in parts."""
    buffer = memoryview(bytearray(size))
    position, done = reader.tell(), 0
    try:
        while done < size and (count := reader.readinto(buffer[done:])):
            done += count
    except SealedFileError:
        reader.seek(position)
        raise
    return _data(bytes(buffer[:done])) if done or not size else "-1"


def _reads(reader: SealedReader, step: str) -> bool:
    """Whether a step asks for a byte that is there."""
    numbers = [int(number) for number in step[1:].split(",") if number]
    match step[0]:
        case "r" | "v":
            return numbers[0] > 0 and reader.tell() < reader.length
        case "b":
            return reader.tell() < reader.length
        case "p" | "q":
            return numbers[1] > 0 and 0 <= numbers[0] < reader.length
        case _:
            return False
