# SPDX-License-Identifier: Apache-2.0
"""Checks sealed files byte by byte and says for each what it is."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flinksec_jobs.sealed.format import (
    Header,
    NamePolicy,
    SealedFileError,
    Status,
    lies_under,
)
from flinksec_jobs.sealed.keyring import KeyRing
from flinksec_jobs.sealed.reader import SealedReader, read_header

_READ = 256 * 1024


@dataclass(frozen=True)
class FileReport:
    """What a check of one file found.

    Attributes:
        path: the file.
        status: what it is.
        detail: why, in one sentence; empty if it is whole.
        length: plaintext bytes, authenticated; None unless the file could be opened.
        header: its header; None if it has none. Authenticated if the file could be opened.
    """

    path: Path
    status: Status
    detail: str
    length: int | None
    header: Header | None

    @property
    def whole(self) -> bool:
        """Whether every byte is authentic and the file lies where it belongs."""
        return self.status is Status.WHOLE


def verify_file(path: str | os.PathLike[str], ring: KeyRing) -> FileReport:
    """Reads a whole file and checks every chunk, then its name.

    Raises:
        OSError: if the file cannot be read at all.
    """
    path = Path(path)
    length: int | None = None
    header: Header | None = None
    try:
        header = read_header(path)
        with path.open("rb") as file, SealedReader(file, ring) as reader:
            length = reader.length
            while reader.read(_READ):
                pass
            _check_name(path, reader.header)
    except SealedFileError as e:
        return FileReport(path, e.status, e.message, length, header)
    return FileReport(path, Status.WHOLE, "", length, header)


def verify_tree(path: str | os.PathLike[str], ring: KeyRing) -> Iterator[FileReport]:
    """Checks a file, or every regular file under a directory, in the order of their paths."""
    for file in walk(Path(path)):
        yield verify_file(file, ring)


def walk(path: Path) -> Iterator[Path]:
    """The file, or every regular file under the directory, sorted; links are not followed."""
    if not path.is_dir():
        yield path
        return
    for directory, folders, files in os.walk(path):
        folders.sort()
        for name in sorted(files):
            file = Path(directory, name)
            if file.is_file() and not file.is_symlink():
                yield file


def _check_name(path: Path, header: Header) -> None:
    absolute = os.path.abspath(path)  # noqa: PTH100 - resolve() would follow a mount's links
    policy = max(header.context.policy, NamePolicy.of(absolute))
    if policy is NamePolicy.ENFORCE and not lies_under(absolute, header.name):
        raise SealedFileError(
            Status.FOREIGN,
            f"it was written as '{header.name}': moved, or swapped for another file",
        )
