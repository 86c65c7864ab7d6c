# SPDX-License-Identifier: Apache-2.0
"""Copies the contents of sealed files out, in clear."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from flinksec_jobs.errors import SealedStateError
from flinksec_jobs.sealed.format import SealedFileError
from flinksec_jobs.sealed.provider import KeyProvider
from flinksec_jobs.sealed.reader import open_sealed
from flinksec_jobs.sealed.verify import Progress, check_name

_READ = 256 * 1024


def copy_out(
    path: str | os.PathLike[str],
    ring: KeyProvider,
    out: BinaryIO,
    *,
    moved: bool = False,
    progress: Progress | None = None,
) -> None:
    """Write a file's contents to a stream: only what was authenticated, chunk by chunk.

    Args:
        path: the sealed file.
        ring: the keys.
        out: where to write; what it got before an error is authentic, but not all.
        moved: read a checkpoint's file also if it does not lie under its name.
        progress: called with the number of plaintext bytes after every so many of them.

    Raises:
        SealedFileError: if the file is not whole; the message begins with its path.
    """
    with open_sealed(path, ring) as reader:
        try:
            if not moved:
                check_name(path, reader.header)
            while part := reader.read(_READ):
                out.write(part)
                if progress:
                    progress(len(part))
        except SealedFileError as e:
            raise SealedFileError(e.status, f"{path}: {e.message}", hint=e.hint) from e


@contextmanager
def private_file(path: Path) -> Iterator[BinaryIO]:
    """Open a new file with mode 0600, which exists only if the block ends without an error.

    Raises:
        SealedStateError: if the file exists, or the path can be none.
    """
    if path.name in ("", ".."):
        raise SealedStateError(f"{path} is a directory", hint="name a new file")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        os.link(temporary, path)
    except FileExistsError:
        raise SealedStateError(
            f"{path} exists", hint="name another one: files are not overwritten"
        ) from None
    finally:
        temporary.unlink()
