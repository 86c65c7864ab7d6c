# SPDX-License-Identifier: Apache-2.0
"""Kubernetes manifests: rendered by kustomize, and checked rule by rule.

::

    found = check(load([("rendered.yaml", render(Path("docker/kubernetes/overlays/example")))]))
"""

from flinksec_jobs.manifests.check import Checked, check, checked
from flinksec_jobs.manifests.kube.objects import Manifests
from flinksec_jobs.manifests.kube.reachability import Flow, matrix, table
from flinksec_jobs.manifests.kube.reading import load, load_all, read, text_of
from flinksec_jobs.manifests.kube.render import KUSTOMIZATIONS, render
from flinksec_jobs.manifests.rule import RULES, Rule

__all__ = [
    "KUSTOMIZATIONS",
    "RULES",
    "Checked",
    "Flow",
    "Manifests",
    "Rule",
    "check",
    "checked",
    "load",
    "load_all",
    "matrix",
    "read",
    "render",
    "table",
    "text_of",
]
