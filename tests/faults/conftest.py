# SPDX-License-Identifier: Apache-2.0
"""A volume with faults, a key ring beside it, and Flink with the plugin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flinksec_jobs.runtime.java import find_java
from flinksec_jobs.sealed import KeyRing
from tests.faults.java import Jvm, Programs
from tests.faults.volume import DEVICE, Volume

StartJvm = Callable[..., Jvm]


@pytest.fixture(scope="module")
def mounted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Volume]:
    """One mount for a module's tests."""
    if not DEVICE.exists():
        pytest.fail(f"there is no {DEVICE} here; to leave these tests out: FLINKSEC_WITHOUT=fuse")
    volume = Volume(tmp_path_factory.mktemp("faults"))
    yield volume
    volume.close()


@pytest.fixture
def volume(mounted: Volume) -> Iterator[Volume]:
    """An empty volume without faults."""
    mounted.restart()
    yield mounted
    mounted.restart()
    mounted.clear()


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    """A new ring with the key ``k1``, not on the volume."""
    return KeyRing.create(tmp_path_factory.mktemp("keys") / "ring", "k1")


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    """``FileCommands`` and ``JobCommands``, with the plugin as Flink wants it."""
    return Programs.compile(find_java(), tmp_path_factory.mktemp("programs"))


@pytest.fixture(scope="module")
def jvm(compiled: Programs, ring: KeyRing) -> Iterator[Jvm]:
    """``FileCommands``, in one JVM for a module's tests."""
    running = compiled.start("FileCommands", ring.directory)
    yield running
    assert running.end() == 0


@pytest.fixture
def start(compiled: Programs) -> Iterator[StartJvm]:
    """Start a program with its arguments."""
    started: list[Jvm] = []

    def run(program: str, *arguments: str | Path) -> Jvm:
        started.append(compiled.start(program, *arguments))
        return started[-1]

    yield run
    for running in started:
        running.kill()
