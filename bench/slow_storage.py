# SPDX-License-Identifier: Apache-2.0
"""A file system on a loop device that the kernel slows down, proven by a synced write."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

MB = 1_000_000
# How far a second's worth may be from the limit: the kernel lets its first tenth through.
_KEPT = (0.5, 1.25)

_CGROUPS = Path("/sys/fs/cgroup")


def kept(rate: float, mb_per_second: int) -> bool:
    """Whether so many bytes per second are what the limit allows, more or less."""
    low, high = (mb_per_second * MB * part for part in _KEPT)
    return low <= rate <= high


@dataclass(frozen=True)
class Throttled:
    """A mounted file system.

    Attributes:
        directory: an empty one on it.
        processes: the file that a process writes its id to, to be slowed down.
        rate: bytes per second that a synced write reached, on the whole.
    """

    directory: Path
    processes: Path
    rate: float


class CannotThrottleError(Exception):
    """This machine does not allow it, or does not keep the limit."""


@contextmanager
def throttled(
    base: Path, mb_per_second: int, size: int, say: Callable[[str], None]
) -> Iterator[Throttled | None]:
    """Mount a device of so many bytes; nothing, and a line why, where that cannot be.

    Args:
        base: a directory on tmpfs, in which the device's bytes lie.
        mb_per_second: what may be written to it, in 10^6 bytes.
        size: of the device, in bytes.
        say: is told why it cannot be.
    """
    with ExitStack() as stack:
        try:
            made = _made(stack, base, mb_per_second * MB, size)
        except (OSError, subprocess.CalledProcessError, CannotThrottleError) as error:
            say(f"no slow storage of {mb_per_second} MB/s, and no row for it: {error}")
            made = None
        yield made


def _made(stack: ExitStack, base: Path, limit: int, size: int) -> Throttled:
    for tool in ("losetup", "mkfs.ext4", "mount"):
        if not shutil.which(tool):
            raise CannotThrottleError(f"there is no {tool!r}")
    image, directory = base / "image", base / "mounted"
    directory.mkdir(parents=True)
    with image.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)
    stack.callback(image.unlink)
    _run("mkfs.ext4", "-q", "-E", "nodiscard", str(image))
    device = _run("losetup", "--find", "--show", str(image)).strip()
    stack.callback(_run, "losetup", "--detach", device)
    _run("mount", device, str(directory))
    stack.callback(_run, "umount", str(directory))
    cgroup = _cgroup(stack, device, limit)
    rate = probed(directory / "probe", limit, cgroup)
    if not kept(rate, limit // MB):
        raise CannotThrottleError(
            f"a synced write reached {rate / MB:,.0f} MB/s, so the limit is not kept"
        )
    return Throttled(directory, cgroup, rate)


def _cgroup(stack: ExitStack, device: str, limit: int) -> Path:
    """A group of processes with the limit; the file that takes their ids."""
    number = Path(device).stat().st_rdev
    numbers = f"{os.major(number)}:{os.minor(number)}"
    first = _CGROUPS / "blkio"
    group = (first if first.is_dir() else _CGROUPS) / f"flinksec-bench-{os.getpid()}"
    group.mkdir()
    stack.callback(group.rmdir)
    if first.is_dir():
        (group / "blkio.throttle.write_bps_device").write_text(f"{numbers} {limit}")
    elif (group / "io.max").exists():
        (group / "io.max").write_text(f"{numbers} wbps={limit}")
    else:
        raise CannotThrottleError("the cgroup has no limits of devices (controller io)")
    return group / "cgroup.procs"


def inside(processes: Path, command: list[str]) -> list[str]:
    """The command, run by a process that is slowed down."""
    return ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(processes), *command]


def probed(file: Path, size: int, processes: Path) -> float:
    """Bytes per second of a synced write, the second time: the first one allocates."""
    for _ in range(2):
        start = time.perf_counter()
        write = ["dd", "if=/dev/zero", f"of={file}", "bs=1MB", "conv=fsync,notrunc", "status=none"]
        _run(*inside(processes, [*write, f"count={size // MB}"]))
        seconds = time.perf_counter() - start
    file.unlink()
    return size / seconds


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
