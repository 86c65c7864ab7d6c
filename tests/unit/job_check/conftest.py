# SPDX-License-Identifier: Apache-2.0
"""A job's directory of state, as the tests of its rule have it."""

from tests.unit.resume.conftest import make, sealed, volume

__all__ = ["make", "sealed", "volume"]
