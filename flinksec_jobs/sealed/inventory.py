# SPDX-License-Identifier: Apache-2.0
"""What headers tell: which files are sealed, for whom, and which keys they need."""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flinksec_jobs.sealed.files import walk
from flinksec_jobs.sealed.format import Header, SealedFileError, Status, whole_length
from flinksec_jobs.sealed.provider import KeyProvider
from flinksec_jobs.sealed.reader import SealedReader, read_header
from flinksec_jobs.sealed.verify import check_name


@dataclass(frozen=True)
class FileInfo:
    """What is known of one file without reading all of it.

    Attributes:
        path: the file.
        status: None if nothing speaks against it: it has a header, and if keys were given, it
            was opened with them and lies under its name. Chunks but the last were not checked.
        detail: why it has that status.
        file_length: bytes on the volume.
        length: bytes of plaintext; authenticated if the file was opened with its key.
        header: its header; authenticated if the file was opened with its key.
    """

    path: Path
    status: Status | None
    detail: str
    file_length: int
    length: int | None
    header: Header | None


def inspect_file(path: str | os.PathLike[str], ring: KeyProvider | None = None) -> FileInfo:
    """Reads a file's header and, with a key ring, opens the file.

    Raises:
        OSError: if the file cannot be read at all.
    """
    path = Path(path)
    file_length = path.stat().st_size
    length: int | None = None
    header: Header | None = None
    try:
        header = read_header(path)
        length = whole_length(file_length)
        detail = ""
        if ring is not None:
            with path.open("rb") as file, SealedReader(file, ring) as reader:
                header, length = reader.header, reader.length
            detail = check_name(path, header)
    except SealedFileError as e:
        return FileInfo(path, e.status, e.message, file_length, length, header)
    return FileInfo(path, None, detail, file_length, length, header)


def keys_named(paths: Iterable[Path]) -> Counter[str]:
    """How many of the files under these paths name each key-encryption key.

    A key that no file names is needed by none of them. Files without a header name no key.
    """
    named: Counter[str] = Counter()
    for file in (file for path in paths for file in walk(path)):
        try:
            named.update(set(read_header(file).key_ids))
        except SealedFileError:
            continue
    return named
