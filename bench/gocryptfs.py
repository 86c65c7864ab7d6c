# SPDX-License-Identifier: Apache-2.0
"""A directory that gocryptfs encrypts, through FUSE."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PATIENCE = 30


@dataclass(frozen=True)
class Mount:
    """A mounted file system.

    Attributes:
        directory: where files are plaintext.
        ciphertext: where they lie.
        pid: of the process that encrypts.
    """

    directory: Path
    ciphertext: Path
    pid: int


@contextmanager
def mounted(base: Path, say: Callable[[str], None]) -> Iterator[Mount | None]:
    """Mount below a directory that is to be made; nothing, and a line why, where that cannot be."""
    program, unmount = shutil.which("gocryptfs"), shutil.which("fusermount3")
    if not (program and unmount and Path("/dev/fuse").exists()):
        say("without gocryptfs: it needs the Debian packages gocryptfs and fuse3, and /dev/fuse")
        yield None
        return
    ciphertext, directory, password = base / "ciphertext", base / "mounted", base / "password"
    for path in (ciphertext, directory):
        path.mkdir(parents=True)
    password.write_text("of a bench\n")
    quiet = [program, "-q", "-nosyslog", "-passfile", str(password)]
    subprocess.run([*quiet, "-init", "-scryptn", "10", str(ciphertext)], check=True)
    process = subprocess.Popen([*quiet, "-fg", str(ciphertext), str(directory)])
    try:
        _wait(process, directory)
        yield Mount(directory, ciphertext, process.pid)
    finally:
        subprocess.run([unmount, "-u", "-z", str(directory)], check=False)
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], directory: Path) -> None:
    for _ in range(_PATIENCE):
        if directory.is_mount():
            return
        if process.poll() is not None:
            break
        time.sleep(1)
    raise RuntimeError(f"gocryptfs did not mount {directory}")
