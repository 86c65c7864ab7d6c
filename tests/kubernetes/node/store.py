# SPDX-License-Identifier: Apache-2.0
"""Built images as containerd stores them, unpacked once and kept between runs."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_START_SECONDS = 60


def with_images(cache: Path, images: Sequence[str]) -> Path:
    """Return a root directory of containerd with these images in it; it must not be changed.

    Args:
        cache: where it is kept; those of other images there are removed.
        images: what podman calls them.
    """
    kept = cache / f"images-{_identity(images)}"
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        for old in (*cache.glob("images-*"), *cache.glob("unfinished-*")):
            shutil.rmtree(old)
        # Beside it, so that it gets its name when it is complete and not before.
        with tempfile.TemporaryDirectory(prefix="unfinished-", dir=cache) as unfinished:
            _unpack(images, Path(unfinished))
            (Path(unfinished) / "root").rename(kept)
    return kept


def copy(kept: Path, root: Path) -> None:
    """Make a new root of it: files that nothing changes are shared, databases are copied."""
    linked = subprocess.run(["cp", "-al", kept, root], check=False, capture_output=True)
    if linked.returncode != 0:
        shutil.rmtree(root, ignore_errors=True)
        subprocess.run(["cp", "-a", kept, root], check=True)  # another file system
    for database in [path for path in root.rglob("*.db") if path.parent.parent == root]:
        shared = database.rename(database.with_suffix(".shared"))
        shutil.copy2(shared, database)
        shared.unlink()


def _identity(images: Sequence[str]) -> str:
    inspect = ["podman", "image", "inspect", "--format={{.Id}}", *images]
    found = _run(inspect) + _run(["containerd", "--version"])
    return hashlib.sha256(found.encode()).hexdigest()[:16]


def _unpack(images: Sequence[str], directory: Path) -> None:
    archive = directory / "image.tar"
    with _containerd(directory) as ctr:
        for image in images:
            # As Docker writes it, which compresses nothing.
            _run(["podman", "save", "--format=docker-archive", f"--output={archive}", image])
            _run([*ctr, "images", "import", str(archive)])
            archive.unlink()


@contextmanager
def _containerd(directory: Path) -> Iterator[list[str]]:
    """Run one that has nothing to do with any cluster; the command line that asks it."""
    socket = directory / "socket"
    config = directory / "config.toml"
    config.write_text(
        f'version = 2\nroot = "{directory}/root"\nstate = "{directory}/state"\n'
        'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
        f'[grpc]\naddress = "{socket}"\n'
        f'[plugins."io.containerd.internal.v1.opt"]\npath = "{directory}/opt"\n'
    )
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            ["unshare", "--mount", "containerd", f"--config={config}"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        ctr = ["ctr", f"--address={socket}", "--namespace=k8s.io"]
        end = time.monotonic() + _START_SECONDS
        while subprocess.run([*ctr, "version"], check=False, capture_output=True).returncode != 0:
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"containerd did not start: {(directory / 'log').read_text()}")
            time.sleep(0.2)
        yield ctr
    finally:
        process.terminate()
        process.wait()


def _run(command: Sequence[str | os.PathLike[str]]) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{command}: {done.stderr.strip()}")
    return done.stdout
