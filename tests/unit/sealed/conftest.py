# SPDX-License-Identifier: Apache-2.0
"""A key ring, and sealed files under it."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from flinksec_jobs.sealed import KeyRing, SealedWriter, TokenKeys

from .softhsm import SoftToken

Seal = Callable[..., Path]


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    """A new ring with the key ``k1``."""
    return KeyRing.create(tmp_path / "ring", "k1")


@pytest.fixture
def seal(tmp_path: Path, ring: KeyRing) -> Seal:
    """Seal data under a name below ``tmp_path``."""

    def write(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with SealedWriter(path, ring) as writer:
            for start in range(0, len(data), 70_000):
                writer.write(data[start : start + 70_000])
        return path

    return write


@pytest.fixture
def data_of() -> Callable[[int], bytes]:
    """So many bytes, always the same."""
    return lambda size: random.Random(size).randbytes(size)


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SoftToken:
    """A token with the key ``t1``."""
    monkeypatch.setenv("SOFTHSM2_CONF", "")  # Put back after the test.
    made = SoftToken.make(tmp_path, "state")
    TokenKeys.add(made.address, "t1")
    return made
