# SPDX-License-Identifier: Apache-2.0
"""Rights by which an account gets others: Kubernetes' *RBAC Good Practices*, and more of the kind.

https://kubernetes.io/docs/concepts/security/rbac-good-practices/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flinksec_jobs.manifests.kube.objects import Manifests, Place, words
from flinksec_jobs.manifests.rule import rule
from flinksec_jobs.manifests.rules.access import grants, texts

_WRITE = words("create update patch")
_CHANGE = _WRITE | {"delete", "deletecollection"}
_ANY = frozenset[str]()


@dataclass(frozen=True)
class _Way:
    """A right that leads to others.

    Attributes:
        group: of the API; a star for every one.
        verbs: any of which does; none stands for every verb.
    """

    group: str
    resources: frozenset[str]
    verbs: frozenset[str]
    leads_to: str


_WORKLOADS = (
    _Way("", words("pods replicationcontrollers"), _WRITE, ""),
    _Way("apps", words("deployments statefulsets daemonsets replicasets"), _WRITE, ""),
    _Way("extensions", words("deployments daemonsets replicasets"), _WRITE, ""),
    _Way("batch", words("jobs cronjobs"), _WRITE, ""),
    _Way("flink.apache.org", words("flinkdeployments flinksessionjobs"), _WRITE, ""),
    _Way("argoproj.io", words("workflows cronworkflows rollouts applications"), _WRITE, ""),
    _Way("serving.knative.dev", words("services"), _WRITE, ""),
    _Way("sparkoperator.k8s.io", words("sparkapplications scheduledsparkapplications"), _WRITE, ""),
    _Way("tekton.dev", words("tasks taskruns pipelineruns"), _WRITE, ""),
    _Way("batch.volcano.sh", words("jobs"), _WRITE, ""),
    _Way("kustomize.toolkit.fluxcd.io", words("kustomizations"), _WRITE, ""),
    _Way("helm.toolkit.fluxcd.io", words("helmreleases"), _WRITE, ""),
    _Way("kubevirt.io", words("virtualmachines virtualmachineinstances"), _WRITE, ""),
)
_WAYS = (
    _Way("", words("pods/exec pods/attach pods/portforward pods/proxy services/proxy"), _ANY,
         "gets into pods that run"),
    _Way("", words("pods/ephemeralcontainers"), _WRITE, "puts a container into pods that run"),
    _Way("", words("nodes/proxy nodes/exec"), _ANY, "asks the kubelet, past audit and admission"),
    _Way("", words("nodes nodes/status"), _CHANGE, "changes nodes, and where pods run"),
    _Way("", words("serviceaccounts/token"), words("create"), "makes tokens of other accounts"),
    _Way("", words("persistentvolumes"), _WRITE, "mounts any directory of a node"),
    _Way("", words("namespaces namespaces/finalize"), _WRITE,
         "takes away a namespace's Pod Security, or opens its policies"),
    _Way("", words("endpoints"), _WRITE, "turns a Service's traffic to another address"),
    _Way("discovery.k8s.io", words("endpointslices"), _WRITE,
         "turns a Service's traffic to another address"),
    _Way("", words("services services/status"), _WRITE,
         "opens pods to the world, or turns their traffic away"),
    _Way("networking.k8s.io", words("ingresses"), _WRITE, "opens pods to the world"),
    _Way("extensions", words("ingresses"), _WRITE, "opens pods to the world"),
    _Way("gateway.networking.k8s.io",
         words("gateways httproutes grpcroutes tlsroutes tcproutes udproutes referencegrants"),
         _WRITE, "opens pods to the world"),
    _Way("route.openshift.io", words("routes"), _WRITE, "opens pods to the world"),
    _Way("networking.istio.io",
         words("virtualservices destinationrules envoyfilters gateways serviceentries sidecars"),
         _CHANGE, "changes where the mesh's traffic goes, or what its proxies do"),
    _Way("projectcalico.org", words("networkpolicies globalnetworkpolicies"), _CHANGE,
         "opens or removes policies"),
    _Way("crd.projectcalico.org", words("networkpolicies globalnetworkpolicies"), _CHANGE,
         "opens or removes policies"),
    _Way("cilium.io", words("ciliumnetworkpolicies ciliumclusterwidenetworkpolicies"), _CHANGE,
         "opens or removes policies"),
    _Way("policy.networking.k8s.io",
         words("adminnetworkpolicies baselineadminnetworkpolicies clusternetworkpolicies"), _CHANGE,
         "opens or removes policies"),
    _Way("networking.k8s.io", words("networkpolicies"), _CHANGE, "opens or removes policies"),
    _Way("rbac.authorization.k8s.io",
         words("roles rolebindings clusterroles clusterrolebindings"), _CHANGE, "changes roles"),
    _Way("admissionregistration.k8s.io",
         words("mutatingwebhookconfigurations validatingwebhookconfigurations "
               "mutatingadmissionpolicies mutatingadmissionpolicybindings "
               "validatingadmissionpolicies validatingadmissionpolicybindings"), _CHANGE,
         "reads and changes every object that is applied, or switches checks off"),
    _Way("certificates.k8s.io",
         words("certificatesigningrequests/approval certificatesigningrequests/status"),
         _WRITE, "signs certificates of any user"),
    _Way("certificates.k8s.io", words("certificatesigningrequests"), words("create"),
         "asks for certificates of other users"),
    _Way("certificates.k8s.io", words("signers"), _ANY, "signs certificates of any user"),
    _Way("apiregistration.k8s.io", words("apiservices"), _CHANGE,
         "answers in the API server's place"),
    _Way("apiextensions.k8s.io", words("customresourcedefinitions"), _CHANGE,
         "changes what kinds there are"),
    _Way("storage.k8s.io", words("csidrivers storageclasses"), _WRITE,
         "mounts by a driver of its own"),
    _Way("policy", words("podsecuritypolicies"), words("use"), "runs what Pod Security refuses"),
    _Way("security.openshift.io", words("securitycontextconstraints"), _ANY,
         "runs what Pod Security refuses"),
    _Way("cert-manager.io", words("certificates certificaterequests issuers clusterissuers"),
         _WRITE, "gets certificates of the issuers that Flink's TLS trusts"),
    _Way("external-secrets.io", words("externalsecrets clusterexternalsecrets secretstores "
                                      "clustersecretstores"), _WRITE, "fetches any secret"),
    _Way("security.istio.io", words("authorizationpolicies peerauthentications"), _CHANGE,
         "opens the mesh"),
)  # fmt: skip
_VERBS = {
    "escalate": "gives itself what it does not have",
    "bind": "gives itself any role",
    "impersonate": "is anyone",
    "approve": "signs certificates of any user",
    "sign": "signs certificates of any user",
}


def _taken(manifests: Manifests, ways: tuple[_Way, ...]) -> Iterator[tuple[Place, _Way]]:
    for role, path, grant in grants(manifests):
        groups, verbs = set(texts(grant, "apiGroups")), set(texts(grant, "verbs"))
        given = texts(grant, "resources")
        for way in ways:
            reached = [one for one in given if _covers(one, way.resources)]
            allowed = not way.verbs or way.verbs & verbs or "*" in verbs
            if reached and verbs and allowed and groups & {way.group, "*"}:
                note = ", ".join(filter(None, (", ".join(reached), way.leads_to)))
                yield role.at(f"{path}.resources", note), way


def _covers(given: str, resources: frozenset[str]) -> bool:
    """Tell whether a resource is among those; a star alone is a finding of its own."""
    if given.startswith("*/") or given.endswith("/*"):
        head, _, tail = given.partition("/")
        for one in resources:
            name, _, sub = one.partition("/")
            if sub and head in {"*", name} and tail in {"*", sub}:
                return True
    return given in resources


@rule(
    "rbac-creates-pods",
    why="whoever makes or changes pods runs as any account of the namespace, and mounts its "
    "Secrets",
    fix="remove it; where it is the account's work, keep nothing else in the namespace",
)
def _creates_pods(manifests: Manifests) -> Iterator[Place]:
    for place, _ in _taken(manifests, _WORKLOADS):
        yield place


@rule(
    "rbac-powerful",
    why="with this right an account gets what other accounts or pods have",
    fix="remove it",
)
def _powerful(manifests: Manifests) -> Iterator[Place]:
    for place, _ in _taken(manifests, _WAYS):
        yield place
    for role, path, grant in grants(manifests):
        for verb in texts(grant, "verbs"):
            if verb in _VERBS:
                yield role.at(f"{path}.verbs", f"{verb}: {_VERBS[verb]}")


@rule(
    "rbac-aggregated",
    why="Kubernetes puts roles together by labels, and what comes of it is not in these manifests",
    fix="list the rules in the role that is bound, without aggregationRule and aggregate-to labels",
)
def _aggregated(manifests: Manifests) -> Iterator[Place]:
    for role in manifests.of("ClusterRole"):
        if role.content.get("aggregationRule"):
            yield role.at("aggregationRule")
        for label, value in role.labels.items():
            if label.startswith("rbac.authorization.k8s.io/aggregate-to-") and value == "true":
                yield role.at(f"metadata.labels[{label}]")
