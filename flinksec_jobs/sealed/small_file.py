# SPDX-License-Identifier: Apache-2.0
"""A small file of this library's own among state: sealed, bound to its place, replaced in one step.

What it holds is authentic: somebody with the keys wrote it for this very path. That it is the
newest of those that were written there, no single file can show.
"""

import os
from pathlib import Path

from flinksec_jobs.errors import SealedStateError
from flinksec_jobs.files import open_regular, reason
from flinksec_jobs.private_files import sync_directory
from flinksec_jobs.sealed.format import NamePolicy, SealedFileError, Status, stored_name
from flinksec_jobs.sealed.provider import KeyProvider
from flinksec_jobs.sealed.reader import SealedReader
from flinksec_jobs.sealed.verify import check_name
from flinksec_jobs.sealed.writer import SealedWriter

_LIMIT = 1 << 20


def write_record(
    path: str | os.PathLike[str], ring: KeyProvider, content: bytes, *, job: str = ""
) -> None:
    """Write a file, or replaces it; it is durable then, and never there in part.

    Its policy is enforce and its stored name is the whole path, so it is read at this path only.

    Args:
        path: where; its directory exists.
        ring: the keys; the primary one seals.
        content: at most 1 MiB.
        job: what the data key is for; empty if that is not known.

    Raises:
        OSError: it cannot be written.
    """
    target = Path(path)
    if len(content) > _LIMIT:
        raise ValueError("a record has at most 1 MiB")
    temporary = target.with_name(f".{target.name}.{os.getpid()}.{os.urandom(4).hex()}.part")
    try:
        with SealedWriter(
            temporary, ring, place=target, policy=NamePolicy.ENFORCE, job=job
        ) as writer:
            writer.write(content)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(target.parent)


def read_record(path: str | os.PathLike[str], ring: KeyProvider) -> bytes | None:
    """Return what a file holds that `write_record` wrote for this path; None if there is none.

    Raises:
        SealedStateError: it is there and cannot be read, is not whole, was written for another
            path, or is no record.
    """
    target = Path(path)
    try:
        with open_regular(target) as file:
            return _content(target, SealedReader(file, ring))
    except FileNotFoundError:
        if not os.path.lexists(target):
            return None
        raise SealedStateError(f"{target} is a link that leads nowhere") from None
    except SealedFileError as e:
        raise SealedFileError(e.status, f"{target}: {e.message}", hint=e.hint) from e
    except OSError as e:
        raise SealedStateError(f"{target} cannot be read: {reason(e)}") from e


def _content(path: Path, reader: SealedReader) -> bytes:
    # A file of any other policy may lie here by its own right, and says nothing about this place.
    header = reader.header
    if header.context.policy is not NamePolicy.ENFORCE:
        raise SealedFileError(Status.FOREIGN, "it is state of Flink, put in the place of a record")
    check_name(path, header)
    if header.name != stored_name(os.path.abspath(path), "/"):  # noqa: PTH100
        raise SealedFileError(Status.FOREIGN, "it was not written as a record")
    if reader.length > _LIMIT:
        raise SealedFileError(Status.TAMPERED, "it is longer than any record")
    return reader.read()
