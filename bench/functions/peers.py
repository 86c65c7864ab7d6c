# SPDX-License-Identifier: Apache-2.0
"""The environment that the other engines have for themselves, of locked packages with hashes."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from platformdirs import user_cache_path

from flinksec_jobs import FlinkSecError

LOCK = Path(__file__).parents[2] / "requirements" / "peers.txt"
_SHOWN = 600


def python(say: Callable[[str], None]) -> Path:
    """The Python of the environment, which is made if it is not there.

    Raises:
        FlinkSecError: it cannot be made: a package cannot be had, or not for this machine.
    """
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    digest = hashlib.sha256(LOCK.read_bytes() + version.encode()).hexdigest()[:16]
    home = user_cache_path("flinksec") / "bench" / f"peers-{digest}"
    found = home / "bin" / "python"
    done = home / "done"
    if done.is_file():
        return found
    say(f"installing the other engines, as {LOCK.name} locks them, into {home}")
    if home.exists():
        shutil.rmtree(home)
    home.mkdir(parents=True)
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    pip = [str(found), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    locked = ["--require-hashes", "--only-binary", ":all:", "-r", str(LOCK)]
    ended = subprocess.run([*pip, *locked], capture_output=True, text=True, check=False)
    if ended.returncode:
        raise FlinkSecError(
            f"the other engines cannot be installed: {ended.stderr.strip()[-_SHOWN:]}",
            hint="they are left out of the tables; look whether pip reaches its index",
        )
    done.touch()
    return found
