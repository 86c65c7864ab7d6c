# SPDX-License-Identifier: Apache-2.0
"""Kubernetes manifests: rendered by kustomize, and checked rule by rule.

::

    found = check(load([("rendered.yaml", render(Path("docker/kubernetes/overlays/example")))]))
"""

from flinksec_jobs.manifests.check import check
from flinksec_jobs.manifests.kube.objects import Manifests, load, read
from flinksec_jobs.manifests.kube.reachability import Flow, matrix, table
from flinksec_jobs.manifests.kube.render import render
from flinksec_jobs.manifests.rule import RULES, Rule

__all__ = [
    "RULES",
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
