# SPDX-License-Identifier: Apache-2.0
"""Keep the checkpoints of a running job, which the job itself removes when it ends well."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

_INTERVAL_SECONDS = 0.2


class Evidence:
    """A thread that hard-links every file below a directory as soon as it is seen.

    A link costs nothing, and shows the very bytes that lay on the volume. A file that was still
    being written when it was linked is complete once its writer has closed it.

    A file that could not be seen would be missing in what the links prove: such an error is raised
    at the end. A link lies under the whole path that its file had for the job, so that a sealed
    one still lies under its stored name.

    Args:
        source: the state directory of the job.
        target: where to keep the links, on the same file system.
        seen_as: the path that the source has for the job, if that is another one.

    Attributes:
        directory: the target.
        root: where below it the source's own files are linked.
    """

    def __init__(self, source: Path, target: Path, *, seen_as: Path | None = None) -> None:
        self._source = source
        self.directory = target
        self.root = target / (seen_as or source).absolute().relative_to("/")
        self._kept: set[str] = set()
        self._failed: OSError | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="evidence", daemon=True)

    def __enter__(self) -> Self:
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._thread.start()
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        if self._failed and exception is None:
            raise self._failed

    def checkpoints(self) -> list[Path]:
        """Return the directories of the checkpoints that were completed, oldest first."""
        found = self.directory.glob("**/chk-*/_metadata")
        return sorted((path.parent for path in found), key=lambda p: int(p.name[4:]))

    def files(self) -> list[Path]:
        """All files that belong to a completed checkpoint."""
        return [path for chk in self.checkpoints() for path in chk.iterdir() if path.is_file()]

    def _watch(self) -> None:
        try:
            self._keep_all()
        except OSError as error:
            self._note(error)

    def _keep_all(self) -> None:
        while not self._stop.wait(_INTERVAL_SECONDS):
            for path in self._new_files():
                link = self.root / Path(path).relative_to(self._source)
                link.parent.mkdir(parents=True, exist_ok=True)
                with suppress(FileExistsError, FileNotFoundError):
                    os.link(path, link)
                    self._kept.add(path)

    def _note(self, error: OSError) -> None:
        """Keep the first error of a directory that is there and was not looked at."""
        if not isinstance(error, FileNotFoundError):
            self._failed = self._failed or error

    def _new_files(self) -> Iterator[str]:
        for directory, _, names in os.walk(self._source, onerror=self._note):
            for name in names:
                path = os.path.join(directory, name)  # noqa: PTH118  five times a second
                if path not in self._kept:
                    yield path
