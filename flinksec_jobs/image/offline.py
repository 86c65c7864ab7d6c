# SPDX-License-Identifier: Apache-2.0
"""Python packages for a build without an index."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from flinksec_jobs.errors import ImageError
from flinksec_jobs.shipped import shipped


def fetch(directory: Path, execution_mode: str) -> int:
    """Fetch what the Dockerfile installs, each package checked by its hash.

    Args:
        directory: where to; it is made.
        execution_mode: ``thread`` or ``process``.

    Returns:
        How many packages are there.

    Raises:
        ImageError: pip failed.
    """
    directory.mkdir(parents=True, exist_ok=True)
    lock = "image-process.txt" if execution_mode == "process" else "image.txt"
    # Its own environment: sources are asked for their metadata, with the build backends at hand.
    with tempfile.TemporaryDirectory(prefix="flinksec-fetch-") as scratch:
        _run(sys.executable, "-m", "venv", scratch)
        pip = (f"{scratch}/bin/python", "-m", "pip", "--disable-pip-version-check", "--quiet")
        backends = shipped("requirements/build.txt")
        into = ("--require-hashes", "--dest", str(directory))
        _run(*pip, "download", *into, "--only-binary", ":all:", "-r", str(backends))
        here = ("--require-hashes", "--no-index", "--find-links", str(directory))
        _run(*pip, "install", *here, "-r", str(backends))
        listed = str(shipped(f"requirements/{lock}"))
        _run(*pip, "download", *into, "--no-deps", "--no-build-isolation", "-r", listed)
    return sum(1 for path in directory.iterdir() if path.is_file())


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ImageError(
            f"the packages cannot be fetched: {done.stderr.strip()[-1500:]}",
            hint="pip's own settings apply: an index in pip.conf, a CA in PIP_CERT",
        )
