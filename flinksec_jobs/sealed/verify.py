# SPDX-License-Identifier: Apache-2.0
"""Checks sealed files byte by byte and says for each what it is."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from flinksec_jobs.sealed.files import in_order, walk
from flinksec_jobs.sealed.format import (
    HEADER,
    Header,
    NamePolicy,
    SealedFileError,
    Status,
    lies_under,
)
from flinksec_jobs.sealed.provider import KeyProvider
from flinksec_jobs.sealed.reader import SealedReader

_READ = 256 * 1024

Progress = Callable[[int], None]


@dataclass(frozen=True)
class FileReport:
    """What a check of one file found.

    Attributes:
        path: the file.
        status: what it is.
        detail: why, in one sentence; empty if it is whole and lies under its name.
        length: plaintext bytes, authenticated; None unless the file could be opened.
        header: its header; None if it has none. Authenticated if the file could be opened.
        commitment: what names this file and no other (see ``manifest``); None unless the file
            could be opened.
    """

    path: Path
    status: Status
    detail: str
    length: int | None
    header: Header | None
    commitment: bytes | None = None

    @property
    def whole(self) -> bool:
        """Whether every byte is authentic and the file lies where it belongs."""
        return self.status is Status.WHOLE


def verify_file(
    path: str | os.PathLike[str], ring: KeyProvider, *, progress: Progress | None = None
) -> FileReport:
    """Reads a whole file and checks every chunk, then its name.

    Args:
        path: the file.
        ring: the keys.
        progress: called with the number of plaintext bytes after every so many of them.

    Raises:
        OSError: if the file cannot be read at all.
    """
    path = Path(path)
    length: int | None = None
    header: Header | None = None
    commitment: bytes | None = None
    try:
        with path.open("rb") as file:
            header = Header.parse(file.read(HEADER))
            reader = SealedReader(file, ring)
            header, length, commitment = reader.header, reader.length, reader.commitment
            while part := reader.read(_READ):
                if progress:
                    progress(len(part))
        remark = check_name(path, header)
    except SealedFileError as e:
        return FileReport(path, e.status, e.message, length, header, commitment)
    return FileReport(path, Status.WHOLE, remark, length, header, commitment)


def verify_tree(
    path: str | os.PathLike[str],
    ring: KeyProvider,
    *,
    workers: int = 1,
    progress: Progress | None = None,
) -> Iterator[FileReport]:
    """Checks a file, or every file under a directory, in the order of their paths."""

    def verify(file: Path) -> FileReport:
        return verify_file(file, ring, progress=progress)

    return in_order(verify, walk(Path(path)), workers=workers)


def check_name(path: str | os.PathLike[str], header: Header) -> str:
    """Compares where a file lies with where it belongs; the header must be authenticated.

    Returns:
        A remark, if it lies elsewhere and is of a kind that may have been moved; else nothing.

    Raises:
        SealedFileError: foreign, if it lies elsewhere and is of a kind that is never moved.
    """
    absolute = os.path.abspath(path)  # noqa: PTH100 - resolve() would follow a mount's links
    if lies_under(absolute, header.name):
        return ""
    policy = max(header.context.policy, NamePolicy.of(absolute))
    if policy is NamePolicy.ENFORCE:
        raise SealedFileError(
            Status.FOREIGN,
            f"it was written as '{header.name}': moved, or swapped for another file",
        )
    return f"it was written as '{header.name}'" if policy is NamePolicy.WARN else ""
