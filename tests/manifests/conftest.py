# SPDX-License-Identifier: Apache-2.0
"""The overlays, rendered once by the kustomize that scripts/test.sh names."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.deploy.manifests import render

from .documents import Documents, read

KUBERNETES = Path(__file__).parents[2] / "docker" / "kubernetes"
OVERLAYS = ("example", "minikube")


@cache
def rendered(overlay: str) -> str:
    """The YAML of an overlay."""
    return render(KUBERNETES / "overlays" / overlay)


@pytest.fixture
def overlay_yaml() -> Callable[[str], str]:
    return rendered


@cache
def _documents(overlay: str) -> list[dict[str, Any]]:
    return read(rendered(overlay))


@pytest.fixture
def example() -> Documents:
    return Documents(_documents("example"))
