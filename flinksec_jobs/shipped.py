# SPDX-License-Identifier: Apache-2.0
"""Files that are no Python modules: in an installed wheel, or in the checkout."""

from __future__ import annotations

from pathlib import Path

from flinksec_jobs.errors import FlinkSecError

_PACKAGE = Path(__file__).parent


def shipped(name: str) -> Path:
    """Return a file or folder by its path in the repository, such as ``docker/Dockerfile``.

    Raises:
        FlinkSecError: this installation does not have it.
    """
    for root in (_PACKAGE, _PACKAGE.parent):
        if (root / name).exists():
            return root / name
    raise FlinkSecError(f"{name} is not installed", hint="install flinksec-jobs again")


def checkout() -> Path | None:
    """Return the checkout that this code runs from, or None for an installed wheel."""
    root = _PACKAGE.parent
    return root if (root / "pyproject.toml").is_file() and (root / "docker").is_dir() else None
