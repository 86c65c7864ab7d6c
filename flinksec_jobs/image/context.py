# SPDX-License-Identifier: Apache-2.0
"""The folder from which an image is built."""

from __future__ import annotations

import base64
import csv
import hashlib
import importlib
import importlib.metadata
import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from flinksec_jobs.errors import ImageError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.files import SETTINGS, read_text
from flinksec_jobs.image import job_files
from flinksec_jobs.image.jars import verified
from flinksec_jobs.runtime.artifacts import Progress
from flinksec_jobs.shipped import checkout, shipped

DISTRIBUTION = "flinksec-jobs"
_LOCKS = ("build.txt", "image.txt", "image-process.txt", "sandbox.txt")
# A build is not to differ by the moment at which its context was laid out.
_TIME = 1_767_225_600  # 2026-01-01
_EPOCH_OF_ZIP = (2026, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Contents:
    """What goes into an image.

    Attributes:
        job_files: the job, and whatever it needs beside it: files and folders.
        jar_sets: names of sets of third-party jars.
        packages: a folder of Python packages to use in place of an index.
        requirements: the job's own Python packages, locked with hashes.
        dockerfile: its path in the repository.
    """

    job_files: Sequence[Path] = ()
    jar_sets: tuple[str, ...] = ()
    packages: Path | None = None
    requirements: Path | None = None
    dockerfile: str = "docker/Dockerfile"


def lay_out(contents: Contents, context: Path, progress: Progress | None = None) -> Path:
    """Fill an empty folder, and return its Dockerfile.

    Raises:
        ImageError: something is missing.
        ArtifactError: a jar cannot be had, or is not the locked one.
    """
    dockerfile = context / "Dockerfile"
    shutil.copyfile(shipped(contents.dockerfile), dockerfile)
    folders = {name: context / name for name in _FOLDERS}
    for folder in folders.values():
        folder.mkdir()
    for name in _LOCKS:
        shutil.copyfile(shipped(f"requirements/{name}"), folders["requirements"] / name)
    # First what may be refused; the rest takes its time.
    for path in contents.job_files:
        job_files.copy(path, folders["job"] / path.name)
    job_lock = folders["requirements"] / "job.txt"
    job_lock.write_text(_requirements(contents.requirements), "utf-8")
    for jar in verified(contents.jar_sets, progress):
        _link(jar, folders["jars"] / jar.name)
    # A folder that is copied must hold something.
    (folders["packages"] / "README").write_text("Python packages for a build without an index.\n")
    for package in _packages(contents.packages):
        _link(package, folders["packages"] / package.name)
    wheel(folders["wheel"])
    shutil.copytree(java_runtime(), folders["jre"], symlinks=True, dirs_exist_ok=True)
    for path in context.rglob("*"):
        # A linked file has its time from where it lies.
        if path.is_file() and not path.is_symlink() and path.stat().st_nlink == 1:
            os.utime(path, (_TIME, _TIME))
    return dockerfile


def _requirements(path: Path | None) -> str:
    if path is None:
        return ""
    text = read_text(path, "--requirements", SETTINGS, error=ImageError)
    if re.search(r"://[^/\s@]+@", text):
        raise ImageError(
            f"--requirements {escaped(path)} has credentials in an address",
            hint="give the index by --pip-conf, which reaches no layer",
        )
    return text


_FOLDERS = ("requirements", "jars", "packages", "wheel", "jre", "job")


def java_runtime() -> Path:
    """Return the Java runtime that goes into images: the one of the wheel flinksec-jobs-jre.

    Raises:
        ImageError: there is none.
    """
    try:
        home = Path(importlib.import_module("flinksec_jobs_jre").home())
    except ImportError:
        root = checkout()
        home = root / "jre" / "flinksec_jobs_jre" / "runtime" if root else Path()
    if (home / "bin" / "java").is_file():
        return home
    raise ImageError(
        "there is no Java runtime to put into the image",
        hint="pip install 'flinksec-jobs[jre]', or in a checkout: make wheels",
    )


def wheel(directory: Path) -> Path:
    """Put the wheel of this library into a folder: built from the checkout, or packed again.

    Raises:
        ImageError: it cannot be built.
    """
    root = checkout()
    if root is None:
        return repacked(importlib.metadata.distribution(DISTRIBUTION), directory)
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "-d", str(directory)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ImageError(
            f"the wheel of the library cannot be built: {done.stderr.strip()[-1000:]}",
            hint="make the checkout ready: make setup",
        )
    (built,) = directory.glob("*.whl")
    return built


def repacked(distribution: importlib.metadata.Distribution, directory: Path) -> Path:
    """Make the wheel anew from which a pure Python distribution was installed.

    Raises:
        ImageError: it was installed in another way.
    """
    files = [
        file
        for file in distribution.files or ()
        if ".." not in file.parts and file.suffix != ".pyc" and file.name not in _OF_THE_INSTALLER
    ]
    name = distribution.metadata["Name"].replace("-", "_")
    records = [file for file in files if file.name == "RECORD" and len(file.parts) == 2]  # noqa: PLR2004
    if not records or not any(file.parts[0] == name for file in files):
        raise ImageError(
            f"{distribution.metadata['Name']} was not installed from a wheel",
            hint="install its wheel, or work in a checkout",
        )
    path = directory / f"{name}-{distribution.version}-py3-none-any.whl"
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(set(files) - set(records)):
            content = file.read_binary()
            _add(archive, str(file), content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            rows.writerow([str(file), f"sha256={digest.decode()}", len(content)])
        rows.writerow([str(records[0]), "", ""])
        _add(archive, str(records[0]), table.getvalue().encode())
    return path


_OF_THE_INSTALLER = ("INSTALLER", "REQUESTED", "direct_url.json")


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, _EPOCH_OF_ZIP)
    info.external_attr = 0o644 << 16
    archive.writestr(info, content)


def _packages(directory: Path | None) -> Iterable[Path]:
    if directory is None:
        return []
    found = [path for path in sorted(directory.iterdir()) if path.name.endswith(_PACKAGE_ENDINGS)]
    if not any(path.suffix == ".whl" for path in found):
        raise ImageError(
            f"there are no Python packages in {directory}",
            hint="fill it where there is a network: flinksec image fetch DIRECTORY",
        )
    return found


_PACKAGE_ENDINGS = (".whl", ".tar.gz", ".zip")


def _link(source: Path, target: Path) -> None:
    """Link where that is possible, as these files are large."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
