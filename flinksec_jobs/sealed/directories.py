# SPDX-License-Identifier: Apache-2.0
"""Finds files under directories and tells what it could not look at; works on several at a time."""

import os
import stat
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from flinksec_jobs.files import reason

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_NOT_FOLLOWED = "a link to a directory, which is not followed: name the directory itself"


@dataclass(frozen=True)
class Found:
    """What a walk came to.

    Attributes:
        path: a file, or what could not be looked at.
        problem: why not, in words that follow its name; empty for a file.
        link: whether it is a link.
    """

    path: Path
    problem: str = ""
    link: bool = False


def walk(*paths: Path) -> Iterator[Found]:
    """Every file under these paths, sorted in each directory, and everything that hid one.

    A path that is named may be a link. Below it, a link to a file counts as that file, and a link
    to a directory is a problem: what it leads to was not looked at. Devices, pipes and sockets
    come as files: whoever opens them as regular ones is told. What went away since its directory
    was listed is left out. No error is passed over: each is a problem of the path it is about.
    """
    for path in paths:
        try:
            is_directory = stat.S_ISDIR(path.stat().st_mode)
        except (OSError, ValueError) as e:
            yield Found(path, _why(e))
        else:
            yield from _below(path) if is_directory else (Found(path),)


def _below(top: Path) -> Iterator[Found]:
    pending = [top]
    while pending:
        directory = pending.pop()
        entries: list[os.DirEntry[str]] = []
        problem = ""
        try:
            with os.scandir(directory) as listed:
                entries.extend(listed)
        except OSError as e:
            if directory is not top and is_gone(directory):
                continue
            problem = f"cannot be listed: {_why(e)}"
        if problem:
            yield Found(directory, problem)
        folders = []
        for entry in sorted(entries, key=lambda entry: entry.name):
            path = directory / entry.name
            try:
                if entry.is_symlink():
                    yield from _link(path)
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(path)
                else:
                    yield Found(path)
            except OSError as e:
                yield Found(path, _why(e))
        pending.extend(reversed(folders))


def _link(path: Path) -> Iterator[Found]:
    try:
        is_directory = stat.S_ISDIR(path.stat().st_mode)
    except OSError as e:
        if not is_gone(path):
            yield Found(path, f"a link that leads nowhere: {_why(e)}", link=True)
    else:
        yield Found(path, _NOT_FOLLOWED if is_directory else "", link=True)


def is_gone(path: Path) -> bool:
    """Whether there is nothing of this name, known for certain.

    To be asked after an error: a file that another client of an NFS volume removed fails with
    ``ESTALE``, and a link that leads nowhere like a name that is not there.
    """
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False


def leads_into(link: Path, tops: Iterable[Path]) -> bool:
    """Whether a link leads to something under one of these resolved paths, which are walked."""
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):
        return False
    return any(target.is_relative_to(top) for top in tops)


def resolved(paths: Iterable[Path]) -> list[Path]:
    """Return the paths without links; those that lead nowhere are left out."""
    found = []
    for path in paths:
        with suppress(OSError, RuntimeError):
            found.append(path.resolve(strict=True))
    return found


def in_order(
    function: Callable[[_Item], _Result], items: Iterable[_Item], *, workers: int
) -> Iterator[_Result]:
    """Yield the results in the items' order, ``workers`` at a time; few wait at any moment.

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


def _why(error: OSError | ValueError) -> str:
    return reason(error) if isinstance(error, OSError) else "is no name that a file can have"
