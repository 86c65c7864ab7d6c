# SPDX-License-Identifier: Apache-2.0
"""Role-based access: what is given, and what only seems to be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flinksec_jobs.manifests.kube.objects import (
    Manifests,
    Object,
    Place,
    mapping,
    sequence,
    text,
    words,
)
from flinksec_jobs.manifests.rule import rule

_VERBS = words(
    "get list watch create update patch delete deletecollection use bind escalate impersonate "
    "approve sign *"
)
_RESOURCES = {
    "": words(
        "bindings componentstatuses configmaps endpoints events limitranges namespaces nodes "
        "persistentvolumeclaims persistentvolumes pods podtemplates replicationcontrollers "
        "resourcequotas secrets serviceaccounts services"
    ),
    "apps": words("controllerrevisions daemonsets deployments replicasets statefulsets"),
    "batch": {"jobs", "cronjobs"},
    "networking.k8s.io": {"networkpolicies", "ingresses", "ingressclasses"},
    "policy": {"poddisruptionbudgets"},
    "rbac.authorization.k8s.io": words("roles rolebindings clusterroles clusterrolebindings"),
    "coordination.k8s.io": {"leases"},
    "discovery.k8s.io": {"endpointslices"},
    "autoscaling": {"horizontalpodautoscalers"},
    "events.k8s.io": {"events"},
}
_POWERFUL = {
    "pods/exec",
    "pods/attach",
    "pods/portforward",
    "pods/ephemeralcontainers",
    "pods/proxy",
    "services/proxy",
    "nodes/proxy",
    "serviceaccounts/token",
}
_RIGHTS = {"roles", "rolebindings", "clusterroles", "clusterrolebindings"}
_EVERYBODY = (
    "system:serviceaccounts",
    "system:authenticated",
    "system:unauthenticated",
    "system:anonymous",
)


def _grants(manifests: Manifests) -> Iterator[tuple[Object, str, Mapping[str, Any]]]:
    for role in manifests.of("Role", "ClusterRole"):
        for index, grant in enumerate(sequence(role.content.get("rules"))):
            yield role, f"rules[{index}]", mapping(grant)


def _texts(grant: Mapping[str, Any], field: str) -> list[str]:
    return [text(entry) for entry in sequence(grant.get(field))]


@rule("rbac-wildcard", why="the star grants more than is listed", fix="list what is needed")
def _wildcard(manifests: Manifests) -> Iterator[Place]:
    for role, path, grant in _grants(manifests):
        for field in ("verbs", "resources", "apiGroups"):
            if any("*" in entry for entry in _texts(grant, field)):
                yield role.at(f"{path}.{field}")


@rule(
    "rbac-secrets",
    why="the account may read or change Secrets through the API",
    fix="remove it: pods get their Secrets as files",
)
def _secrets(manifests: Manifests) -> Iterator[Place]:
    for role, path, grant in _grants(manifests):
        if "secrets" in _texts(grant, "resources"):
            yield role.at(f"{path}.resources")


@rule(
    "rbac-powerful",
    why="with this right an account can get the rights of other accounts or pods",
    fix="remove it",
)
def _powerful(manifests: Manifests) -> Iterator[Place]:
    for role, path, grant in _grants(manifests):
        resources, verbs = set(_texts(grant, "resources")), set(_texts(grant, "verbs"))
        for resource in sorted(resources & _POWERFUL):
            yield role.at(f"{path}.resources", resource)
        for verb in sorted(verbs & {"escalate", "bind", "impersonate"}):
            yield role.at(f"{path}.verbs", verb)
        if resources & _RIGHTS and verbs - {"get", "list", "watch"}:
            yield role.at(f"{path}.resources", "changes roles")


@rule(
    "rbac-unnamed",
    why="the right holds for all objects of the kind, and with them for the job's configuration",
    fix="list the names in resourceNames; only create cannot be tied to one",
)
def _unnamed(manifests: Manifests) -> Iterator[Place]:
    for role, path, grant in _grants(manifests):
        wide = {"configmaps", "secrets"} & set(_texts(grant, "resources"))
        if wide and set(_texts(grant, "verbs")) - {"create"} and not grant.get("resourceNames"):
            yield role.at(f"{path}.resourceNames", ", ".join(sorted(wide)))


@rule(
    "rbac-create-named",
    why="create is never allowed by a rule with resourceNames: the name is not known yet",
    fix="give create in a rule of its own, without resourceNames",
)
def _create_named(manifests: Manifests) -> Iterator[Place]:
    for role, path, grant in _grants(manifests):
        named = grant.get("resourceNames")
        if named and {"create", "deletecollection"} & set(_texts(grant, "verbs")):
            yield role.at(f"{path}.verbs")


@rule(
    "rbac-unknown",
    why="the API server takes any word here, and this one allows nothing",
    fix="write verb, resource (in the plural) and apiGroup as `kubectl api-resources` lists them",
)
def _unknown(manifests: Manifests) -> Iterator[Place]:
    for role, path, grant in _grants(manifests):
        for verb in _texts(grant, "verbs"):
            if verb not in _VERBS:
                yield role.at(f"{path}.verbs", verb)
        groups = _texts(grant, "apiGroups")
        if not groups and not grant.get("nonResourceURLs"):
            yield role.at(f"{path}.apiGroups", "missing")
        if any(group not in _RESOURCES for group in groups):
            continue  # another's kinds, or all of them
        for resource in _texts(grant, "resources"):
            kinds = set().union(*(_RESOURCES[group] for group in groups))
            if resource != "*" and resource.partition("/")[0] not in kinds:
                yield role.at(f"{path}.resources", resource)


@rule(
    "rbac-cluster",
    why="the right holds in every namespace",
    fix="use a Role and a RoleBinding in the namespace of the job",
)
def _cluster(manifests: Manifests) -> Iterator[Place]:
    for binding in manifests.of("ClusterRoleBinding"):
        yield binding.at("roleRef")


@rule(
    "rbac-built-in-role",
    why="a role that Kubernetes brings gives far more than a job needs",
    fix="write a Role with the few rights",
)
def _built_in_role(manifests: Manifests) -> Iterator[Place]:
    for binding in manifests.of("RoleBinding", "ClusterRoleBinding"):
        name = text(mapping(binding.content.get("roleRef")).get("name"))
        if name in {"cluster-admin", "admin", "edit", "view"} or name.startswith("system:"):
            yield binding.at("roleRef.name", name)


@rule(
    "rbac-everybody",
    why="the right goes to an account that many share",
    fix="name the one ServiceAccount that needs it",
)
def _everybody(manifests: Manifests) -> Iterator[Place]:
    for binding, path, subject in _subjects(manifests):
        name = text(subject.get("name"))
        shared = subject.get("kind") == "ServiceAccount" and name == "default"
        if shared or name.startswith(_EVERYBODY):
            yield binding.at(f"{path}.name", name)


@rule(
    "rbac-dangling",
    why="the role or the account that the binding names is not in these manifests",
    fix="correct the name or the namespace",
)
def _dangling(manifests: Manifests) -> Iterator[Place]:
    for binding in manifests.of("RoleBinding", "ClusterRoleBinding"):
        reference = mapping(binding.content.get("roleRef"))
        kind, name = text(reference.get("kind")), text(reference.get("name"))
        namespace = binding.namespace if kind == "Role" else ""
        if manifests.find(kind, name, namespace) is None and kind == "Role":
            yield binding.at("roleRef.name", name)
    for binding, path, subject in _subjects(manifests):
        namespace = text(subject.get("namespace")) or binding.namespace
        name = text(subject.get("name"))
        unknown = manifests.find("ServiceAccount", name, namespace) is None
        if subject.get("kind") == "ServiceAccount" and name != "default" and unknown:
            yield binding.at(f"{path}.name", f"{namespace}/{name}")


def _subjects(manifests: Manifests) -> Iterator[tuple[Object, str, Mapping[str, Any]]]:
    for binding in manifests.of("RoleBinding", "ClusterRoleBinding"):
        for index, subject in enumerate(sequence(binding.content.get("subjects"))):
            yield binding, f"subjects[{index}]", mapping(subject)


@rule(
    "rbac-account-missing",
    why="the pod names an account that is not in these manifests, and will not start",
    fix="add the ServiceAccount",
)
def _account_missing(manifests: Manifests) -> Iterator[Place]:
    for pod in manifests.pods:
        known = manifests.find("ServiceAccount", pod.account, pod.owner.namespace)
        if pod.account not in {"", "default"} and known is None:
            yield pod.at("spec.serviceAccountName", pod.account)


@rule(
    "rbac-idle-token",
    why="the pod has a token for the API server, and its account may do nothing with it",
    fix="remove the token, or give the account the role that it needs",
)
def _idle_token(manifests: Manifests) -> Iterator[Place]:
    bound = {
        (text(subject.get("namespace")) or binding.namespace, text(subject.get("name")))
        for binding, _, subject in _subjects(manifests)
    }
    for pod in manifests.pods:
        for path, volume in pod.volumes:
            for source in sequence(mapping(volume.get("projected")).get("sources")):
                token = mapping(mapping(source).get("serviceAccountToken"))
                foreign = token.get("audience")  # for another service, such as a vault
                if token and not foreign and (pod.owner.namespace, pod.account) not in bound:
                    yield pod.at(f"{path}.projected.sources", pod.account)
