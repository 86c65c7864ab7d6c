# SPDX-License-Identifier: Apache-2.0
"""Key rings of every kind: what Kubernetes mounts, what administrators do, what attackers try."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

STRANGER = 65_534
IS_ROOT = os.geteuid() == 0


def plain(top: Path) -> Path:
    """A directory of our own, with two keys."""
    ring = top / "ring"
    ring.mkdir(mode=0o700)
    _fill(ring, 0o600)
    return ring


def secret(top: Path) -> Path:
    """A Secret as the kubelet mounts it, for a pod with fsGroup."""
    ring = top / "ring"
    data = ring / "..2026_01_01"
    data.mkdir(parents=True)
    _fill(data, 0o440)
    (ring / "..data").symlink_to(data.name)
    for name in ("key-1", "key-2", "primary"):
        (ring / name).symlink_to(f"..data/{name}")
    data.chmod(0o2755)
    ring.chmod(0o3777)
    return ring


def linked(top: Path) -> Path:
    """Keys elsewhere, each behind a link, by relative and by absolute names."""
    (top / "keys" / "deep").mkdir(parents=True, mode=0o755)
    _fill(top / "keys" / "deep", 0o400)
    ring = top / "ring"
    ring.mkdir(mode=0o755)
    (ring / "key-1").symlink_to("../keys/./deep/../deep/key-1")
    (ring / "key-2").symlink_to(top / "keys" / "deep" / "key-2")
    (ring / "primary").symlink_to("../ring/../keys/deep/primary")
    return ring


def behind_a_link(top: Path) -> Path:
    """A ring that is named by a link."""
    plain(top)
    (top / "named").symlink_to("ring")
    return top / "named"


def _fill(directory: Path, mode: int) -> None:
    for name, content in (
        ("key-1", bytes(range(32))),
        ("key-2", bytes(32)),
        ("primary", b"key-2\n"),
    ):
        (directory / name).write_bytes(content)
        (directory / name).chmod(mode)


def _any_file(ring: Path, rng: random.Random) -> Path:
    return ring / rng.choice(("key-1", "key-2", "primary"))


def _own(ring: Path, path: Path) -> Path:
    """The path, if it lies where the test may change things: a drawn link may lead to a device."""
    if not path.resolve().is_relative_to(ring.parent.resolve()):
        raise PermissionError(f"{path} is not of the test")
    return path


def _mode(ring: Path, rng: random.Random) -> None:
    path = _own(ring, _any_file(ring, rng).resolve())
    path.chmod(rng.choice((0o400, 0o440, 0o444, 0o600, 0o604, 0o620, 0o640, 0o644, 0o660, 0o666)))


def _directory_mode(ring: Path, rng: random.Random) -> None:
    where = rng.choice((ring, ring.parent, _any_file(ring, rng).resolve().parent))
    modes = (0o700, 0o755, 0o770, 0o775, 0o777, 0o1777, 0o2775, 0o3777, 0o1770)
    _own(ring, where).chmod(rng.choice(modes))


def _owner(ring: Path, rng: random.Random) -> None:
    file = _any_file(ring, rng)
    where = (file, file.resolve(), file.resolve().parent, ring, ring.resolve(), ring.parent)
    changed = rng.choice(where)
    _own(ring, changed if changed == ring.parent else changed.parent)
    if IS_ROOT:  # Nobody else can give files away.
        os.chown(changed, STRANGER, -1, follow_symlinks=False)


def _another_key(ring: Path, rng: random.Random) -> None:
    path = ring / rng.choice(("key-3", "a b", ".hidden", "-x", "k" * 65, "k\ny"))
    path.write_bytes(b"x" * rng.choice((0, 31, 32, 33, 100_000)))
    path.chmod(rng.choice((0o600, 0o600, 0o644)))
    if IS_ROOT and rng.random() < 0.3:
        os.chown(path, STRANGER, -1)


def _a_link(ring: Path, rng: random.Random) -> None:
    path = _any_file(ring, rng)
    own = ("key-1", "nowhere", path.name, "..", ".", "key-1/x")
    target = rng.choice((*own, "/dev/zero", "/dev/null", "/", "/proc/1"))
    path.unlink()
    path.symlink_to(target)


def _no_file(ring: Path, rng: random.Random) -> None:
    path = _any_file(ring, rng)
    path.unlink()
    rng.choice((lambda: None, lambda: os.mkfifo(path, 0o600), lambda: path.mkdir(0o755)))()


def _primary(ring: Path, rng: random.Random) -> None:
    path = _own(ring, (ring / "primary").resolve())
    path.chmod(0o600)
    names = (b"", b"key-1", b" key-1 \n\n", b"key-9", b"primary", b"x" * 200_000)
    path.write_bytes(rng.choice(names))


def _no_directory(ring: Path, rng: random.Random) -> None:
    ring.rename(ring.with_name("moved"))
    rng.choice(
        (
            lambda: None,
            lambda: ring.write_bytes(b""),
            lambda: ring.symlink_to("moved"),
            lambda: ring.symlink_to(ring.name),
            lambda: ring.symlink_to("nowhere"),
            lambda: os.mkfifo(ring),
            lambda: ring.mkdir(0o700),
        )
    )()


_KINDS = (plain, plain, secret, secret, linked, behind_a_link)
_CHANGES: tuple[Callable[[Path, random.Random], None], ...] = (
    _mode,
    _mode,
    _directory_mode,
    _directory_mode,
    _owner,
    _owner,
    _owner,
    _another_key,
    _a_link,
    _no_file,
    _primary,
    _no_directory,
)


def draw(top: Path, seed: int) -> tuple[Path, str]:
    """A ring below an empty directory, the same for the same seed, and what was done to it."""
    rng = random.Random(seed)
    kind = rng.choice(_KINDS)
    ring, said = kind(top), kind.__name__
    for change in rng.choices(_CHANGES, k=rng.choice((0, 1, 1, 1, 2))):
        try:
            change(ring, rng)
        except (
            OSError,
            RuntimeError,
        ):  # Two changes may not go together: a file of a ring that was moved.
            continue
        said += change.__name__
    return ring, said
