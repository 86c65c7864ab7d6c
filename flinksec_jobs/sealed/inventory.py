# SPDX-License-Identifier: Apache-2.0
"""What headers tell: which files are sealed and for whom."""

import os
from dataclasses import dataclass
from pathlib import Path

from flinksec_jobs.files import open_regular, reason
from flinksec_jobs.sealed.directories import Found, is_gone
from flinksec_jobs.sealed.format import HEADER, Header, SealedFileError, Status, whole_length
from flinksec_jobs.sealed.provider import KeyProvider
from flinksec_jobs.sealed.reader import SealedReader
from flinksec_jobs.sealed.verify import check_name


@dataclass(frozen=True)
class FileInfo:
    """What is known of one file without reading all of it.

    Attributes:
        path: the file.
        status: None if nothing speaks against it: it has a header, and if keys were given, it
            was opened with them and lies under its name. Chunks but the last were not checked.
        detail: why it has that status.
        file_length: bytes on the volume; None if it could not be read.
        length: bytes of plaintext; authenticated if the file was opened with its key.
        header: its header; authenticated if the file was opened with its key.
        commitment: what names this file and no other; None unless it was opened with its key.
    """

    path: Path
    status: Status | None
    detail: str
    file_length: int | None
    length: int | None
    header: Header | None
    commitment: bytes | None = None


def inspect_file(
    path: str | os.PathLike[str],
    ring: KeyProvider | None = None,
    *,
    place: str | os.PathLike[str] | None = None,
) -> FileInfo:
    """Read a file's header and, with a key ring, opens the file.

    Args:
        path: the file.
        ring: the keys.
        place: the path that the file has for the job, where its volume is mounted elsewhere.

    Raises:
        FileNotFoundError: there is no file of this name (any more).
    """
    path = Path(path)
    file_length: int | None = None
    length: int | None = None
    header: Header | None = None
    commitment: bytes | None = None
    detail = ""
    try:
        with open_regular(path) as file:
            file_length = os.fstat(file.fileno()).st_size
            header = Header.parse(file.read(HEADER))
            length = whole_length(file_length)
            if ring is not None:
                reader = SealedReader(file, ring)
                header, length, commitment = reader.header, reader.length, reader.commitment
                detail = check_name(path if place is None else place, header)
    except SealedFileError as e:
        return FileInfo(path, e.status, e.message, file_length, length, header, commitment)
    except OSError as e:
        if is_gone(path):
            raise FileNotFoundError(e.errno, "was removed", str(path)) from e
        return FileInfo(path, Status.UNREADABLE, reason(e), file_length, None, None)
    return FileInfo(path, None, detail, file_length, length, header, commitment)


def inspect_found(
    found: Found,
    ring: KeyProvider | None = None,
    *,
    place: str | os.PathLike[str] | None = None,
) -> FileInfo | None:
    """Return the same for what a walk came to; None if it went away meanwhile."""
    if found.problem:
        return FileInfo(found.path, Status.UNREADABLE, found.problem, None, None, None)
    try:
        return inspect_file(found.path, ring, place=place)
    except FileNotFoundError:
        return None
