# SPDX-License-Identifier: Apache-2.0
"""For the tests of what runs in a container."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import certificates


@pytest.fixture(autouse=True)
def quick_stores() -> Iterator[None]:
    """Each start opens the same stores, and each takes a tenth of a second to open."""
    with certificates.remembered_keys():
        yield
