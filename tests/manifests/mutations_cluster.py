# SPDX-License-Identifier: Apache-2.0
"""Access, policies, Services, budgets, mesh, certificates."""

from __future__ import annotations

from typing import Any

from tests.manifests.documents import JM, TM, Documents, Mutation

_RBAC = "rbac.authorization.k8s.io"


def _set(where: Any, key: str, value: Any) -> Any:
    where[key] = value
    return where


def _bind(d: Documents, kind: str, role: str, subject: str = JM, *, wide: bool = False) -> None:
    d.add(
        f"{_RBAC}/v1",
        "ClusterRoleBinding" if wide else "RoleBinding",
        "more",
        roleRef={"apiGroup": _RBAC, "kind": kind, "name": role},
        subjects=[{"kind": "ServiceAccount", "name": subject, "namespace": "flight-delays"}],
    )


def _grant(d: Documents, groups: list[str], resources: list[str], verbs: list[str]) -> None:
    grant = {"apiGroups": groups, "resources": resources, "verbs": verbs}
    d.rules(JM).append(grant)


def _unbound(d: Documents) -> None:
    for name in ("flink-deployer", "flink-deployer-records"):
        d.remove("RoleBinding", name)


def _ingress(d: Documents) -> None:
    service = {"name": JM, "port": {"number": 80}}
    d.add("networking.k8s.io/v1", "Ingress", "i", spec={"defaultBackend": {"service": service}})


def _principals(d: Documents) -> Any:
    return d.spec("AuthorizationPolicy", "rest")["rules"][0]["from"][0]["source"]["principals"]


def _annotations(d: Documents) -> Any:
    return d.template()["metadata"]["annotations"]


MUTATIONS: dict[str, Mutation] = {
    # Access.
    "rbac-wildcard": lambda d: _grant(d, [""], ["configmaps"], ["*"]),
    "rbac-secrets": lambda d: _grant(d, [""], ["secrets"], ["get"]),
    "rbac-powerful": lambda d: _grant(d, [""], ["pods/exec"], ["create"]),
    "rbac-creates-pods": lambda d: _grant(d, ["apps"], ["deployments"], ["create"]),
    "rbac-aggregated": lambda d: d.add(
        f"{_RBAC}/v1", "ClusterRole", "r", aggregationRule={"clusterRoleSelectors": [{}]}, rules=[]
    ),
    "rbac-unseen-role": lambda d: _bind(d, "ClusterRole", "somewhere"),
    "rbac-foreign-subject": lambda d: _set(
        d.get("RoleBinding", JM)["subjects"][0], "namespace", "other"
    ),
    "rbac-unnamed": lambda d: d.rules(JM)[1].pop("resourceNames"),
    "rbac-create-named": lambda d: d.rules(JM)[1]["verbs"].append("create"),
    "rbac-unknown": lambda d: _grant(d, [""], ["configmap"], ["get"]),
    "rbac-cluster": lambda d: _bind(d, "ClusterRole", "own", wide=True),
    "rbac-built-in-role": lambda d: _bind(d, "ClusterRole", "edit"),
    "rbac-everybody": lambda d: _bind(d, "Role", JM, "default"),
    "rbac-dangling": lambda d: _bind(d, "Role", "no-such-role"),
    "rbac-account-missing": lambda d: d.remove("ServiceAccount", JM),
    "rbac-idle-token": _unbound,
    # Budgets.
    "pdb-nothing": lambda d: _set(
        d.spec("PodDisruptionBudget", TM), "selector", {"matchLabels": {"app": "other"}}
    ),
    "pdb-blocks-drain": lambda d: _set(d.spec("PodDisruptionBudget", TM), "maxUnavailable", 0),
    "pdb-of-job": lambda d: d.spec("PodDisruptionBudget", TM)["selector"]["matchLabels"].pop(
        "app.kubernetes.io/component"
    ),
    # Services.
    "svc-selects-nothing": lambda d: _set(d.spec("Service", TM), "selector", {"app": "other"}),
    "svc-port": lambda d: _set(d.spec("Service", TM)["ports"][0], "targetPort", "other"),
    "svc-outside": lambda d: _set(d.spec("Service", JM), "type", "NodePort"),
    "svc-stateful-set": lambda d: _set(d.spec("StatefulSet", TM), "serviceName", JM),
    "svc-ingress": _ingress,
    "ingress-clear": _ingress,
    "ingress-snippet": lambda d: _set(
        d.get("Service", JM)["metadata"],
        "annotations",
        {"nginx.ingress.kubernetes.io/server-snippet": "return 200;"},
    ),
    "flink-ingress": _ingress,
    "flink-debugger": lambda d: d.container()["args"].append(
        "-Denv.java.opts.jobmanager=-agentlib:jdwp=transport=dt_socket,server=y,address=*:5005"
    ),
    # Policies.
    "net-default-deny": lambda d: d.remove("NetworkPolicy", "default-deny"),
    "net-selects-nothing": lambda d: _set(
        d.policy("deployer"), "podSelector", {"matchLabels": {"app": "other"}}
    ),
    "net-policy-types": lambda d: _set(d.policy("jobmanager"), "policyTypes", ["Ingress"]),
    "net-everyone": lambda d: d.policy("egress-kafka")["egress"][0].pop("to"),
    "net-all-ports": lambda d: d.policy("egress-kafka")["egress"][0].pop("ports"),
    "net-cidr": lambda d: _set(
        d.policy("egress-kafka")["egress"][0]["to"][0], "ipBlock", {"cidr": "192.0.2.1/24"}
    ),
    "net-refused": lambda d: d.policy("egress-kafka")["egress"][0]["to"].append({}),
    "net-host-network": lambda d: _set(d.pod(), "hostNetwork", True),
    "net-peer-nothing": lambda d: _set(
        d.policy("rest-from-proxy")["ingress"][0]["from"][0],
        "podSelector",
        {"matchLabels": {"app.kubernetes.io/name": "flink-proxi"}},
    ),
    # The Service's port in place of the pod's.
    "net-port": lambda d: _set(d.policy("proxy")["ingress"][0]["ports"][0], "port", 443),
    "net-one-sided": lambda d: d.remove("NetworkPolicy", "rest-from-deployer"),
    "net-no-dns": lambda d: d.remove("NetworkPolicy", "dns"),
    "net-dns-anywhere": lambda d: d.policy("dns")["egress"][0]["to"][0].pop("podSelector"),
    # Mesh and certificates.
    "mesh-mtls": lambda d: _set(d.spec("PeerAuthentication", "default"), "mtls", {"mode": "UNSET"}),
    "mesh-default": lambda d: d.remove("AuthorizationPolicy", "allow-nothing"),
    "mesh-everyone": lambda d: d.spec("AuthorizationPolicy", "rest")["rules"][0].pop("from"),
    "mesh-principal": lambda d: _principals(d).append("*/sa/flink-deployer"),
    "mesh-flink-ports": lambda d: _annotations(d).pop(
        "traffic.sidecar.istio.io/excludeInboundPorts"
    ),
    "mesh-bypassed": lambda d: _annotations(d).update(
        {"traffic.sidecar.istio.io/includeInboundPorts": "6123"}
    ),
    "mesh-native-sidecar": lambda d: _annotations(d).pop("sidecar.istio.io/nativeSidecar"),
    "mesh-control-plane": lambda d: d.remove("NetworkPolicy", "mesh"),
    "mesh-selects-nothing": lambda d: _set(
        d.spec("AuthorizationPolicy", "rest"), "selector", {"matchLabels": {"app": "other"}}
    ),
    "cert-profile": lambda d: d.spec("Certificate", "flink-internal-tls")["keystores"][
        "pkcs12"
    ].pop("profile"),
    "cert-internal-issuer": lambda d: _set(
        d.spec("Certificate", "flink-internal-tls")["issuerRef"], "name", "flink-rest"
    ),
    "cert-self-signed": lambda d: _set(
        d.spec("Certificate", "flink-internal-tls")["issuerRef"], "name", "flink-self-signed"
    ),
}
