# SPDX-License-Identifier: Apache-2.0
"""Waiting takes no time."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited, which takes no time here."""
    waited: list[float] = []
    monkeypatch.setattr("flinksec_jobs.index_setup.survey.time.sleep", waited.append)
    return waited
