# SPDX-License-Identifier: Apache-2.0
"""Where the API server has the objects of a kind: the plural of its name, and whether by namespace.

What our manifests have stands here and costs no question; for all else the API server is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flinksec_jobs.deploy.kube_errors import InvalidObjectError


@dataclass(frozen=True)
class Resource:
    """The resource of a kind.

    Attributes:
        plural: ``jobs``.
        namespaced: whether its objects belong to a namespace.
    """

    plural: str
    namespaced: bool = True


_KNOWN = {
    ("v1", "ConfigMap"): Resource("configmaps"),
    ("v1", "Namespace"): Resource("namespaces", namespaced=False),
    ("v1", "PersistentVolume"): Resource("persistentvolumes", namespaced=False),
    ("v1", "PersistentVolumeClaim"): Resource("persistentvolumeclaims"),
    ("v1", "Pod"): Resource("pods"),
    ("v1", "Secret"): Resource("secrets"),
    ("v1", "Service"): Resource("services"),
    ("v1", "ServiceAccount"): Resource("serviceaccounts"),
    ("apps/v1", "Deployment"): Resource("deployments"),
    ("apps/v1", "StatefulSet"): Resource("statefulsets"),
    ("batch/v1", "CronJob"): Resource("cronjobs"),
    ("batch/v1", "Job"): Resource("jobs"),
    ("coordination.k8s.io/v1", "Lease"): Resource("leases"),
    ("networking.k8s.io/v1", "NetworkPolicy"): Resource("networkpolicies"),
    ("policy/v1", "PodDisruptionBudget"): Resource("poddisruptionbudgets"),
    ("rbac.authorization.k8s.io/v1", "Role"): Resource("roles"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): Resource("rolebindings"),
}


class Paths:
    """The paths of objects.

    Args:
        namespace: of what has one.
        ask: returns the answer to a GET of a path; used for ``/apis/GROUP/VERSION``.
    """

    def __init__(self, namespace: str, ask: Callable[[str], Mapping[str, Any]]) -> None:
        self._namespace = namespace
        self._ask = ask
        self._found = dict(_KNOWN)

    def resource(self, api_version: str, kind: str) -> Resource:
        """Return the resource of a kind.

        Raises:
            InvalidObjectError: this API server has no such kind.
        """
        if (api_version, kind) not in self._found:
            answer = self._ask(_root(api_version))
            for one in answer.get("resources") or ():
                if "/" not in one["name"]:
                    key = (api_version, str(one["kind"]))
                    self._found[key] = Resource(str(one["name"]), bool(one["namespaced"]))
        if (api_version, kind) not in self._found:
            raise InvalidObjectError(
                f"this cluster has no kind {kind} in {api_version}",
                hint="install what defines it, or leave the component out that has it",
            )
        return self._found[api_version, kind]

    def collection(self, api_version: str, kind: str) -> str:
        """Return the path of all objects of a kind, in the namespace if they have one."""
        found = self.resource(api_version, kind)
        middle = f"/namespaces/{self._namespace}" if found.namespaced else ""
        return f"{_root(api_version)}{middle}/{found.plural}"


def _root(api_version: str) -> str:
    return f"/api/{api_version}" if "/" not in api_version else f"/apis/{api_version}"
