# SPDX-License-Identifier: Apache-2.0
"""Which kinds there are, by API version and name, and which of them belong to no namespace.

``kubernetes.json`` is made from Kubernetes' own OpenAPI by ``scripts/manifest_schema.py``;
``custom_kinds.json`` is written by hand for the custom resources that our components use. Both map
kinds to types, type names to fields, and fields to types: ``string``, ``.Name`` of another type,
``["list", T]``, ``["map", T]``, ``intstr``, ``quantity``, ``any``.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

_FILES = ("kubernetes.json", "custom_kinds.json")


@cache
def table(part: str) -> dict[str, Any]:
    """Return a part of both files: ``kinds``, ``types`` or ``values``."""
    merged: dict[str, Any] = {}
    for name in _FILES:
        content = json.loads(files(__package__).joinpath(name).read_text("utf-8"))
        merged |= content.get(part, {})
    return merged


def type_name(api_version: str, kind: str) -> str | None:
    """Return the name of a kind's type, `None` if this version of this kind is not known."""
    found = table("kinds").get(f"{api_version} {kind}")
    return str(found) if found else None


@cache
def names() -> frozenset[str]:
    """Return the kinds of both files, without their API version."""
    return frozenset(name.split()[1] for name in table("kinds"))


_OF_THE_CLUSTER = """
    Namespace Node PersistentVolume ComponentStatus
    ClusterRole ClusterRoleBinding
    StorageClass CSIDriver CSINode VolumeAttachment VolumeAttributesClass
    IngressClass ServiceCIDR IPAddress GatewayClass
    PriorityClass RuntimeClass FlowSchema PriorityLevelConfiguration
    CustomResourceDefinition APIService
    MutatingWebhookConfiguration ValidatingWebhookConfiguration
    MutatingAdmissionPolicy MutatingAdmissionPolicyBinding
    ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding
    CertificateSigningRequest ClusterTrustBundle
    DeviceClass ResourceSlice
    AdminNetworkPolicy BaselineAdminNetworkPolicy ClusterNetworkPolicy GlobalNetworkPolicy
    ClusterIssuer
"""
CLUSTER_SCOPED = frozenset(_OF_THE_CLUSTER.split())
"""Kinds whose objects belong to the cluster: Kubernetes' own, and those of well-known others."""
