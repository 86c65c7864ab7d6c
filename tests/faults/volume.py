# SPDX-License-Identifier: Apache-2.0
"""A mounted volume that fails where a test tells it to."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.faults.rules import Rule
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]
DEVICE = Path("/dev/fuse")


class Volume:
    """A FUSE mount of a directory.

    Args:
        directory: an empty one, for the mount point and what lies behind it.

    Attributes:
        path: the mount point.
        behind: the directory that it shows, which has no faults.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / "volume"
        self.behind = directory / "behind"
        self.path.mkdir()
        self.behind.mkdir()
        self._cuts = directory
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.faultfs", self.behind, self.path],
            cwd=ROOT,
            # Version 2 may be here too, and writes 4 KiB at a time.
            env=os.environ | {"FUSE_LIBRARY_NAME": "fuse3"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        end = time.monotonic() + PATIENCE
        while not os.path.ismount(self.path):
            if self._process.poll() is not None or time.monotonic() > end:
                self.close()
                raise RuntimeError(f"{DEVICE} is here, and a file system cannot be mounted by it")
            time.sleep(0.01)

    def fail(self, *rules: Rule) -> None:
        """Have these faults from now on, and no others."""
        self._ask("rules", [rule.to_json() for rule in rules])

    def heal(self) -> None:
        """Have no faults from now on."""
        self.fail()

    def steps(self) -> list[tuple[str, str]]:
        """What changed the volume since the last call: operation and path, in order."""
        return [(op, path) for op, path in self._ask("log")]

    def power_cut(self, name: str) -> Path:
        """A directory with what would be left if the power failed now."""
        target = self._cuts / name
        self._ask("power-cut", str(target))
        return target

    def restart(self) -> None:
        """Serve again after a kill, without faults; what lies there now counts as durable."""
        self._ask("restart")

    def clear(self) -> None:
        """Delete everything."""
        for path in self.behind.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        self.restart()

    def become(self, directory: Path) -> None:
        """Have what lies in a directory, as after a power cut."""
        self.clear()
        shutil.copytree(directory, self.behind, dirs_exist_ok=True)
        self.restart()

    def close(self) -> None:
        """Unmount."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(PATIENCE)
        assert self._process.stdout
        self._process.stdout.close()

    def _ask(self, command: str, argument: Any = None) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([command, argument]) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())
