# SPDX-License-Identifier: Apache-2.0
"""Services, what they lead to, and what they open."""

from __future__ import annotations

from collections.abc import Iterator

from flinksec_jobs.manifests.kube.labels import matches_map
from flinksec_jobs.manifests.kube.objects import (
    Manifests,
    Object,
    Place,
    Pod,
    dig,
    mapping,
    sequence,
    text,
)
from flinksec_jobs.manifests.rule import rule


def _behind(manifests: Manifests, service: Object) -> list[Pod]:
    return [
        pod
        for pod in manifests.pods
        if pod.owner.namespace == service.namespace
        and matches_map(service.spec.get("selector"), pod.labels)
    ]


@rule(
    "svc-selects-nothing",
    severity="warning",
    why="the Service leads to no pod of these manifests",
    fix="give it the labels of the pods as selector",
)
def _selects_nothing(manifests: Manifests) -> Iterator[Place]:
    for service in manifests.of("Service"):
        if service.spec.get("selector") and not _behind(manifests, service):
            yield service.at("spec.selector")


@rule(
    "svc-port",
    why="the port leads to none that the pods declare",
    fix="make targetPort the name of a containerPort",
)
def _port(manifests: Manifests) -> Iterator[Place]:
    for service in manifests.of("Service"):
        for index, port in enumerate(map(mapping, sequence(service.spec.get("ports")))):
            target = port.get("targetPort", port.get("port"))
            for pod in _behind(manifests, service):
                known = {number for number, _ in pod.ports} | set(pod.ports.values())
                if target not in known:
                    yield service.at(f"spec.ports[{index}].targetPort", f"{target} in {pod.owner}")


@rule(
    "svc-outside",
    why="the Service is open on every node or to the world, and with it what is behind",
    fix="make it a ClusterIP; let people in through an authenticating proxy",
)
def _outside(manifests: Manifests) -> Iterator[Place]:
    for service in manifests.of("Service"):
        kind = service.spec.get("type", "ClusterIP")
        if kind in {"NodePort", "LoadBalancer"}:
            yield service.at("spec.type", text(kind))
        if service.spec.get("externalIPs"):
            yield service.at("spec.externalIPs")


@rule(
    "svc-stateful-set",
    severity="warning",
    why="the pods of the StatefulSet get no names of their own",
    fix="name a headless Service (clusterIP: None) that selects its pods in serviceName",
)
def _stateful_set(manifests: Manifests) -> Iterator[Place]:
    for pod in manifests.pods:
        owner = pod.owner
        if owner.kind != "StatefulSet":
            continue
        service = manifests.find("Service", text(owner.spec.get("serviceName")), owner.namespace)
        headless = service is not None and service.spec.get("clusterIP") == "None"
        if service is None or not headless or pod not in _behind(manifests, service):
            yield owner.at("spec.serviceName", text(owner.spec.get("serviceName")) or "missing")


@rule(
    "svc-ingress",
    why="the Ingress leads to no Service or port of these manifests",
    fix="correct the name or the port of the backend",
)
def _ingress(manifests: Manifests) -> Iterator[Place]:
    for entry in manifests.of("Ingress"):
        for path, backend in _backends(entry):
            service = manifests.find("Service", text(backend.get("name")), entry.namespace)
            wanted = mapping(backend.get("port"))
            ports = map(mapping, sequence(service.spec.get("ports"))) if service else ()
            if not any(
                wanted.get("number") == port.get("port") or wanted.get("name") == port.get("name")
                for port in ports
            ):
                yield entry.at(path, text(backend.get("name")))


def _backends(ingress: Object) -> Iterator[tuple[str, dict[str, object]]]:
    if default := dig(ingress.spec, "defaultBackend.service"):
        yield "spec.defaultBackend.service", dict(mapping(default))
    for rule_index, entry in enumerate(sequence(ingress.spec.get("rules"))):
        for index, path in enumerate(sequence(dig(entry, "http.paths"))):
            field = f"spec.rules[{rule_index}].http.paths[{index}].backend.service"
            yield field, dict(mapping(dig(path, "backend.service")))
