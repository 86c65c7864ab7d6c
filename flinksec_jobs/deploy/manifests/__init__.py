# SPDX-License-Identifier: Apache-2.0
"""Kubernetes manifests: rendered by kustomize, and checked rule by rule.

::

    found = check(load([("rendered.yaml", render(Path("docker/kubernetes/overlays/example")))]))
"""

from .check import check
from .findings import RULES, Finding, Rule
from .objects import Manifests, load, read
from .reachability import Flow, matrix, table
from .render import render

__all__ = [
    "RULES",
    "Finding",
    "Flow",
    "Manifests",
    "Rule",
    "check",
    "load",
    "matrix",
    "read",
    "render",
    "table",
]
