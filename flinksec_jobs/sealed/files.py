# SPDX-License-Identifier: Apache-2.0
"""Finds files under directories, and works on several at a time."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def walk(path: Path) -> Iterator[Path]:
    """The file, or every file under the directory, sorted.

    A link to a file counts as a file; a link to a directory is not followed.
    """
    if not path.is_dir():
        yield path
        return
    for directory, folders, files in os.walk(path):
        folders.sort()
        for name in sorted(files):
            file = Path(directory, name)
            if file.is_file():
                yield file


def in_order(
    function: Callable[[_Item], _Result], items: Iterable[_Item], *, workers: int
) -> Iterator[_Result]:
    """The results in the items' order, ``workers`` at a time; few wait at any moment.

    Files on a network volume are slow to open, not to decrypt: threads wait side by side.
    """
    if workers <= 1:
        yield from map(function, items)
        return
    pending: deque[Future[_Result]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for item in items:
                pending.append(pool.submit(function, item))
                if len(pending) >= 2 * workers:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
