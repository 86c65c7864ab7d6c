# SPDX-License-Identifier: Apache-2.0
"""What ``flinksec certs inspect`` finds fault with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Level = Literal["problem", "warning"]


@dataclass(frozen=True)
class Finding:
    """Something that does not work or is not safe, and the way out.

    Attributes:
        id: for scripts; does not change.
        level: a problem stops the cluster or opens it; a warning will, or may.
        path: the file or directory.
        message: what is wrong.
        fix: what to do.
    """

    id: str
    level: Level
    path: Path
    message: str
    fix: str


def problem(code: str, path: Path, message: str, fix: str) -> Finding:
    """A finding that makes ``inspect`` fail."""
    return Finding(code, "problem", path, message, fix)


def warning(code: str, path: Path, message: str, fix: str) -> Finding:
    """A finding that does not."""
    return Finding(code, "warning", path, message, fix)
