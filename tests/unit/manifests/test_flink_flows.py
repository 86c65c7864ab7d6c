# SPDX-License-Identifier: Apache-2.0
"""Flink's ports are open to Flink's own pods of one job, and REST to those who are named."""

from __future__ import annotations

from typing import Any

import pytest

from flinksec_jobs.manifests import Manifests, check
from flinksec_jobs.manifests.flink.rules import flows
from flinksec_jobs.manifests.kube.objects import Object

FLINK = {"app": "flink", "job": "one"}
NAME = "kubernetes.io/metadata.name"


def _pod(name: str, labels: dict[str, str], *args: str, namespace: str = "jobs") -> Object:
    container = {"name": "c", "image": "i", "args": list(args), "ports": []}
    return Object(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace, "labels": labels},
            "spec": {"containers": [container]},
        }
    )


def _policy(name: str, spec: dict[str, Any]) -> Object:
    metadata = {"name": name, "namespace": "jobs"}
    return Object(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": metadata,
            "spec": {"podSelector": {"matchLabels": FLINK}, **spec},
        }
    )


def _opened(*peers: dict[str, Any], port: int = 6123, others: tuple[Object, ...] = ()) -> list[str]:
    rule = {"from": list(peers), "ports": [{"port": port}]}
    found = check(
        Manifests(
            [
                _pod("jm", FLINK | {"component": "jm"}, "jobmanager", "-Djobmanager.rpc.address=j"),
                _pod("tm", FLINK | {"component": "tm"}, "taskmanager"),
                _policy("closed", {"policyTypes": ["Ingress", "Egress"], "egress": [{}]}),
                _policy("rpc", {"policyTypes": ["Ingress"], "ingress": [rule]}),
                *others,
            ]
        )
    )
    return [
        finding.why.partition(": ")[2]
        for finding in found
        if finding.id == "flink-flow-open" and "/jm" in str(finding.where)
    ]


def _labelled(**labels: str) -> dict[str, Any]:
    return {"podSelector": {"matchLabels": labels}}


def _expressed(key: str, operator: str, *values: str) -> dict[str, Any]:
    term = {"key": key, "operator": operator} | ({"values": list(values)} if values else {})
    return {"matchExpressions": [term]}


def _in(name: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {NAME: name}}}


@pytest.mark.parametrize(
    "peer",
    [
        _labelled(app="flink"),
        _labelled(app="flink", component="tm"),
        {"podSelector": _expressed("component", "In", "jm", "tm")},
        _labelled(app="flink") | _in("jobs"),
    ],
)
def test_a_rule_for_the_pods_of_the_job_opens_nothing(peer: dict[str, Any]) -> None:
    assert _opened(peer) == []


@pytest.mark.parametrize(
    ("peer", "who"),
    [
        (_in("team-b"), "team-b/any pod"),
        (_in("team-b") | _labelled(app="flink"), "team-b/pods with app=flink"),
        (_labelled(app="spark"), "jobs/pods with app=spark"),
        (_labelled(app="flink", job="two"), "jobs/pods with app=flink, job=two"),
        ({"podSelector": _expressed("app", "Exists")}, "jobs/pods with app"),
        (
            {"podSelector": _expressed("app", "In", "flink", "ui")},
            "jobs/pods with app in (flink, ui)",
        ),
        ({"podSelector": _expressed("app", "NotIn", "ui")}, "jobs/pods with app not in (ui)"),
        (
            {"namespaceSelector": _expressed(NAME, "In", "jobs", "lab"), **_labelled(app="flink")},
            f"pods with app=flink of namespaces with {NAME} in (jobs, lab)",
        ),
        (
            {"namespaceSelector": {"matchLabels": {"team": "a"}}, **_labelled(app="flink")},
            "pods with app=flink of namespaces with team=a",
        ),
        (
            {"namespaceSelector": {}, **_labelled(app="flink")},
            "pods with app=flink of any namespace",
        ),
        ({"ipBlock": {"cidr": "10.7.0.0/24"}}, "10.7.0.0/24"),
        ({"ipBlock": {"cidr": "192.0.2.7/32"}}, "192.0.2.7/32"),
    ],
)
@pytest.mark.parametrize("port", [6123, 8081], ids=["rpc", "rest"])
def test_whoever_else_is_let_in_is_named(peer: dict[str, Any], who: str, port: int) -> None:
    named_at_rest = "team-b/pods" in who or who.startswith("jobs/pods with app=")
    named_at_rest |= who.startswith("jobs/pods with app in") or "(jobs, lab)" in who
    expected = not (port == 8081 and named_at_rest)
    assert (f"{who} reaches {port}" in _opened(peer, port=port)) == expected


def test_another_job_in_the_namespace_is_somebody_else() -> None:
    other = _pod(
        "other", {"app": "flink", "job": "two"}, "taskmanager", "-Djobmanager.rpc.address=k"
    )
    assert _opened(_labelled(app="flink"), others=(other,)) == ["jobs/other reaches 6123"]
    assert _opened(_labelled(app="flink"), port=8081, others=(other,)) == [
        "jobs/other reaches 8081"
    ]


def test_a_range_of_ports_with_a_port_of_flink_in_it_opens_that() -> None:
    rule = {"from": [_in("team-b")], "ports": [{"port": 6000, "endPort": 7000}]}
    pinned = "-Dblob.server.port=6124", "-Dmetrics.internal.query-service.port=6125"
    jm = _pod("jm", FLINK, "jobmanager", *pinned)
    policy = _policy("rpc", {"policyTypes": ["Ingress"], "ingress": [rule]})
    found = check(Manifests([jm, policy]))
    whys = [finding.why for finding in found if finding.id == "flink-flow-open"]
    assert [why.rpartition(": ")[2] for why in whys] == ["team-b/any pod reaches 6123, 6124, 6125"]


def test_a_range_that_a_random_port_may_be_in_opens_it() -> None:
    rule = {"from": [_in("team-b")], "ports": [{"port": 50000, "endPort": 50100}]}
    policy = _policy("any", {"policyTypes": ["Ingress"], "ingress": [rule]})
    for port, expected in (("0", ["team-b/any pod reaches 50100"]), ("6121", [])):
        options = [
            f"-D{option}={port}"
            for option in (
                "taskmanager.rpc.port",
                "taskmanager.data.port",
                "metrics.internal.query-service.port",
            )
        ]
        found = check(Manifests([_pod("tm", FLINK, "taskmanager", *options), policy]))
        whys = [finding.why for finding in found if finding.id == "flink-flow-open"]
        assert [why.rpartition(": ")[2] for why in whys] == expected


def test_flink_in_the_network_of_the_node_is_open_to_everybody() -> None:
    jm = _pod("jm", FLINK, "jobmanager")
    jm.content["spec"]["hostNetwork"] = True
    closed = _policy("closed", {"policyTypes": ["Ingress", "Egress"]})
    found = check(Manifests([jm, closed]))
    whys = " ".join(finding.why for finding in found if finding.id == "flink-flow-open")
    for who in ("any other pod of jobs", "any pod elsewhere", "outside the cluster"):
        assert f"{who} reaches 6123, 6124, 8081" in whys


def test_each_server_of_each_cluster_in_the_settings_is_one_to_connect_to() -> None:
    settings = {
        "kafka": {
            "bootstrap_servers": ["k.test:9093"],
            "properties": {"client.id": "a:1"},
            "partner": {
                "bootstrap_servers": ["p.test:9094"],
                "oauth_token_endpoint": "https://login.test/token",
            },
        },
        "hdfs": {
            "uri": "hdfs://flights",
            "namenodes": ["nn1.test:8020", "nn2.test:8021"],
            "kms_urls": ["https://kms.test:9600/kms"],
            "archive": {"uri": "hdfs://cold.test:8022"},
        },
    }
    assert list(flows._servers(settings)) == [
        ("kafka.bootstrap_servers", 9093),
        ("kafka.partner.bootstrap_servers", 9094),
        ("kafka.partner.oauth_token_endpoint", 443),
        ("hdfs.namenodes", 8020),
        ("hdfs.namenodes", 8021),
        ("hdfs.kms_urls", 9600),
        ("hdfs.archive.uri", 8022),
    ]
