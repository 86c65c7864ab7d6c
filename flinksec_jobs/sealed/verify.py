# SPDX-License-Identifier: Apache-2.0
"""Checks sealed files byte by byte and says for each what it is."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from flinksec_jobs.escaping import escaped
from flinksec_jobs.files import open_regular, reason
from flinksec_jobs.sealed.directories import Found, in_order, is_gone, walk
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
    path: str | os.PathLike[str],
    ring: KeyProvider,
    *,
    place: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> FileReport:
    """Read a whole file and checks every chunk, then its name.

    A file that cannot be read, or is no regular one, is reported as unreadable.

    Args:
        path: the file.
        ring: the keys.
        place: the path that the file has for the job, where its volume is mounted elsewhere.
        progress: called with the number of plaintext bytes after every so many of them.

    Raises:
        FileNotFoundError: there is no file of this name (any more).
    """
    path = Path(path)
    length: int | None = None
    header: Header | None = None
    commitment: bytes | None = None
    try:
        with open_regular(path) as file:
            header = Header.parse(file.read(HEADER))
            reader = SealedReader(file, ring)
            header, length, commitment = reader.header, reader.length, reader.commitment
            while part := reader.read(_READ):
                if progress:
                    progress(len(part))
        remark = check_name(path if place is None else place, header)
    except SealedFileError as e:
        return FileReport(path, e.status, e.message, length, header, commitment)
    except OSError as e:
        if is_gone(path):
            raise FileNotFoundError(e.errno, "was removed", str(path)) from e
        return FileReport(path, Status.UNREADABLE, reason(e), length, header, commitment)
    return FileReport(path, Status.WHOLE, remark, length, header, commitment)


def verify_found(
    found: Found,
    ring: KeyProvider,
    *,
    place: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> FileReport | None:
    """Return the same for what a walk came to; None if it went away meanwhile."""
    if found.problem:
        return FileReport(found.path, Status.UNREADABLE, found.problem, None, None)
    try:
        return verify_file(found.path, ring, place=place, progress=progress)
    except FileNotFoundError:
        return None


def verify_tree(
    path: str | os.PathLike[str],
    ring: KeyProvider,
    *,
    place: str | os.PathLike[str] | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> Iterator[FileReport]:
    """Check a file, or every file under a directory, in the order of their paths.

    What could not be looked at (a directory that cannot be listed, a link to one) is reported as
    unreadable; what went away meanwhile is not reported.

    Args:
        path: the file or directory.
        ring: the keys.
        place: the path that it has for the job, where its volume is mounted elsewhere.
        workers: how many files at a time.
        progress: called with the number of plaintext bytes after every so many of them.
    """
    top = Path(path)

    def verify(found: Found) -> FileReport | None:
        there = None if place is None else Path(place, found.path.relative_to(top))
        return verify_found(found, ring, place=there, progress=progress)

    return (report for report in in_order(verify, walk(top), workers=workers) if report)


def check_name(path: str | os.PathLike[str], header: Header) -> str:
    """Compare where a file lies with where it belongs; the header must be authenticated.

    Returns:
        A remark, if it lies elsewhere and is of a kind that may have been moved; else nothing.

    Raises:
        SealedFileError: foreign, if it lies elsewhere and is of a kind that is never moved.
    """
    absolute = os.path.abspath(path)  # noqa: PTH100 - resolve() would follow a mount's links
    if lies_under(absolute, header.name):
        return ""
    name = escaped(header.name)
    policy = max(header.context.policy, NamePolicy.of(absolute))
    if policy is NamePolicy.ENFORCE:
        raise SealedFileError(
            Status.FOREIGN,
            f"it was written as '{name}': moved, or swapped for another file",
            hint="if you moved it: flinksec state verify --place, flinksec state cat --moved",
        )
    return f"it was written as '{name}'" if policy is NamePolicy.WARN else ""
