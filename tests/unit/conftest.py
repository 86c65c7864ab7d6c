# SPDX-License-Identifier: Apache-2.0
"""For all unit tests."""

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def no_power_cuts() -> Iterator[None]:
    """Wait for no disk: only a power cut, which is tested in tests/faults, tells the difference."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", os.fstat)
        yield
