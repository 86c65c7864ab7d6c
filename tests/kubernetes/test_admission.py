# SPDX-License-Identifier: Apache-2.0
"""The API server takes the pods as they are, and refuses them with any protection less."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.kubernetes.deployment import Deployment
from tests.kubernetes.node.node import Node

Pod = dict[str, Any]
WORKLOADS = ("flink-jobmanager", "flink-taskmanager", "flink-deployer", "flink-proxy")


def container(pod: Pod) -> dict[str, Any]:
    first: dict[str, Any] = pod["spec"]["containers"][0]
    return first


def add_volume(pod: Pod, volume: dict[str, Any]) -> None:
    pod["spec"]["volumes"].append({"name": "more", **volume})


WEAKENED: dict[str, Callable[[Pod], object]] = {
    "privileged": lambda pod: container(pod).update(securityContext={"privileged": True}),
    "allowPrivilegeEscalation": lambda pod: container(pod)["securityContext"].pop(
        "allowPrivilegeEscalation"
    ),
    "unrestricted capabilities": lambda pod: container(pod)["securityContext"].pop("capabilities"),
    "NET_ADMIN": lambda pod: container(pod)["securityContext"]["capabilities"].update(
        add=["NET_ADMIN"]
    ),
    "runAsNonRoot": lambda pod: pod["spec"]["securityContext"].pop("runAsNonRoot"),
    "runAsUser=0": lambda pod: pod["spec"]["securityContext"].update(runAsUser=0),
    "seccompProfile": lambda pod: pod["spec"]["securityContext"].pop("seccompProfile"),
    "hostNetwork": lambda pod: pod["spec"].update(hostNetwork=True),
    "hostPID": lambda pod: pod["spec"].update(hostPID=True),
    "hostPath": lambda pod: add_volume(pod, {"hostPath": {"path": "/"}}),
    "nfs": lambda pod: add_volume(pod, {"nfs": {"server": "nfs.example.com", "path": "/"}}),
}


def pod_of(deployment: Deployment, workload: str) -> Pod:
    found = next(
        each
        for each in deployment.objects
        if each["metadata"]["name"] == workload and "template" in each.get("spec", {})
    )
    template = copy.deepcopy(found["spec"]["template"])
    namespace = found["metadata"]["namespace"]
    metadata = {**template["metadata"], "name": "as-rendered", "namespace": namespace}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {**template["spec"], "restartPolicy": "Never"},
    }


def create(node: Node, pod: Pod) -> tuple[int, str]:
    done = node.kubectl.attempt("create", "--dry-run=server", "--filename=-", input=json.dumps(pod))
    return done.returncode, done.stderr


@pytest.mark.parametrize("workload", WORKLOADS)
def test_a_pod_as_rendered_is_taken(
    node: Node, rendered: Deployment, namespace: str, workload: str
) -> None:
    assert create(node, pod_of(rendered, workload)) == (0, "")


@pytest.mark.parametrize("weakness", WEAKENED)
def test_a_pod_with_one_protection_less_is_refused_by_name(
    node: Node, rendered: Deployment, namespace: str, weakness: str
) -> None:
    pod = pod_of(rendered, "flink-taskmanager")
    WEAKENED[weakness](pod)
    code, said = create(node, pod)
    assert code == 1
    assert 'violates PodSecurity "restricted:latest"' in said
    assert weakness in said
