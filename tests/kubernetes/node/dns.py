# SPDX-License-Identifier: Apache-2.0
"""The cluster's names: CoreDNS as Kubernetes objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def objects(address: str, hosts: Mapping[str, str]) -> list[dict[str, Any]]:
    """What to apply so that Services have names, and `hosts` have too.

    Args:
        address: of the Service.
        hosts: names beside the cluster's own, by address.
    """
    listed = "".join(f"    {address} {name}\n" for name, address in hosts.items())
    corefile = (
        ".:53 {\n  errors\n  hosts {\n" + listed + "    fallthrough\n  }\n"
        "  kubernetes cluster.local in-addr.arpa {\n    pods insecure\n  }\n}\n"
    )
    labels = {"k8s-app": "kube-dns"}
    metadata = {"name": "kube-dns", "namespace": "kube-system", "labels": labels}
    rules = [
        {
            "apiGroups": [""],
            "resources": ["endpoints", "services", "pods", "namespaces"],
            "verbs": ["list", "watch"],
        },
        {
            "apiGroups": ["discovery.k8s.io"],
            "resources": ["endpointslices"],
            "verbs": ["list", "watch"],
        },
    ]
    container = {
        "name": "dns",
        "image": "localhost/dns:1",
        "imagePullPolicy": "Never",
        "args": ["-conf", "/etc/coredns/Corefile"],
        "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns"}],
        # Policies count behind the Service: what they let through to port 53 must be there too.
        "securityContext": {"runAsUser": 0, "allowPrivilegeEscalation": False},
    }
    ports = [
        {"name": name, "protocol": protocol, "port": 53}
        for name, protocol in (("dns", "UDP"), ("dns-tcp", "TCP"))
    ]
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "kube-dns"},
            "rules": rules,
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "kube-dns"},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": "kube-dns",
            },
            "subjects": [
                {"kind": "ServiceAccount", "name": "kube-dns", "namespace": "kube-system"}
            ],
        },
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": metadata,
            "data": {"Corefile": corefile},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": {"clusterIP": address, "selector": labels, "ports": ports},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": metadata,
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {
                        "serviceAccountName": "kube-dns",
                        "containers": [container],
                        "volumes": [{"name": "config", "configMap": {"name": "kube-dns"}}],
                    },
                },
            },
        },
    ]
