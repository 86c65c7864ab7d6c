# SPDX-License-Identifier: Apache-2.0
"""No build, of an image or of the checkout, installs or runs a package without its hash."""

import io
import os
import re
import subprocess
import sys
import tarfile
from hashlib import sha256
from pathlib import Path

import pytest

from flinksec_jobs.shipped import checkout

_ROOT = checkout()
assert _ROOT is not None
_CODE = [
    *sorted((_ROOT / "docker").rglob("*Dockerfile")),
    *sorted((_ROOT / "bench").rglob("*Dockerfile")),
    *sorted((_ROOT / "bench").rglob("*.sh")),
    *sorted((_ROOT / "scripts").rglob("*.sh")),
    *sorted((_ROOT / "tests").rglob("*Dockerfile")),
    _ROOT / "Makefile",
    _ROOT / "flinksec_jobs" / "image" / "offline.py",
]
_REASONS = {
    "official.Dockerfile": "Flink's own recipe, to compare sizes with; pip has no hashes for it",
    "lock.sh": "makes the hashes; one tool of a pinned version, in a folder that goes away",
}


def _pip_calls(path: Path) -> list[str]:
    text = path.read_text("utf-8").replace("\\\n", " ")
    found = re.findall(r"[^\n;]*(?:\bpip3?\b|\*pip\b|pip\[@\])[^\n;]*", text)
    return [c for c in found if re.search(r"\b(install|wheel|download)\b", c) and "#" not in c]


@pytest.mark.parametrize("path", _CODE, ids=lambda path: str(path.relative_to(_ROOT)))
def test_pip_is_given_hashes_and_no_build_backend_of_its_own_choice(path: Path) -> None:
    unhashed = []
    for call in _pip_calls(path):
        # offline.py has both in its variables `into` and `here`.
        hashed = re.search(r"--require-hashes|--no-index|\*into|\*here", call)
        backend = re.search(r"--only-binary|--no-build-isolation|--no-index|\*here", call)
        if not (hashed and backend):
            unhashed.append(call.strip())
    assert (unhashed == []) == (path.name not in _REASONS), unhashed


def test_a_source_with_hash_does_not_bring_a_build_backend_without(tmp_path: Path) -> None:
    """The line of the Dockerfile for the job's own packages, run on such a source."""
    backend = (
        "import pathlib\n"
        f"pathlib.Path({str(tmp_path / 'it-ran')!r}).touch()\n"
        "def build_wheel(*a, **k): raise SystemExit(1)\n"
    )
    _source(tmp_path, "evil-backend", {"evil_backend.py": backend, "pyproject.toml": _OWN})
    archive = _source(tmp_path, "job-needs", {"pyproject.toml": _NEEDS})
    digest = sha256(archive.read_bytes()).hexdigest()
    (tmp_path / "job.txt").write_text(f"job-needs==1.0 --hash=sha256:{digest}\n")
    text = (_ROOT or Path()).joinpath("docker", "Dockerfile").read_text()
    (line,) = re.findall(r"/build/bin/(pip wheel .*-r job\.txt);", text)
    done = subprocess.run(
        [sys.executable, "-m", *line.replace("/wheels", str(tmp_path / "wheels")).split()],
        cwd=tmp_path,
        env={**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "evil_backend" in done.stdout + done.stderr
    assert not (tmp_path / "it-ran").exists()


_NEEDS = """
[build-system]
requires = ["evil-backend"]
build-backend = "evil_backend"
[project]
name = "job-needs"
version = "1.0"
"""
_OWN = """
[build-system]
requires = []
build-backend = "evil_backend"
backend-path = ["."]
[project]
name = "evil-backend"
version = "1.0"
"""


def _source(directory: Path, name: str, files: dict[str, str]) -> Path:
    path = directory / f"{name.replace('-', '_')}-1.0.tar.gz"
    described = {"PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"}
    with tarfile.open(path, "w:gz") as archive:
        for file, text in (described | files).items():
            entry = tarfile.TarInfo(f"{path.name.removesuffix('.tar.gz')}/{file}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return path
