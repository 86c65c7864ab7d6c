# SPDX-License-Identifier: Apache-2.0
"""Clusters with policies, judged by us and by the evaluator of kube-network-policies."""

from __future__ import annotations

import copy
import json
import os
import subprocess
from dataclasses import dataclass, field
from typing import Any

from flinksec_jobs.manifests import Manifests
from flinksec_jobs.manifests.kube.addresses import single as one_address
from flinksec_jobs.manifests.kube.connections import End, end_of, is_open
from flinksec_jobs.manifests.kube.label_sets import NAME
from flinksec_jobs.manifests.kube.network_policies import single
from flinksec_jobs.manifests.kube.objects import Object

_REFEREE = "FLINKSEC_POLICY_REFEREE"
_SECONDS = 600


@dataclass(frozen=True)
class Packet:
    """What a connection begins with: the names of pods as ``namespace/name``, or addresses."""

    source: str
    target: str
    port: int
    protocol: str


@dataclass
class Cluster:
    """Documents as they are applied, and the packets that are asked about."""

    namespaces: list[dict[str, Any]] = field(default_factory=list)
    pods: list[dict[str, Any]] = field(default_factory=list)
    policies: list[dict[str, Any]] = field(default_factory=list)
    packets: list[Packet] = field(default_factory=list)

    def namespace(self, name: str, **labels: str) -> None:
        self.namespaces.append(
            {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {"name": name, "labels": labels},
            }
        )

    def pod(
        self,
        place: str,
        address: str,
        labels: dict[str, str],
        ports: list[dict[str, Any]] | None = None,
    ) -> None:
        namespace, name = place.split("/")
        self.pods.append(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": name, "namespace": namespace, "labels": labels},
                "spec": {"containers": [{"name": "c", "image": "i", "ports": ports or []}]},
                "status": {"podIPs": [{"ip": address}]},
            }
        )

    def policy(self, place: str, spec: dict[str, Any]) -> None:
        namespace, name = place.split("/")
        self.policies.append(
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "NetworkPolicy",
                "metadata": {"name": name, "namespace": namespace},
                "spec": spec,
            }
        )


def manifests_of(cluster: Cluster) -> Manifests:
    """Return the documents of a cluster, as they are read."""
    documents = [*cluster.namespaces, *cluster.pods, *cluster.policies]
    return Manifests([Object(document) for document in documents])


def ours(cluster: Cluster) -> list[bool]:
    """Say of each packet whether it gets through."""
    manifests = manifests_of(cluster)
    ends = {
        f"{pod.owner.namespace}/{pod.owner.name}": end_of(manifests, pod) for pod in manifests.pods
    }

    def end(name: str) -> End:
        return ends[name] if name in ends else End(name, addresses=one_address(name))

    return [
        is_open(manifests, end(one.source), end(one.target), single(one.port, one.protocol))
        for one in cluster.packets
    ]


def theirs(clusters: list[Cluster], *, as_stored: bool = True) -> list[list[bool]]:
    """Ask the other evaluator, for all clusters at once.

    Args:
        clusters: to be asked about.
        as_stored: whether empty lists of rules are left out, as the API server's storage does.
    """
    asked = "".join(json.dumps(_case(one, as_stored=as_stored)) for one in clusters)
    done = subprocess.run(
        [os.environ[_REFEREE]],
        input=asked,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(clusters)
    return answers


def _case(cluster: Cluster, *, as_stored: bool) -> dict[str, Any]:
    named = copy.deepcopy(cluster.namespaces)
    for one in named:
        # The API server adds it.
        one["metadata"]["labels"][NAME] = one["metadata"]["name"]
    policies = copy.deepcopy(cluster.policies)
    for policy in policies if as_stored else ():
        for direction in ("ingress", "egress"):
            if policy["spec"].get(direction) == []:
                del policy["spec"][direction]
    addresses = {
        f"{pod['metadata']['namespace']}/{pod['metadata']['name']}": pod["status"]["podIPs"][0][
            "ip"
        ]
        for pod in cluster.pods
    }
    packets = [
        {
            "Source": addresses.get(one.source, one.source),
            "Destination": addresses.get(one.target, one.target),
            "Port": one.port,
            "Protocol": one.protocol,
        }
        for one in cluster.packets
    ]
    return {"Namespaces": named, "Pods": cluster.pods, "Policies": policies, "Packets": packets}
