# SPDX-License-Identifier: Apache-2.0
"""A volume for each version of NFS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flinksec_jobs.runtime.java import find_java
from flinksec_jobs.sealed import KeyRing
from tests.faults.java import Programs
from tests.nfs.volume import OPTIONS, NfsVolume


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory, ring: KeyRing) -> Programs:
    """The programs, run once here: what Java shares between runs cannot be written in a guest."""
    directory = tmp_path_factory.mktemp("programs")
    compiled = Programs.compile(find_java(), directory)
    assert compiled.start("FileCommands", ring.directory).end() == 0
    state = tmp_path_factory.mktemp("state")
    assert compiled.start("JobCommands", ring.directory, state, state).end() == 0
    return compiled


@pytest.fixture(scope="session")
def ring(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    """A key ring that the guests see, and that is not on the volume."""
    return KeyRing.create(tmp_path_factory.mktemp("keys") / "ring", "k1")


@pytest.fixture(scope="module", params=list(OPTIONS), ids=[f"NFS {name}" for name in OPTIONS])
def volume(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    programs: Programs,
    ring: KeyRing,
) -> Iterator[NfsVolume]:
    """A server and a client."""
    with NfsVolume(request.param, tmp_path_factory.mktemp("nfs"), programs, ring) as served:
        yield served
