# SPDX-License-Identifier: Apache-2.0
"""What ``inspect`` finds in directories that are altered a little."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flinksec_jobs.certs.inspection import inspect


def ids(*paths: Path, **options: Any) -> list[str]:
    """The ids of what is found."""
    return sorted(finding.id for finding in inspect(paths, **options).findings)


def replaced(directory: Path, name: str, content: bytes) -> Path:
    """The directory, with another content of a file."""
    (directory / name).write_bytes(content)
    return directory
