# SPDX-License-Identifier: Apache-2.0
"""What the tests' files hold, and what they must say after a fault."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flinksec_jobs.sealed import KeyRing, Status, open_sealed, read_header, verify_file


def content(name: str, size: int) -> bytes:
    """What ``FileCommands`` writes into a file of this name."""
    line = f"{name}\n".encode()
    return (line * (size // len(line) + 1))[:size]


def digest(name: str, size: int) -> str:
    """The SHA-256 of the same."""
    return hashlib.sha256(content(name, size)).hexdigest()


def is_whole(path: Path, ring: KeyRing, *, place: Path | None = None) -> bool:
    """Whether the file is whole; if so, it has all that was written, under the name it had then.

    Args:
        path: the file.
        ring: the keys.
        place: where it was written, if it is looked at elsewhere.
    """
    if verify_file(path, ring, place=place).status is not Status.WHOLE:
        return False
    name = Path(read_header(path).name).name
    with open_sealed(path, ring) as reader:
        data = reader.read()
    assert data == content(name, len(data)), f"{path} reads as whole and is not"
    return True
