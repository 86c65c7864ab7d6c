# SPDX-License-Identifier: Apache-2.0
"""PodDisruptionBudgets that do what they seem to."""

from __future__ import annotations

from collections.abc import Iterator

from flinksec_jobs.manifests.kube.labels import matches
from flinksec_jobs.manifests.kube.objects import Manifests, Object, Place, Pod, text
from flinksec_jobs.manifests.rule import rule


def _selected(manifests: Manifests, budget: Object) -> list[Pod]:
    return [
        pod
        for pod in manifests.pods
        if pod.owner.namespace == budget.namespace
        and matches(budget.spec.get("selector"), pod.labels)
    ]


@rule(
    "pdb-nothing",
    severity="warning",
    why="the budget protects no pod",
    fix="correct its selector",
)
def _nothing(manifests: Manifests) -> Iterator[Place]:
    for budget in manifests.of("PodDisruptionBudget"):
        if not _selected(manifests, budget):
            yield budget.at("spec.selector")


@rule(
    "pdb-blocks-drain",
    severity="warning",
    why="no node with such a pod can ever be drained",
    fix="allow one to be missing: maxUnavailable: 1; or remove the budget",
)
def _blocks_drain(manifests: Manifests) -> Iterator[Place]:
    for budget in manifests.of("PodDisruptionBudget"):
        if text(budget.spec.get("maxUnavailable")) in {"0", "0%"}:
            yield budget.at("spec.maxUnavailable")
        minimum = text(budget.spec.get("minAvailable"))
        for pod in _selected(manifests, budget):
            field = "completions" if pod.owner.kind == "Job" else "replicas"
            replicas = pod.owner.spec.get(field, 1)
            wanted = int(minimum) if minimum.isdigit() else 0
            if minimum == "100%" or (isinstance(replicas, int) and wanted >= replicas > 0):
                yield budget.at("spec.minAvailable", f"{pod.owner} has {replicas}")


@rule(
    "pdb-of-job",
    severity="warning",
    why="a Job cannot be scaled, so only a number as minAvailable counts for its pods",
    fix="leave the Job's pods out of the budget",
)
def _of_job(manifests: Manifests) -> Iterator[Place]:
    for budget in manifests.of("PodDisruptionBudget"):
        percent = text(budget.spec.get("minAvailable")).endswith("%")
        for pod in _selected(manifests, budget):
            if pod.owner.kind == "Job" and ("maxUnavailable" in budget.spec or percent):
                yield budget.at("spec.selector", str(pod.owner))
