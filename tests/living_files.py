# SPDX-License-Identifier: Apache-2.0
"""Look into a directory that running processes write to: what goes meanwhile is not an error."""

import os
from collections.abc import Iterator
from pathlib import Path


def paths_below(directory: Path) -> Iterator[Path]:
    """What is below a directory, without what goes meanwhile; nothing if it is not there.

    ``Path.rglob`` fails when a directory goes between its being listed and looked into, and
    ``os.walk`` passes over whatever it cannot look into.

    Raises:
        OSError: One of the directories is there, and cannot be looked into.
    """
    for parent, directories, files in os.walk(directory, onerror=_unless_it_went):
        yield from (Path(parent, name) for name in (*directories, *files))


def content_below(directory: Path) -> Iterator[bytes]:
    """What the files below a directory hold, without those that go meanwhile."""
    for path in paths_below(directory):
        try:
            if path.is_file():
                yield path.read_bytes()
        except FileNotFoundError:
            continue


def _unless_it_went(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error
