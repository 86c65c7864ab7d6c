# SPDX-License-Identifier: Apache-2.0
"""The overlays, rendered once by the kustomize that scripts/test.sh names."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.manifests import render
from tests.manifests.documents import Documents, read

KUBERNETES = Path(__file__).parents[2] / "docker" / "kubernetes"
OVERLAYS = ("example", "minikube")


@cache
def rendered(overlay: str) -> str:
    """The YAML of an overlay."""
    return render(KUBERNETES / "overlays" / overlay)


def filled(text: str) -> str:
    """The YAML with other names, addresses and digests in the place of those of examples."""
    replaced = {
        "example.com": "corp.internal",
        "EXAMPLE.COM": "CORP.INTERNAL",
        "sha256:" + "0" * 64: "sha256:" + "1" * 64,
        "192.0.2.": "10.20.2.",
        "198.51.100.": "10.20.100.",
        "203.0.113.": "10.20.113.",
    }
    for placeholder, other in replaced.items():
        text = text.replace(placeholder, other)
    return text


@pytest.fixture
def overlay_yaml() -> Callable[[str], str]:
    return rendered


@cache
def _documents(overlay: str) -> list[dict[str, Any]]:
    return read(rendered(overlay))


@pytest.fixture
def example() -> Documents:
    return Documents(_documents("example"))
