# SPDX-License-Identifier: Apache-2.0
"""A file system in a process of its own: another directory, with faults.

Commands come as lines of JSON on standard input, each answered by a line; at its end the file
system is unmounted. ``volume.py`` is the other side.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import mfusepy

from tests.faults.durable import Durable
from tests.faults.rules import STEPS, Rule

_STAT = ("st_atime_ns", "st_mtime_ns", "st_ctime_ns")


class FaultFs(mfusepy.Operations):  # type: ignore[misc]
    """Passes everything on to a directory, except what the rules say."""

    use_ns = True

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.RLock()
        self._rules: list[Rule] = []
        self._log: list[tuple[str, str]] = []
        self._dead = False
        self._durable = Durable(root)

    # -- commands

    def command(self, name: str, argument: Any) -> Any:
        """Do what the other side asks for."""
        with self._lock:
            match name:
                case "rules":
                    self._rules = [Rule(**rule) for rule in argument]
                case "log":
                    log, self._log = self._log, []
                    return log
                case "power-cut":
                    self._durable.write_to(Path(argument))
                case "restart":
                    self._durable.close()
                    self._durable = Durable(self._root)
                    self._rules, self._log, self._dead = [], [], False
        return None

    # -- faults

    def _fault(self, op: str, path: str) -> Rule | None:
        """The rule for this operation, unless it is an error: that is raised."""
        if op in STEPS:
            if self._dead:
                raise OSError(errno.EIO, "dead")
            self._log.append((op, path))
        for rule in self._rules:
            if rule.applies(op, path):
                if rule.kill is not None:
                    os.kill(rule.kill, signal.SIGKILL)
                    self._dead = True
                if rule.keep is None and not rule.lie:
                    raise OSError(rule.number or errno.EIO, "by rule")
                return rule
        return None

    def _real(self, path: str) -> Path:
        return self._root / path.lstrip("/")

    # -- the file system

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        with self._lock:
            self._fault("getattr", path)
            stat = os.lstat(self._real(path))
            kept = {n: getattr(stat, n) for n in dir(stat) if n.startswith("st_")}
            return kept | {name.removesuffix("_ns"): getattr(stat, name) for name in _STAT}

    def readdir(self, path: str, fh: int) -> list[str]:
        with self._lock:
            self._fault("readdir", path)
            return [".", "..", *(entry.name for entry in self._real(path).iterdir())]

    def statfs(self, path: str) -> dict[str, int]:
        stat = os.statvfs(self._real(path))
        return {n: getattr(stat, n) for n in dir(stat) if n.startswith("f_") and n != "f_fsid"}

    def chmod(self, path: str, mode: int) -> int:
        self._real(path).chmod(mode)
        return 0

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> int:
        if times is None:
            os.utime(self._real(path))
        else:
            os.utime(self._real(path), ns=times)
        return 0

    def create(self, path: str, mode: int, fi: Any = None) -> int:
        with self._lock:
            self._fault("create", path)
            real = self._real(path)
            new = not real.exists()
            handle = os.open(real, os.O_RDWR | os.O_CREAT | os.O_TRUNC, mode)
            if new:
                self._durable.made(real)
            return handle

    def open(self, path: str, flags: int) -> int:
        with self._lock:
            # Opening is a step only if it cuts the file.
            self._fault("open" if flags & os.O_TRUNC else "open-only", path)
            mode = os.O_RDONLY if flags & os.O_ACCMODE == os.O_RDONLY else os.O_RDWR
            return os.open(self._real(path), mode | (flags & os.O_TRUNC))

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        with self._lock:
            rule = self._fault("read", path)
            keep = size if rule is None or rule.keep is None else min(size, rule.keep)
            return os.pread(fh, keep, offset)

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        with self._lock:
            asked = len(data)
            rule = self._fault("write", path)
            if rule is not None:
                data = data[: rule.keep or 0]
            done = os.pwrite(fh, data, offset)
            self._durable.written(fh, offset, data)
            if rule is None:
                return done
            if rule.kill is not None:
                raise OSError(errno.EIO, "torn")
            if rule.error:
                raise OSError(rule.number, "by rule")
            if rule.lie:  # As a volume that lost what it had taken.
                os.truncate(fh, max(os.fstat(fh).st_size, offset + asked))
                return asked
            return done

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        with self._lock:
            self._fault("truncate", path)
            os.truncate(self._real(path), length)
            return 0

    def flush(self, path: str, fh: int) -> int:
        with self._lock:
            # A file that was only read loses nothing.
            self._fault("flush" if _writes(fh) else "flush-only", path)
            return 0

    def release(self, path: str, fh: int) -> int:
        os.close(fh)
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        with self._lock:
            try:
                rule = self._fault("fsync", path)
            except OSError:
                self._durable.synced_file(fh, well=False)
                raise
            if rule is None:
                self._durable.synced_file(fh, well=True)
            return 0

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
        with self._lock:
            if self._fault("fsyncdir", path) is None:
                self._durable.synced_directory(self._real(path))
            return 0

    def mkdir(self, path: str, mode: int) -> int:
        with self._lock:
            self._fault("mkdir", path)
            self._real(path).mkdir(mode)
            self._durable.made(self._real(path))
            return 0

    def rename(self, old: str, new: str) -> int:
        with self._lock:
            self._fault("rename", old)
            self._real(old).rename(self._real(new))
            return 0

    def link(self, target: str, source: str) -> int:
        with self._lock:
            self._fault("link", target)
            os.link(self._real(source), self._real(target))
            return 0

    def unlink(self, path: str) -> int:
        with self._lock:
            self._fault("unlink", path)
            self._real(path).unlink()
            return 0

    def rmdir(self, path: str) -> int:
        with self._lock:
            self._fault("rmdir", path)
            self._real(path).rmdir()
            return 0


def _writes(handle: int) -> bool:
    return fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY


def _listen(file_system: FaultFs, mount: str) -> None:
    for line in sys.stdin:
        name, argument = json.loads(line)
        sys.stdout.write(json.dumps(file_system.command(name, argument)) + "\n")
        sys.stdout.flush()
    # The files that someone has open keep no process and no test waiting.
    subprocess.run(["fusermount3", "-u", "-z", mount], check=True)
    os._exit(0)


def main(root: str, mount: str) -> None:
    """Serve a mount point until standard input ends."""
    file_system = FaultFs(Path(root))
    threading.Thread(target=_listen, args=(file_system, mount), daemon=True).start()
    # One thread: operations happen in an order. Nothing is remembered about names and attributes,
    # as on a volume that others write to.
    mfusepy.FUSE(
        file_system,
        mount,
        foreground=True,
        nothreads=True,
        hard_remove=True,
        # Pods are other users; only root may let them in.
        allow_other=os.geteuid() == 0,
        attr_timeout=0,
        entry_timeout=0,
        negative_timeout=0,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
