# SPDX-License-Identifier: Apache-2.0
"""For tests of both languages against each other."""

from collections.abc import Iterator

import pytest

from tests.differential.formats_peer import FormatsPeer


@pytest.fixture(scope="session")
def formats_peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FormatsPeer]:
    """The formats in Java."""
    peer = FormatsPeer(tmp_path_factory.mktemp("formats-peer"))
    yield peer
    peer.close()
