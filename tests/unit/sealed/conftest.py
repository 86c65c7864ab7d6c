# SPDX-License-Identifier: Apache-2.0
"""A key ring, and sealed files under it."""

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.sealed import KeyRing, SealedWriter, TokenKeys
from tests.unit.sealed.softhsm import SoftToken

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


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, int]]:
    """By path: the error that listing it gives, also to root."""
    errors: dict[str, int] = {}
    real = os.scandir

    def scandir(path: Any = ".") -> Any:
        if (number := errors.get(str(path))) is not None:
            raise OSError(number, os.strerror(number), os.fspath(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    yield errors


@pytest.fixture
def volume(tmp_path: Path, seal: Seal) -> Path:
    """Two jobs; what the second one has will be hidden."""
    seal("state/a/chk-1/_metadata", b"a")
    seal("state/b/chk-2/_metadata", b"b")
    return tmp_path / "state"
