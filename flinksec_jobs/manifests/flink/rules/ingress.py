# SPDX-License-Identifier: Apache-2.0
"""Ways from outside to Flink's own processes."""

from __future__ import annotations

from collections.abc import Iterator

from flinksec_jobs.manifests.flink.flink_processes import processes
from flinksec_jobs.manifests.kube.labels import matches_map
from flinksec_jobs.manifests.kube.objects import Manifests, Object, Place, mapping
from flinksec_jobs.manifests.rule import rule
from flinksec_jobs.manifests.rules.ingress import ways_in

_NGINX = "nginx.ingress.kubernetes.io/"


@rule(
    "flink-ingress",
    why="whoever comes in this way submits a job to Flink's REST, which knows no users, and so "
    "runs code in the cluster",
    fix="let it lead to an authenticating proxy (components/proxy), or have the controller ask who "
    "it is: auth-tls-secret with auth-tls-verify-client: on, auth-url, or auth-type with "
    "auth-secret",
)
def _ingress(manifests: Manifests) -> Iterator[Place]:
    for entry, field, namespace, name in ways_in(manifests):
        service = manifests.find("Service", name, namespace)
        selector = mapping(service.spec.get("selector")) if service else {}
        leads = selector and any(
            process.pod.owner.namespace == namespace and matches_map(selector, process.pod.labels)
            for process in processes(manifests)
        )
        if leads and not _asks_who(entry):
            handed = f"{_NGINX}proxy-ssl-secret" in entry.annotations
            note = ", which hands REST's client certificate to everybody" if handed else ""
            yield entry.at(field, f"{name}{note}")


def _asks_who(entry: Object) -> bool:
    """Tell whether the controller asks a client for a certificate or a password."""
    said = {name.removeprefix(_NGINX): value for name, value in entry.annotations.items()}
    certificate = said.get("auth-tls-secret") and said.get("auth-tls-verify-client", "on") == "on"
    password = said.get("auth-type") in {"basic", "digest"} and said.get("auth-secret")
    return entry.kind == "Ingress" and bool(certificate or password or said.get("auth-url"))
