# SPDX-License-Identifier: Apache-2.0
"""Ways from outside to a Service: Ingress, routes of the Gateway API, of OpenShift and of Istio."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flinksec_jobs.manifests.kube.objects import (
    Manifests,
    Object,
    Place,
    dig,
    mapping,
    sequence,
    text,
)
from flinksec_jobs.manifests.rule import rule

ROUTES = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")
_REDIRECTS = ("ssl-redirect", "force-ssl-redirect")


def ways_in(manifests: Manifests) -> Iterator[tuple[Object, str, str, str]]:
    """Yield the object, the path, and the namespace and name of each Service that it leads to."""
    for entry in manifests.of("Ingress"):
        yield from _of_ingress(entry)
    for entry in manifests.of(*ROUTES):
        for index, one in enumerate(sequence(entry.spec.get("rules"))):
            for number, backend in enumerate(sequence(mapping(one).get("backendRefs"))):
                field = f"spec.rules[{index}].backendRefs[{number}]"
                namespace = text(mapping(backend).get("namespace")) or entry.namespace
                yield entry, field, namespace, text(mapping(backend).get("name"))
    for entry in manifests.of("Route"):
        yield entry, "spec.to.name", entry.namespace, text(dig(entry.spec, "to.name"))
        for index, other in enumerate(sequence(entry.spec.get("alternateBackends"))):
            field = f"spec.alternateBackends[{index}].name"
            yield entry, field, entry.namespace, text(mapping(other).get("name"))
    for entry in manifests.of("VirtualService"):
        for kind in ("http", "tls", "tcp"):
            for index, one in enumerate(sequence(entry.spec.get(kind))):
                for number, target in enumerate(sequence(mapping(one).get("route"))):
                    name, _, rest = text(dig(target, "destination.host")).partition(".")
                    namespace = rest.partition(".")[0] or entry.namespace
                    yield entry, f"spec.{kind}[{index}].route[{number}]", namespace, name


def _of_ingress(entry: Object) -> Iterator[tuple[Object, str, str, str]]:
    backends: list[tuple[str, Any]] = [
        ("spec.defaultBackend", entry.spec.get("defaultBackend")),
        ("spec.backend", entry.spec.get("backend")),  # of v1beta1
    ]
    for index, one in enumerate(sequence(entry.spec.get("rules"))):
        for number, path in enumerate(sequence(dig(one, "http.paths"))):
            backends.append((f"spec.rules[{index}].http.paths[{number}].backend",
                             mapping(path).get("backend")))  # fmt: skip
    for field, backend in backends:
        name = text(dig(backend, "service.name") or mapping(backend).get("serviceName"))
        if name:
            yield entry, field, entry.namespace, name


@rule(
    "ingress-clear",
    why="the Ingress takes connections in clear, with the passwords and cookies in them",
    fix="list the host in spec.tls, with a secretName, and do not switch ssl-redirect off",
)
def _clear(manifests: Manifests) -> Iterator[Place]:
    for entry in manifests.of("Ingress"):
        secured = [host for one in map(mapping, sequence(entry.spec.get("tls")))
                   for host in map(text, sequence(one.get("hosts"))) or [""]]  # fmt: skip
        if not entry.spec.get("tls"):
            yield entry.at("spec.tls", "missing")
        for index, one in enumerate(sequence(entry.spec.get("rules"))):
            host = text(mapping(one).get("host"))
            wide = "*." + host.partition(".")[2]
            if secured and not {host, wide, ""} & set(secured):
                yield entry.at(f"spec.rules[{index}].host", host or "any host")
        for name, value in entry.annotations.items():
            if name.endswith(_REDIRECTS) and value == "false":
                yield entry.at(f"metadata.annotations[{name}]", value)


@rule(
    "ingress-snippet",
    why="lines for the controller's own configuration: who writes them reads every Secret it has",
    fix="remove the annotation; use those that the controller has for the purpose",
)
def _snippet(manifests: Manifests) -> Iterator[Place]:
    for entry in manifests.objects:
        for name in entry.annotations:
            if name.partition("/")[2].endswith(("-snippet", "-snippets")):
                yield entry.at(f"metadata.annotations[{name}]")
