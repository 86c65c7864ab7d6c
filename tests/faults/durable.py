# SPDX-License-Identifier: Apache-2.0
"""What is left of a volume when the power fails: what was synced, under names that were synced."""

from __future__ import annotations

import os
from pathlib import Path


class Durable:
    """The synced state of a directory tree, kept beside it.

    The strictest volume that POSIX allows: of a file is left what an fsync after it took, of a
    directory the entries at its own last fsync; all else is lost. After an fsync that failed, the
    bytes that it was for are never written: Linux takes them for clean, as it does for real.

    Args:
        root: the tree; what lies in it now is durable.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._contents: dict[int, bytearray] = {}
        self._pending: dict[int, list[tuple[int, bytes]]] = {}
        self._entries: dict[int, dict[str, int]] = {}
        # An inode that is open is not given to another file.
        self._pins: dict[int, int] = {}
        for directory, _, files in os.walk(root):
            self.synced_directory(Path(directory))
            for name in files:
                inode = self._pin(Path(directory, name))
                self._contents[inode] = bytearray(Path(directory, name).read_bytes())

    def made(self, path: Path) -> None:
        """A new file or directory: nothing of it is durable yet."""
        inode = self._pin(path)
        if path.is_dir():
            self._entries[inode] = {}
        else:
            self._contents[inode] = bytearray()

    def written(self, handle: int, offset: int, data: bytes) -> None:
        """These bytes wait for an fsync."""
        self._pending.setdefault(os.fstat(handle).st_ino, []).append((offset, data))

    def synced_file(self, handle: int, *, well: bool) -> None:
        """What waited is durable now; or lost, if the fsync failed."""
        inode = os.fstat(handle).st_ino
        for offset, data in self._pending.pop(inode, []):
            if well:
                content = self._contents[inode]
                content.extend(bytes(max(0, offset - len(content))))
                content[offset : offset + len(data)] = data

    def synced_directory(self, path: Path) -> None:
        """The names in a directory are durable now."""
        with os.scandir(path) as entries:
            named = {entry.name: self._pin(Path(entry.path)) for entry in entries}
        self._entries[self._pin(path)] = named

    def write_to(self, target: Path) -> None:
        """Lay out what is left in a new directory."""
        self._lay_out(self._pin(self._root), target)

    def close(self) -> None:
        """Let the inodes go."""
        for descriptor in self._pins.values():
            os.close(descriptor)
        self._pins.clear()

    def _lay_out(self, inode: int, target: Path) -> None:
        target.mkdir()
        for name, child in self._entries.get(inode, {}).items():
            if child in self._entries:
                self._lay_out(child, target / name)
            else:
                (target / name).write_bytes(self._contents[child])
                (target / name).chmod(os.fstat(self._pins[child]).st_mode & 0o777)

    def _pin(self, path: Path) -> int:
        inode = path.stat(follow_symlinks=False).st_ino
        if inode not in self._pins:
            self._pins[inode] = os.open(path, os.O_PATH | os.O_NOFOLLOW)
        return inode
