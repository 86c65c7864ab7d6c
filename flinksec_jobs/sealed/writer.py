# SPDX-License-Identifier: Apache-2.0
"""Writes sealed files, for tools and tests; jobs write theirs through the Flink plugin."""

import os
import time
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from cryptography.cobblestone import Cobblestone256Encryptor

from flinksec_jobs.errors import SealedStateError
from flinksec_jobs.private_files import sync_directory
from flinksec_jobs.sealed.associated import AssociatedData
from flinksec_jobs.sealed.format import (
    ID,
    VERSION,
    Context,
    NamePolicy,
    new_header,
    stored_name,
)
from flinksec_jobs.sealed.keyfiles import KEY_BYTES
from flinksec_jobs.sealed.provider import KeyProvider


class SealedWriter:
    """Writes one new sealed file, with a data key of its own; whole once it was closed.

    Leaving a ``with`` block by an exception leaves the file unfinished, so that it is never read
    as whole. Only the process that began a file may write it: a fork of it would seal other
    contents under the same nonces.

    Args:
        path: the new file; must not exist. Its mode becomes 0600.
        ring: the keys; the primary one wraps the data key.
        root: the directory that the stored name is relative to.
        place: where the file belongs, if it is renamed to there later.
        policy: what happens to it elsewhere; by default what its place asks for.
        job: what the data key is for (`job_name.bound_name`); empty if that is not known.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        ring: KeyProvider,
        root: str | None = None,
        *,
        place: str | os.PathLike[str] | None = None,
        policy: NamePolicy = NamePolicy.IGNORE,
        job: str = "",
    ) -> None:
        # resolve() would follow the links of a mount.
        absolute = os.path.abspath(path if place is None else place)  # noqa: PTH100
        context = Context(
            max(policy, NamePolicy.of(absolute)),
            stored_name(absolute, "/" if policy is NamePolicy.ENFORCE and not root else root),
            os.urandom(ID),
            os.urandom(ID),
            time.time_ns() // 1_000_000,
        )
        self._process = os.getpid()
        data_key = os.urandom(KEY_BYTES)
        associated = AssociatedData(VERSION, context.data_key_id, job)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._directory = Path(path).absolute().parent
        self._file: BinaryIO = os.fdopen(descriptor, "wb")
        self._encryptor = Cobblestone256Encryptor(data_key, context.to_bytes())
        self._file.write(new_header(context.to_bytes(), ring.wrap(data_key, associated)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._file.close()

    def write(self, data: bytes) -> int:
        """Seals more plaintext.

        Raises:
            SealedStateError: if another process began the file.
        """
        self._check_process()
        self._file.write(self._encryptor.update(data))
        return len(data)

    def close(self) -> None:
        """Seals the last chunk, syncs file and directory, closes; a second call does nothing.

        Raises:
            SealedStateError: if another process began the file.
        """
        if self._file.closed:
            return
        self._check_process()
        with self._file:
            self._file.write(self._encryptor.finalize())
            self._file.flush()
            os.fsync(self._file.fileno())
        sync_directory(self._directory)

    def _check_process(self) -> None:
        if os.getpid() != self._process:
            raise SealedStateError(
                "a sealed file can be written only by the process that began it",
                hint="begin the file after the fork",
            )
