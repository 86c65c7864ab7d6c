# SPDX-License-Identifier: Apache-2.0
"""The reachability matrix of the overlays: every open flow is in a list here, and no other."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner

from flinksec_jobs.cli import main
from flinksec_jobs.manifests import load, matrix
from tests.manifests.conftest import filled
from tests.manifests.documents import Documents

Rendered = Callable[[str], str]
JM, TM = "flight-delays/flink-jobmanager", "flight-delays/flink-taskmanager"
DEPLOYER, PROXY = "flight-delays/flink-deployer", "flight-delays/flink-proxy"
SAVEPOINTS = "flight-delays/flink-savepoints"
SANDBOX, DNS = "sandbox/sandbox", "kube-system/pods with k8s-app=kube-dns"
PROMETHEUS = "monitoring/pods with app.kubernetes.io/name=prometheus"
ISTIOD = "istio-system/pods with app=istiod"
FLINK = {
    (TM, JM, 6123),
    (TM, JM, 6124),
    (JM, JM, 6124),
    (JM, JM, 6125),
    (JM, TM, 6122),
    (JM, TM, 6120),
    (TM, TM, 6121),
    (DEPLOYER, JM, 8081),
}


def _names(*sources: str) -> set[tuple[str, str, int]]:
    return {(source, DNS, 53) for source in sources}


def _to(target: str, *ports: int) -> set[tuple[str, str, int]]:
    return {(source, target, port) for source in (JM, TM) for port in ports}


API_SERVERS = {
    (source, f"192.0.2.1{number}/32", 6443)
    for source in (JM, TM, DEPLOYER, SAVEPOINTS)
    for number in (1, 2, 3)
}
EXAMPLE = (
    FLINK
    | {(PROXY, JM, 8081), (SAVEPOINTS, JM, 8081), ("ingress-nginx/any pod", PROXY, 8443)}
    | {(PROMETHEUS, target, 9249) for target in (JM, TM)}
    | _names(JM, TM, DEPLOYER, SAVEPOINTS, PROXY)
    | API_SERVERS
    | {(source, ISTIOD, 15012) for source in (JM, TM, DEPLOYER, SAVEPOINTS, PROXY)}
    | _to("192.0.2.20/32", 88)
    | _to("198.51.100.0/28", 9092)
    | _to("198.51.100.32/28", 9200)
    | _to("203.0.113.0/26", 8020, 9866)
)
MINIKUBE = (
    FLINK
    | _names(JM, TM, DEPLOYER, SANDBOX)
    | {(source, "192.168.49.2/32", 8443) for source in (JM, TM, DEPLOYER)}
    | _to(SANDBOX, 10088, 9093, 8020, 9866, 9200)
)


@pytest.mark.parametrize(
    ("overlay", "expected"),
    [("example", EXAMPLE), ("minikube", MINIKUBE)],
    ids=["example", "minikube"],
)
def test_exactly_these_flows_are_open(
    overlay: str, expected: set[tuple[str, str, int]], overlay_yaml: Rendered
) -> None:
    flows = matrix(load([(overlay, overlay_yaml(overlay))]))
    opened = {(flow.source, flow.target, flow.port) for flow in flows if flow.is_open}
    assert opened == expected


def test_strangers_are_in_the_matrix_for_every_declared_port(overlay_yaml: Rendered) -> None:
    flows = matrix(load([("example", overlay_yaml("example"))]))
    ports = {(flow.target, flow.port) for flow in flows if flow.target in {JM, TM}}
    for stranger in ("any other pod of flight-delays", "any pod elsewhere", "outside the cluster"):
        closed = {(f.target, f.port) for f in flows if f.source == stranger and not f.is_open}
        assert ports <= closed


def test_without_policies_everything_is_open(example: Documents) -> None:
    example.all = [one for one in example.all if one["kind"] != "NetworkPolicy"]
    flows = matrix(example.manifests())
    assert flows
    assert all(flow.is_open for flow in flows)


def test_a_flow_needs_both_ends(example: Documents) -> None:
    example.remove("NetworkPolicy", "rest-from-proxy")
    opened = {(f.source, f.target, f.port) for f in matrix(example.manifests()) if f.is_open}
    assert opened == EXAMPLE - {(PROXY, JM, 8081)}


def test_the_matrix_is_printed_and_comes_as_json(overlay_yaml: Rendered) -> None:
    text = filled(overlay_yaml("example"))
    table = CliRunner().invoke(main, ["manifests", "check", "--matrix"], text)
    assert table.exit_code == 0
    lines = table.stdout.splitlines()
    at = lines.index(f"{JM} 8081/TCP")
    assert lines[at + 1] == f"    open to:   {DEPLOYER}, {PROXY}, {SAVEPOINTS}"
    result = CliRunner().invoke(main, ["manifests", "check", "--json", "--matrix"], text)
    cells = json.loads(result.stdout)["matrix"]
    assert {
        "source": PROXY,
        "target": JM,
        "port": 6123,
        "end_port": 6123,
        "protocol": "TCP",
        "port_name": "",
        "is_open": False,
    } in cells
