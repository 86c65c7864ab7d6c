# SPDX-License-Identifier: Apache-2.0
"""Kubernetes manifests: rendered by kustomize, and checked rule by rule.

::

    found = check(load([("rendered.yaml", render(Path("docker/kubernetes/overlays/example")))]))
"""

from flinksec_jobs.deploy.manifests.check import check
from flinksec_jobs.deploy.manifests.findings import RULES, Finding, Rule
from flinksec_jobs.deploy.manifests.objects import Manifests, load, read
from flinksec_jobs.deploy.manifests.reachability import Flow, matrix, table
from flinksec_jobs.deploy.manifests.render import render

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
