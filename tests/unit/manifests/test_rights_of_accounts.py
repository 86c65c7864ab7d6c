# SPDX-License-Identifier: Apache-2.0
"""Rights by which an account gets others, and names that only seem to be wrong."""

from __future__ import annotations

import json

import pytest

from flinksec_jobs.manifests import check, load

_RBAC = "rbac.authorization.k8s.io"
# group, resource, verb
WAYS = [
    ("", "pods/exec", "get"),
    ("", "pods/attach", "create"),
    ("", "pods/ephemeralcontainers", "patch"),
    ("", "pods/*", "create"),
    ("", "*/exec", "create"),
    ("", "nodes/proxy", "get"),
    ("", "serviceaccounts/token", "create"),
    ("", "persistentvolumes", "create"),
    ("", "namespaces", "update"),
    ("", "endpoints", "patch"),
    ("discovery.k8s.io", "endpointslices", "create"),
    ("", "services", "patch"),
    ("networking.k8s.io", "ingresses", "create"),
    ("gateway.networking.k8s.io", "httproutes", "update"),
    ("route.openshift.io", "routes", "create"),
    ("networking.k8s.io", "networkpolicies", "deletecollection"),
    (_RBAC, "rolebindings", "create"),
    (_RBAC, "clusterroles", "*"),
    ("admissionregistration.k8s.io", "validatingwebhookconfigurations", "delete"),
    ("admissionregistration.k8s.io", "validatingadmissionpolicybindings", "update"),
    ("certificates.k8s.io", "certificatesigningrequests/approval", "patch"),
    ("certificates.k8s.io", "certificatesigningrequests", "create"),
    ("certificates.k8s.io", "signers", "sign"),
    ("apiregistration.k8s.io", "apiservices", "create"),
    ("security.openshift.io", "securitycontextconstraints", "use"),
    ("cert-manager.io", "certificates", "create"),
    ("security.istio.io", "authorizationpolicies", "delete"),
    ("*", "networkpolicies", "delete"),
    ("", "services", "patch"),
    ("networking.k8s.io", "ingresses", "create"),
    ("gateway.networking.k8s.io", "httproutes", "create"),
    ("networking.istio.io", "envoyfilters", "create"),
    ("cilium.io", "ciliumnetworkpolicies", "delete"),
    ("crd.projectcalico.org", "globalnetworkpolicies", "update"),
]
PODS = [
    ("", "pods", "create"),
    ("", "replicationcontrollers", "update"),
    ("apps", "statefulsets", "patch"),
    ("apps", "daemonsets", "*"),
    ("batch", "cronjobs", "create"),
    ("flink.apache.org", "flinkdeployments", "create"),
    ("tekton.dev", "taskruns", "create"),
    ("helm.toolkit.fluxcd.io", "helmreleases", "create"),
    ("sparkoperator.k8s.io", "sparkapplications", "create"),
]
HARMLESS = [
    ("", "pods", "list"),
    ("", "pods/log", "get"),
    ("", "services", "get"),
    ("", "services", "list"),
    ("networking.k8s.io", "ingresses", "watch"),
    ("apps", "deployments", "get"),
    ("apps", "statefulsets/scale", "patch"),
    ("networking.k8s.io", "networkpolicies", "list"),
    (_RBAC, "roles", "get"),
    ("coordination.k8s.io", "leases", "create"),
    ("metrics.k8s.io", "pods", "create"),
    ("cert-manager.io", "certificates", "get"),
]


def _object(kind: str, *, namespace: str | None = "a", **fields: object) -> dict[str, object]:
    metadata = {"name": "x"} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": f"{_RBAC}/v1", "kind": kind, "metadata": metadata, **fields}


def _found(*objects: dict[str, object]) -> set[str]:
    text = "\n---\n".join(map(json.dumps, objects))
    return {finding.id for finding in check(load([("x", text)]))}


def _role(group: str, resource: str, verb: str) -> dict[str, object]:
    rules = [{"apiGroups": [group], "resources": [resource], "verbs": [verb]}]
    return _object("Role", rules=rules)


@pytest.mark.parametrize(("group", "resource", "verb"), WAYS)
def test_a_right_that_leads_to_others_is_named(group: str, resource: str, verb: str) -> None:
    assert "rbac-powerful" in _found(_role(group, resource, verb))


@pytest.mark.parametrize(("group", "resource", "verb"), PODS)
def test_who_makes_pods_has_the_namespaces_accounts_and_secrets(
    group: str, resource: str, verb: str
) -> None:
    assert "rbac-creates-pods" in _found(_role(group, resource, verb))


@pytest.mark.parametrize(("group", "resource", "verb"), HARMLESS)
def test_other_rights_are_none_of_these(group: str, resource: str, verb: str) -> None:
    assert not {"rbac-powerful", "rbac-creates-pods"} & _found(_role(group, resource, verb))


def test_to_impersonate_is_powerful_and_no_unknown_word() -> None:
    found = _found(_role("", "users", "impersonate"))
    assert "rbac-powerful" in found
    assert "rbac-unknown" not in found


def test_the_right_to_list_secrets_is_the_right_to_read_them() -> None:
    assert "rbac-secrets" in _found(_role("", "secrets", "list"))


@pytest.mark.parametrize("fields", [
    {"aggregationRule": {"clusterRoleSelectors": []}},
    {"rules": [], "metadata": {"name": "x", "labels": {f"{_RBAC}/aggregate-to-view": "true"}}},
])  # fmt: skip
def test_a_role_that_is_put_together_elsewhere_is_said(fields: dict[str, object]) -> None:
    assert "rbac-aggregated" in _found(_object("ClusterRole", namespace=None) | fields)


def _binding(role: dict[str, object], **subject: object) -> dict[str, object]:
    reference = {"apiGroup": _RBAC, "name": "x", **role}
    return _object("RoleBinding", roleRef=reference, subjects=[subject])


@pytest.mark.parametrize("group", [
    "system:masters", "system:authenticated", "system:unauthenticated", "system:serviceaccounts:a",
])  # fmt: skip
def test_a_right_for_everybody_is_said(group: str) -> None:
    found = _found(_role("", "pods", "list"), _binding({"kind": "Role"}, kind="Group", name=group))
    assert "rbac-everybody" in found


def test_a_cluster_role_that_is_not_here_is_not_passed_over() -> None:
    found = _found(_binding({"kind": "ClusterRole"}, kind="User", name="alice"))
    assert "rbac-unseen-role" in found


@pytest.mark.parametrize(("namespace", "foreign"), [("a", False), ("b", True)])
def test_an_account_of_another_namespace_is_said(namespace: str, foreign: bool) -> None:
    subject = {"kind": "ServiceAccount", "name": "s", "namespace": namespace}
    found = _found(_role("", "pods", "list"), _binding({"kind": "Role"}, **subject))
    assert ("rbac-foreign-subject" in found) is foreign


def test_a_subject_with_a_namespace_finds_the_account_that_is_applied_there() -> None:
    account: dict[str, object] = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "s"},
    }
    subject = {"kind": "ServiceAccount", "name": "s", "namespace": "flink"}
    reference = {"apiGroup": _RBAC, "kind": "Role", "name": "x"}
    binding = _object("RoleBinding", namespace=None, roleRef=reference, subjects=[subject])
    role = _object("Role", namespace=None, rules=[])
    assert "rbac-dangling" not in _found(account, binding, role)
