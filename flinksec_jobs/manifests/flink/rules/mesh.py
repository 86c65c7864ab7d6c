# SPDX-License-Identifier: Apache-2.0
"""Istio and cert-manager, where the manifests use them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flinksec_jobs.manifests.flink.flink_processes import processes
from flinksec_jobs.manifests.kube.connections import allows, known_pod, policies_for
from flinksec_jobs.manifests.kube.labels import matches
from flinksec_jobs.manifests.kube.network_policies import single
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

_MESH = "security.istio.io/"
_INJECT = "sidecar.istio.io/inject"
# Policies there hold for every namespace.
_ROOT = "istio-system"
_REVISION = "istio.io/rev"
_MODE = "istio.io/dataplane-mode"
_EXCLUDED = "traffic.sidecar.istio.io/exclude{}Ports"
_INCLUDED = "traffic.sidecar.istio.io/includeInboundPorts"
_CONTROL_PLANE = known_pod("istio-system/istiod", "istio-system", {"app": "istiod"})
_XDS = single(15012, "TCP")


def _has_sidecar(manifests: Manifests, pod: Pod) -> bool:
    """Tell whether a sidecar is injected: by the pod's own word, or else its namespace's."""
    chosen = pod.labels.get(_INJECT) or pod.annotations.get(_INJECT)
    if chosen:
        return chosen == "true"
    labels = manifests.namespace_labels(pod.owner.namespace)
    if injected := labels.get("istio-injection"):
        return injected == "enabled"
    return bool(pod.labels.get(_REVISION) or labels.get(_REVISION))


def _in_mesh(manifests: Manifests, pod: Pod) -> bool:
    """Tell whether a pod is in the mesh, by a sidecar or by the node's proxy (ambient)."""
    labels = manifests.namespace_labels(pod.owner.namespace)
    mode = pod.labels.get(_MODE) or labels.get(_MODE)
    return mode == "ambient" or _has_sidecar(manifests, pod)


def _names_somebody(source: Mapping[str, Any]) -> bool:
    """Tell whether a source is anybody less than everybody: one star among the names is all."""
    return any(
        listed and "*" not in map(text, listed)
        for field in ("principals", "namespaces", "serviceAccounts")
        if (listed := sequence(source.get(field)))
    )


def _principals(manifests: Manifests) -> Iterator[tuple[Object, str, str]]:
    for policy in manifests.of("AuthorizationPolicy"):
        for index, entry in enumerate(sequence(policy.spec.get("rules"))):
            for number, source in enumerate(sequence(mapping(entry).get("from"))):
                for principal in sequence(dig(source, "source.principals")):
                    field = f"spec.rules[{index}].from[{number}].source.principals"
                    yield policy, field, text(principal)


@rule(
    "mesh-mtls",
    why="the mesh takes connections in clear beside its mutual TLS",
    fix="set mtls.mode: STRICT",
)
def _mtls(manifests: Manifests) -> Iterator[Place]:
    for entry in manifests.of("PeerAuthentication"):
        if dig(entry.spec, "mtls.mode") != "STRICT":
            yield entry.at("spec.mtls.mode", text(dig(entry.spec, "mtls.mode")) or "missing")
        for port, settings in mapping(entry.spec.get("portLevelMtls")).items():
            if mapping(settings).get("mode") != "STRICT":
                yield entry.at(f"spec.portLevelMtls[{port}].mode")


@rule(
    "mesh-default",
    why="pods are in the mesh and nothing makes mutual TLS strict, or denies what is not allowed",
    fix="add a PeerAuthentication without selector, and an AuthorizationPolicy with `spec: {}`",
)
def _default(manifests: Manifests) -> Iterator[Place]:
    namespaces = {
        pod.owner.namespace: pod.owner for pod in manifests.pods if _in_mesh(manifests, pod)
    }
    for namespace, owner in namespaces.items():
        for kind in ("PeerAuthentication", "AuthorizationPolicy"):
            here = [one for one in manifests.of(kind) if one.namespace in {namespace, _ROOT}]
            wide = [one for one in here if not one.spec.get("selector")]
            if not (any(not one.spec for one in wide) if kind[0] == "A" else wide):
                yield owner.at("metadata.namespace", f"{kind} in {namespace}")


@rule(
    "mesh-everyone",
    why="the rule names nobody, so it allows everyone",
    fix="name principals in from.source",
)
def _everyone(manifests: Manifests) -> Iterator[Place]:
    for policy in manifests.of("AuthorizationPolicy"):
        for index, entry in enumerate(sequence(policy.spec.get("rules"))):
            sources = [mapping(mapping(one).get("source")) for one in
                       sequence(mapping(entry).get("from"))]  # fmt: skip
            named = sources and all(map(_names_somebody, sources))
            if policy.spec.get("action", "ALLOW") == "ALLOW" and not named:
                yield policy.at(f"spec.rules[{index}].from")


@rule(
    "mesh-principal",
    why="the principal is no account of these manifests, or stands for many",
    fix="write cluster.local/ns/NAMESPACE/sa/ACCOUNT, without a star",
)
def _principal(manifests: Manifests) -> Iterator[Place]:
    for policy, field, principal in _principals(manifests):
        match = re.fullmatch(r"[^/*]+/ns/([^/*]+)/sa/([^/*]+)", principal)
        namespaces = {entry.namespace for entry in manifests.of("ServiceAccount")}
        unknown = match and match[1] in {*namespaces, policy.namespace, "default"} and (
            manifests.find("ServiceAccount", match[2], match[1]) is None
        )  # fmt: skip
        if not match or unknown:
            yield policy.at(field, principal)


@rule(
    "mesh-flink-ports",
    why="the sidecar takes Flink's own ports, which speak mutual TLS by pod address already",
    fix="exclude them: traffic.sidecar.istio.io/excludeInboundPorts and excludeOutboundPorts",
)
def _flink_ports(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        if not _has_sidecar(manifests, process.pod):
            continue
        for direction, ports in (
            ("Inbound", process.internal_ports),
            ("Outbound", {port for other in processes(manifests) for port in other.internal_ports}),
        ):
            name = _EXCLUDED.format(direction)
            listed = process.pod.annotations.get(name, "").split(",")
            if missing := [port for port in sorted(ports) if str(port) not in listed]:
                field = f"metadata.annotations[{name}]"
                yield process.pod.at(field, ", ".join(map(str, missing)))


@rule(
    "mesh-bypassed",
    why="the mesh has a policy for this pod, and no sidecar that applies it",
    fix="do not switch injection off, nor exclude a port from the sidecar that the policy names",
)
def _bypassed(manifests: Manifests) -> Iterator[Place]:
    for policy in manifests.of("AuthorizationPolicy"):
        selector = policy.spec.get("selector")
        for pod in manifests.pods:
            same = pod.owner.namespace == policy.namespace
            if selector and same and matches(selector, pod.labels):
                yield from _past_sidecar(manifests, pod, policy)


def _past_sidecar(manifests: Manifests, pod: Pod, policy: Object) -> Iterator[Place]:
    own = pod.labels.get(_INJECT) or pod.annotations.get(_INJECT)
    labels = manifests.namespace_labels(pod.owner.namespace)
    refused = own == "false" or (not own and labels.get("istio-injection") == "disabled")
    if refused and not _in_mesh(manifests, pod):
        yield pod.at("metadata.labels", f"{_INJECT} is off, {policy.name} is not applied")
    named = {
        text(port)
        for entry in sequence(policy.spec.get("rules"))
        for operation in sequence(mapping(entry).get("to"))
        for port in sequence(dig(operation, "operation.ports"))
    }
    excluded = _EXCLUDED.format("Inbound")
    out = {port.strip() for port in pod.annotations.get(excluded, "").split(",")}
    if past := sorted(named if "*" in out else named & out):
        yield pod.at(f"metadata.annotations[{excluded}]", ", ".join(past))
    taken = pod.annotations.get(_INCLUDED, "*").split(",")
    if past := sorted(named - {port.strip() for port in taken}) if "*" not in taken else []:
        yield pod.at(f"metadata.annotations[{_INCLUDED}]", ", ".join(past))


@rule(
    "mesh-native-sidecar",
    why="a Job whose sidecar is an ordinary container never ends",
    fix='annotate the pod sidecar.istio.io/nativeSidecar: "true"',
)
def _native_sidecar(manifests: Manifests) -> Iterator[Place]:
    name = "sidecar.istio.io/nativeSidecar"
    for pod in manifests.pods:
        ends = pod.owner.kind in {"Job", "CronJob"}
        if ends and _has_sidecar(manifests, pod) and pod.annotations.get(name) != "true":
            yield pod.at(f"metadata.annotations[{name}]")


@rule(
    "mesh-control-plane",
    why="the sidecar cannot reach istiod, so it never becomes ready",
    fix="allow egress to istiod, TCP 15012",
)
def _control_plane(manifests: Manifests) -> Iterator[Place]:
    for pod in manifests.pods:
        closed = not allows(manifests, pod, "egress", _CONTROL_PLANE, _XDS)
        if _has_sidecar(manifests, pod) and policies_for(manifests, pod, "egress") and closed:
            yield pod.owner.at("spec")


@rule(
    "mesh-selects-nothing",
    severity="warning",
    why="the policy of the mesh applies to no pod of these manifests",
    fix="correct its selector",
)
def _selects_nothing(manifests: Manifests) -> Iterator[Place]:
    for entry in manifests.of("AuthorizationPolicy", "PeerAuthentication"):
        selector = entry.spec.get("selector")
        here = [pod for pod in manifests.pods if pod.owner.namespace == entry.namespace]
        applies = not selector or any(matches(selector, pod.labels) for pod in here)
        if entry.api_version.startswith(_MESH) and not applies:
            yield entry.at("spec.selector")


@rule(
    "cert-profile",
    why="the default profile encrypts the store by RC2, which Java 20 and OpenSSL 3 refuse",
    fix="set keystores.pkcs12.profile: Modern2023",
)
def _profile(manifests: Manifests) -> Iterator[Place]:
    for entry in manifests.of("Certificate"):
        store = dig(entry.spec, "keystores.pkcs12")
        if mapping(store).get("create") and mapping(store).get("profile") != "Modern2023":
            yield entry.at("spec.keystores.pkcs12.profile")


def _internal(manifests: Manifests) -> list[Object]:
    """Return the certificates of Flink's internal TLS."""
    secrets = {name for one in processes(manifests) for name in one.secrets_at(one.internal_store)}
    return [one for one in manifests.of("Certificate") if one.spec.get("secretName") in secrets]


def _issuer(entry: Object) -> tuple[str, str, str]:
    reference = mapping(entry.spec.get("issuerRef"))
    kind = text(reference.get("kind")) or "Issuer"
    return kind, text(reference.get("name")), entry.namespace


@rule(
    "cert-internal-issuer",
    why="Flink's internal TLS takes every certificate of this issuer, and it signs others too",
    fix="use an Issuer of type ca for this one certificate",
)
def _internal_issuer(manifests: Manifests) -> Iterator[Place]:
    for entry in _internal(manifests):
        issuer = _issuer(entry)
        shared = [one for one in manifests.of("Certificate") if _issuer(one) == issuer]
        if issuer[0] != "Issuer" or manifests.find(*issuer) is None or len(shared) > 1:
            yield entry.at("spec.issuerRef", issuer[1])


@rule(
    "cert-self-signed",
    why="a renewal brings a new key, which running processes do not accept",
    fix="use an Issuer of type ca for this one certificate",
)
def _self_signed(manifests: Manifests) -> Iterator[Place]:
    for entry in _internal(manifests):
        issuer = manifests.find(*_issuer(entry))
        if issuer is not None and "selfSigned" in issuer.spec:
            yield entry.at("spec.issuerRef", issuer.name)
