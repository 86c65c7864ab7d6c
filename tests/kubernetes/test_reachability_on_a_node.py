# SPDX-License-Identifier: Apache-2.0
"""The whole matrix of who reaches whom, tried from pods: policies enforced, not only written.

Stand-ins carry the labels of each workload and listen on every port that any of them has, and on
one that none has. The kernel refuses what the policies do not allow.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.manifests import load, matrix
from tests.kubernetes import proxy
from tests.kubernetes.deployment import Deployment
from tests.kubernetes.node import images
from tests.kubernetes.node.node import Node
from tests.kubernetes.outside import Outside
from tests.kubernetes.overlay import NAMESPACE

IMAGE = "localhost/probe:1"
JM, TM, DEPLOYER, PROXY = "flink-jobmanager", "flink-taskmanager", "flink-deployer", "flink-proxy"
SAVEPOINTS = "flink-savepoints"
TM_2, BESIDE, ELSEWHERE = "flink-taskmanager-2", "beside", "elsewhere"
INGRESS = "ingress-controller"
PORTS = (6120, 6121, 6122, 6123, 6124, 6125, 8081, 8443, 9249, 7777)
SERVERS = {10088: "KDC", 9093: "Kafka", 9200: "Elasticsearch", 8020: "NameNode", 9866: "DataNode"}
SOURCES = (JM, TM, DEPLOYER, SAVEPOINTS, PROXY, BESIDE, ELSEWHERE, INGRESS)
UNGUARDED = (ELSEWHERE, INGRESS)
API_SERVER = "API server"
# A stand-in and the Job's pod would be one to a Service; here only the policies count.
INSIDE = {
    (TM, JM, 6123),
    (TM, JM, 6124),
    *itertools.product((JM,), (TM, TM_2), (6122, 6120)),
    (TM, TM_2, 6121),
    *itertools.product((DEPLOYER, SAVEPOINTS, PROXY), (JM,), (8081,)),
    (INGRESS, PROXY, 8443),
}
OUTSIDE = {(source, name, port) for source in (JM, TM) for port, name in SERVERS.items()} | {
    (source, API_SERVER, 6443) for source in (JM, TM, DEPLOYER, SAVEPOINTS)
}


@dataclass(frozen=True)
class Reached:
    """What answered whom.

    Attributes:
        before: with the default-deny and all else taken away.
        after: with the policies.
    """

    before: set[tuple[str, str, int]]
    after: set[tuple[str, str, int]]


def pod(name: str, namespace: str, labels: dict[str, str]) -> dict[str, Any]:
    arguments = ["listen", *map(str, PORTS)]
    container = {
        "name": "probe",
        "image": IMAGE,
        "imagePullPolicy": "Never",
        "args": arguments,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 65534,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [container],
        },
    }


def labels_of(deployment: Deployment, workload: str) -> dict[str, str]:
    found = next(
        each["spec"].get("jobTemplate", each)["spec"]["template"]
        for each in deployment.objects
        if each["metadata"]["name"] == workload
        and {"template", "jobTemplate"} & each.get("spec", {}).keys()
    )
    return dict(found["metadata"]["labels"])


def policies_in(deployment: Deployment, namespace: str) -> list[dict[str, Any]]:
    return [
        {**each, "metadata": {"name": each["metadata"]["name"], "namespace": namespace}}
        for each in deployment.objects
        if each["kind"] == "NetworkPolicy"
    ]


@pytest.fixture(scope="module")
def reached(
    node: Node, outside: Outside, rendered: Deployment, programs: Path, work: Path
) -> Iterator[Reached]:
    """Every pair of pod and port tried, without the policies and with them."""
    node.import_image(images.of_program(programs / "probe", IMAGE, work / "probe.tar"))
    home, other, ingress = "matrix", "matrix-elsewhere", proxy.INGRESS
    for name in (home, other, ingress):
        node.kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    places = {
        **{
            name: (home, labels_of(rendered, name))
            for name in (JM, TM, DEPLOYER, SAVEPOINTS, PROXY)
        },
        TM_2: (home, labels_of(rendered, TM)),
        BESIDE: (home, {"app": "beside"}),
        ELSEWHERE: (other, {"app": "elsewhere"}),
        INGRESS: (ingress, {"app": "ingress"}),
    }
    node.kubectl.apply(*[pod(name, where, labels) for name, (where, labels) in places.items()])
    for name, (where, _) in places.items():
        node.kubectl("-n", where, "wait", "--for=condition=Ready", f"pod/{name}", "--timeout=120s")
    addresses = {
        name: node.kubectl.get("-n", where, "pod", name)["status"]["podIP"]
        for name, (where, _) in places.items()
    }
    targets = {
        f"{address}:{port}": (name, port)
        for (name, address), port in itertools.product(addresses.items(), PORTS)
    }
    servers = node.machine.outer_address
    targets |= {f"{servers}:{port}": (name, port) for port, name in SERVERS.items()}
    targets[f"{node.machine.address}:6443"] = (API_SERVER, 6443)

    def attempt() -> set[tuple[str, str, int]]:
        def from_one(source: str) -> set[tuple[str, str, int]]:
            answered = dial(node, places[source][0], source, list(targets))
            found = {(source, *targets[target]) for target in answered}
            return {each for each in found if each[1] != source}

        # What is closed does not answer, so that each waits for as long as it is told to.
        with ThreadPoolExecutor(len(SOURCES)) as pool:
            return set().union(*pool.map(from_one, SOURCES))

    before = attempt()
    node.kubectl.apply(*policies_in(rendered, home))
    sealed_off = f"{addresses[JM]}:7777"
    node.kubectl.wait_for(
        "the policies are enforced",
        lambda: not dial(node, home, BESIDE, [sealed_off]),
        seconds=60,
    )
    # Each policy is enforced by itself, and what allows something may come behind what denies it.
    after = attempt()
    while (again := attempt()) != after:
        after = again
    yield Reached(before, after)
    for name in (home, other):
        node.kubectl("delete", "namespace", name, "--wait=false")


def dial(node: Node, namespace: str, source: str, targets: list[str]) -> list[str]:
    said = node.kubectl("-n", namespace, "exec", source, "--", "/probe", "dial", *targets)
    answers = dict(line.split() for line in said.splitlines())
    assert set(answers) == set(targets)
    return [target for target, answer in answers.items() if answer == "open"]


def name_in_check(end: str) -> str:
    namespace, _, name = end.rpartition("/")
    return INGRESS if namespace == proxy.INGRESS else name


def test_without_policies_everybody_reaches_everything(reached: Reached) -> None:
    pods = {*SOURCES, TM_2}
    inside = {
        (source, target, port)
        for source, target, port in itertools.product(SOURCES, pods, PORTS)
        if source != target
    }
    out = {(source, name, port) for source in SOURCES for port, name in SERVERS.items()}
    assert reached.before == inside | out | {(source, API_SERVER, 6443) for source in SOURCES}


@pytest.mark.parametrize("source", SOURCES)
def test_with_the_policies_a_pod_reaches_what_stands_here_and_nothing_else(
    reached: Reached, source: str
) -> None:
    beyond = {
        # Without policies of its own it reaches whatever lets it in.
        each
        for each in reached.before
        if source in UNGUARDED
        and each[0] == source
        and each[1] in {*UNGUARDED, *SERVERS.values(), API_SERVER}
    }
    expected = {each for each in INSIDE | OUTSIDE if each[0] == source} | beyond
    assert {each for each in reached.after if each[0] == source} == expected


def test_the_check_of_manifests_tells_the_same_matrix(
    node: Node, rendered: Deployment, reached: Reached
) -> None:
    documents = "\n---\n".join(json.dumps(each) for each in rendered.objects)
    flows = matrix(load([("rendered", documents)]))
    told = {
        (name_in_check(flow.source), name_in_check(flow.target), flow.port)
        for flow in flows
        if flow.is_open and flow.target.startswith(f"{NAMESPACE}/")
    }
    tried = {(a, TM if b == TM_2 else b, port) for a, b, port in reached.after}
    inside = {each for each in tried if each[1] in {JM, TM, DEPLOYER, SAVEPOINTS, PROXY}}
    # To itself a stand-in was not asked to go.
    assert {each for each in told if each[0] != each[1] or each[0] == TM} == inside
