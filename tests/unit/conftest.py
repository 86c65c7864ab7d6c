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


@pytest.fixture(autouse=True)
def an_environment_that_ends_with_the_test() -> Iterator[None]:
    """`flinksec run` tells its program by variables of this process where the settings are."""
    before = dict(os.environ)
    yield
    if dict(os.environ) != before:
        os.environ.clear()
        os.environ.update(before)
