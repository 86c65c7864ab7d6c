# SPDX-License-Identifier: Apache-2.0
"""Role-based access: what is given, and what only seems to be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flinksec_jobs.manifests.kube.objects import (
    Manifests,
    Object,
    Place,
    dig,
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
_EVERYBODY = (
    "system:serviceaccounts",
    "system:authenticated",
    "system:unauthenticated",
    "system:anonymous",
    "system:masters",
    "system:nodes",
)


def grants(manifests: Manifests) -> Iterator[tuple[Object, str, Mapping[str, Any]]]:
    """Yield each rule of each role: the role, the path, the rule."""
    for role in manifests.of("Role", "ClusterRole"):
        for index, grant in enumerate(sequence(role.content.get("rules"))):
            yield role, f"rules[{index}]", mapping(grant)


def texts(grant: Mapping[str, Any], field: str) -> list[str]:
    """Return a list of texts of a rule."""
    return [text(entry) for entry in sequence(grant.get(field))]


@rule("rbac-wildcard", why="the star grants more than is listed", fix="list what is needed")
def _wildcard(manifests: Manifests) -> Iterator[Place]:
    for role, path, grant in grants(manifests):
        for field in ("verbs", "resources", "apiGroups"):
            if any("*" in entry for entry in texts(grant, field)):
                yield role.at(f"{path}.{field}")


@rule(
    "rbac-secrets",
    why="the account may read or change Secrets through the API",
    fix="remove it: pods get their Secrets as files",
)
def _secrets(manifests: Manifests) -> Iterator[Place]:
    for role, path, grant in grants(manifests):
        if "secrets" in texts(grant, "resources"):
            yield role.at(f"{path}.resources")


@rule(
    "rbac-unnamed",
    why="the right holds for all objects of the kind, and with them for the job's configuration",
    fix="list the names in resourceNames; only create cannot be tied to one",
)
def _unnamed(manifests: Manifests) -> Iterator[Place]:
    for role, path, grant in grants(manifests):
        wide = {"configmaps", "secrets"} & set(texts(grant, "resources"))
        if wide and set(texts(grant, "verbs")) - {"create"} and not grant.get("resourceNames"):
            yield role.at(f"{path}.resourceNames", ", ".join(sorted(wide)))


@rule(
    "rbac-create-named",
    why="create is never allowed by a rule with resourceNames: the name is not known yet",
    fix="give create in a rule of its own, without resourceNames",
)
def _create_named(manifests: Manifests) -> Iterator[Place]:
    for role, path, grant in grants(manifests):
        named = grant.get("resourceNames")
        if named and {"create", "deletecollection"} & set(texts(grant, "verbs")):
            yield role.at(f"{path}.verbs")


@rule(
    "rbac-unknown",
    severity="warning",
    why="the API server takes any word here, and this one allows nothing",
    fix="write verb, resource (in the plural) and apiGroup as `kubectl api-resources` lists them",
)
def _unknown(manifests: Manifests) -> Iterator[Place]:
    for role, path, grant in grants(manifests):
        for verb in texts(grant, "verbs"):
            if verb not in _VERBS:
                yield role.at(f"{path}.verbs", verb)
        groups = texts(grant, "apiGroups")
        if not groups and not grant.get("nonResourceURLs"):
            yield role.at(f"{path}.apiGroups", "missing")
        if any(group not in _RESOURCES for group in groups):
            continue  # another's kinds, or all of them
        if "impersonate" in texts(grant, "verbs"):
            continue  # whom, not what: users, groups and their extra fields
        for resource in texts(grant, "resources"):
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
        if _is_built_in(name):
            yield binding.at("roleRef.name", name)


def _is_built_in(name: str) -> bool:
    return name in {"cluster-admin", "admin", "edit", "view"} or name.startswith("system:")


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
    severity="warning",
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
    accounts = [(entry.name, _own_namespace(entry)) for entry in manifests.of("ServiceAccount")]
    for binding, path, subject in _subjects(manifests):
        namespace = text(subject.get("namespace")) or _own_namespace(binding)
        name = text(subject.get("name"))
        unknown = not any(name == one and _agree(namespace, other) for one, other in accounts)
        if subject.get("kind") == "ServiceAccount" and name != "default" and unknown:
            yield binding.at(f"{path}.name", f"{namespace or 'default'}/{name}")


@rule(
    "rbac-unseen-role",
    why="the role is not in these manifests, so nobody knows what it gives",
    fix="add the role, or bind one that is here",
)
def _unseen_role(manifests: Manifests) -> Iterator[Place]:
    for binding in manifests.of("RoleBinding", "ClusterRoleBinding"):
        reference = mapping(binding.content.get("roleRef"))
        name = text(reference.get("name"))
        of_cluster = reference.get("kind") == "ClusterRole" and not _is_built_in(name)
        if of_cluster and manifests.find("ClusterRole", name, "") is None:
            yield binding.at("roleRef.name", name)


@rule(
    "rbac-foreign-subject",
    why="an account of another namespace gets rights here, and who runs pods there has them",
    fix="name an account of the binding's own namespace",
)
def _foreign_subject(manifests: Manifests) -> Iterator[Place]:
    for binding, path, subject in _subjects(manifests):
        theirs, ours = text(subject.get("namespace")), _own_namespace(binding)
        if binding.kind == "RoleBinding" and not _agree(theirs, ours):
            yield binding.at(f"{path}.namespace", f"{theirs}/{text(subject.get('name'))}")


def _own_namespace(entry: Object) -> str:
    """Return the namespace that stands in it; nothing where whoever applies it says which."""
    return text(dig(entry.content, "metadata.namespace"))


def _agree(one: str, other: str) -> bool:
    return not one or not other or one == other


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
    severity="warning",
    why="the pod has a token for the API server, and its account may do nothing with it",
    fix="remove the token, or give the account the role that it needs",
)
def _idle_token(manifests: Manifests) -> Iterator[Place]:
    bound = [
        (text(subject.get("namespace")) or _own_namespace(binding), text(subject.get("name")))
        for binding, _, subject in _subjects(manifests)
    ]
    for pod in manifests.pods:
        for path, volume in pod.volumes:
            for source in sequence(mapping(volume.get("projected")).get("sources")):
                token = mapping(mapping(source).get("serviceAccountToken"))
                foreign = token.get("audience")  # for another service, such as a vault
                known = any(
                    name == pod.account and _agree(namespace, _own_namespace(pod.owner))
                    for namespace, name in bound
                )
                if token and not foreign and not known:
                    yield pod.at(f"{path}.projected.sources", pod.account)
