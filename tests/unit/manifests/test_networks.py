# SPDX-License-Identifier: Apache-2.0
"""Who reaches whom by NetworkPolicies: defaults, addresses, and the world beyond the manifests."""

from __future__ import annotations

from typing import Any

import pytest

from flinksec_jobs.manifests import Flow, Manifests, check, matrix, table
from flinksec_jobs.manifests.kube.objects import Object

WORLD = {"any other pod of shop", "any pod elsewhere", "outside the cluster"}
DENY = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def _object(kind: str, name: str, *, api: str = "v1", **fields: Any) -> Object:
    metadata = {"name": name, "namespace": "shop"} | fields.pop("metadata", {})
    return Object({"apiVersion": api, "kind": kind, "metadata": metadata, **fields})


def _pod(name: str, *, ports: list[dict[str, Any]] | None = None, **spec: Any) -> Object:
    listed = [{"containerPort": 8080}] if ports is None else ports
    labels = {"app": name}
    containers = [{"name": "c", "image": "i", "ports": listed}]
    return _object(
        "Pod", name, metadata={"labels": labels}, spec={"containers": containers, **spec}
    )


def _policy(spec: dict[str, Any], name: str = "p") -> Object:
    return _object("NetworkPolicy", name, api="networking.k8s.io/v1", spec=spec)


def _from(*peers: object, **more: Any) -> dict[str, Any]:
    rule = {"from": list(peers), "ports": [{"port": 8080}]} | more
    return {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [rule]}


def _to(*peers: object, **more: Any) -> dict[str, Any]:
    rule = {"to": list(peers), "ports": [{"port": 443}]} | more
    return {"podSelector": {}, "policyTypes": ["Egress"], "egress": [rule]}


def _matrix(*objects: Object) -> list[Flow]:
    return matrix(Manifests(objects))


def _entering(*objects: Object, port: int = 8080, target: str = "shop/server") -> set[str]:
    flows = [f for f in _matrix(*objects) if (f.target, f.port) == (target, port)]
    assert flows
    return {flow.source for flow in flows if flow.is_open}


def _leaving(*objects: Object, source: str = "shop/server") -> set[str]:
    """What a workload may send to beyond the manifests, and at which ports."""
    targets = list(table([f for f in _matrix(*objects) if f.source == source]))
    heads = zip(targets[::3], targets[1::3], strict=True)
    return {head for head, opened in heads if source in opened and not head.startswith(source)}


def _ids(*objects: Object) -> set[str]:
    return {finding.id for finding in check(Manifests(objects))}


def _said(name: str, *objects: Object) -> list[str]:
    return [finding.why for finding in check(Manifests(objects)) if finding.id == name]


# What is absent, null or empty.


@pytest.mark.parametrize(
    "spec",
    [
        {"podSelector": {}, "ingress": [], "egress": []},
        {"podSelector": {}, "policyTypes": [], "egress": []},
        {"podSelector": {}, "policyTypes": None, "egress": None},
        {"podSelector": {}},
    ],
)
def test_an_empty_egress_governs_nothing_unless_policy_types_say_so(spec: dict[str, Any]) -> None:
    assert _leaving(_pod("server"), _policy(spec)) == {"everywhere all ports/any"}
    assert _said("net-default-deny", _pod("server"), _policy(spec))[0].endswith("Egress in shop")


def test_a_rule_for_egress_governs_it_without_policy_types() -> None:
    spec: dict[str, Any] = {"podSelector": {}, "egress": [{"to": [{"podSelector": {}}]}]}
    assert _leaving(_pod("server"), _policy(spec)) == {"shop/any pod all ports/any"}
    assert not _entering(_pod("server"), _policy(spec))


def test_an_empty_list_for_a_direction_that_is_not_governed_is_named() -> None:
    assert "net-policy-types" in _ids(_pod("server"), _policy({"podSelector": {}, "egress": []}))
    assert "net-policy-types" not in _ids(_pod("server"), _policy(DENY))


@pytest.mark.parametrize(
    "selector",
    [{}, None, {"matchLabels": {}}, {"matchLabels": None, "matchExpressions": []}],
)
def test_every_way_to_write_no_selector_takes_all_pods(selector: object) -> None:
    deny = DENY | {"podSelector": selector}
    assert "net-default-deny" not in _ids(_pod("server"), _policy(deny))
    assert not _entering(_pod("server"), _policy(deny))


def test_a_policy_without_pod_selector_takes_all_pods() -> None:
    assert "net-default-deny" not in _ids(
        _pod("server"), _policy({"policyTypes": ["Ingress", "Egress"]})
    )


def test_a_null_selector_of_namespaces_is_as_good_as_none() -> None:
    spec = _from({"namespaceSelector": None, "podSelector": {}})
    assert "any pod elsewhere" not in _entering(_pod("server"), _policy(spec))
    spec = _from({"namespaceSelector": {}, "podSelector": None})
    assert "any pod elsewhere" in _entering(_pod("server"), _policy(spec))


@pytest.mark.parametrize("peers", [[], None])
def test_no_list_of_peers_lets_everyone(peers: object) -> None:
    assert _entering(_pod("server"), _policy(_from() | {"ingress": [{"from": peers}]})) >= WORLD


def test_a_null_rule_lets_everyone_to_every_port() -> None:
    spec: dict[str, Any] = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [None]}
    assert _entering(_pod("server"), _policy(spec)) >= WORLD
    assert {"net-everyone", "net-all-ports"} <= _ids(_pod("server"), _policy(spec))


def test_a_peer_that_names_nobody_is_refused_by_the_api_server() -> None:
    assert "net-refused" in _ids(_pod("server"), _policy(_from({})))
    mixed = {"ipBlock": {"cidr": "10.1.0.0/16"}, "podSelector": {}}
    assert "net-refused" in _ids(_pod("server"), _policy(_from(mixed)))


# Ports.


def test_a_range_of_ports_is_one_row_from_end_to_end() -> None:
    block = {"ipBlock": {"cidr": "10.1.0.0/16"}}
    spec = _to(block, ports=[{"port": 8000, "endPort": 8099}])
    assert _leaving(_pod("server"), _policy(spec)) == {"10.1.0.0/16 8000-8099/TCP"}
    spec = _to(block, ports=[{"port": 1, "endPort": 65535, "protocol": "UDP"}])
    assert _leaving(_pod("server"), _policy(spec)) == {"10.1.0.0/16 all ports/UDP"}
    assert "net-all-ports" in _ids(_pod("server"), _policy(spec))


def test_a_null_port_is_every_port_of_its_protocol() -> None:
    spec = _from({"podSelector": {}}, ports=[{"port": None, "protocol": "SCTP"}])
    assert "net-all-ports" in _ids(_pod("server"), _policy(spec))
    assert not _entering(_pod("server"), _policy(spec))
    declared = _pod("server", ports=[{"containerPort": 8080, "protocol": "SCTP"}])
    assert _entering(declared, _policy(spec))


def test_a_named_port_counts_for_its_own_protocol_only() -> None:
    ports = [{"containerPort": 8080, "name": "web", "protocol": "UDP"}]
    by_name = [{"port": "web"}], [{"port": "web", "protocol": "UDP"}]
    tcp, udp = (_from({"podSelector": {}}, ports=listed) for listed in by_name)
    assert not _entering(_pod("server", ports=ports), _policy(tcp))
    assert "shop/any pod" in _entering(_pod("server", ports=ports), _policy(udp))


def test_a_named_port_of_somebody_else_is_a_row_of_its_own() -> None:
    there = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "db"}}}
    spec = _to(there, ports=[{"port": "postgres"}])
    assert _leaving(_pod("server"), _policy(spec)) == {"db/any pod postgres/TCP"}


def test_ports_that_are_opened_and_not_declared_are_rows() -> None:
    spec = _from({"podSelector": {}}, ports=[{"port": 9000}])
    assert "any other pod of shop" in _entering(_pod("server"), _policy(spec), port=9000)


@pytest.mark.parametrize(
    "port",
    [{"port": 90, "endPort": 80}, {"port": "web", "endPort": 99}, {"endPort": 99}, {"port": "80"}],
)
def test_ports_that_the_api_server_refuses_are_named(port: dict[str, Any]) -> None:
    assert "net-refused" in _ids(_pod("server"), _policy(_from({"podSelector": {}}, ports=[port])))


# Addresses are sets.


def test_a_wide_block_has_the_addresses_of_a_narrow_one() -> None:
    wide, narrow = (_to({"ipBlock": {"cidr": cidr}}) for cidr in ("10.0.0.0/14", "10.1.2.0/28"))
    wide["podSelector"], narrow["podSelector"] = (
        {"matchLabels": {"app": name}} for name in ("wide", "narrow")
    )
    objects = _pod("wide"), _pod("narrow"), _policy(wide, "w"), _policy(narrow, "n")
    assert _leaving(*objects, source="shop/wide") == {"10.0.0.0/14 443/TCP", "10.1.2.0/28 443/TCP"}
    assert _leaving(*objects, source="shop/narrow") == {"10.1.2.0/28 443/TCP"}


def test_exceptions_are_taken_off_a_block() -> None:
    whole = {"cidr": "10.0.0.0/14", "except": ["10.0.0.0/15", "10.2.0.0/15"]}
    spec = _to({"ipBlock": whole})
    assert _leaving(_pod("server"), _policy(spec)) == set()
    assert "net-peer-nothing" in _ids(_pod("server"), _policy(spec))
    half = {"cidr": "10.0.0.0/14", "except": ["10.0.0.0/15"]}
    (row,) = _leaving(_pod("server"), _policy(_to({"ipBlock": half})))
    assert row == "10.0.0.0/14 except 10.0.0.0/15 443/TCP"


def test_two_halves_of_the_world_are_the_world() -> None:
    halves = [{"ipBlock": {"cidr": cidr}} for cidr in ("0.0.0.0/1", "128.0.0.0/1")]
    assert _entering(_pod("server"), _policy(_from(*halves))) >= WORLD
    quarters = [{"ipBlock": {"cidr": f"{first}.0.0.0/13"}} for first in range(1, 9)]
    assert "net-everyone" in _ids(_pod("server"), _policy(_from(*quarters)))


@pytest.mark.parametrize(
    "cidr",
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fd00::/8", "8.0.0.0/12"],
)
def test_a_block_as_wide_as_no_site_is_everyone(cidr: str) -> None:
    assert "net-everyone" in _ids(_pod("server"), _policy(_from({"ipBlock": {"cidr": cidr}})))


def test_pods_are_in_blocks_too() -> None:
    block = _policy(_from({"ipBlock": {"cidr": "10.1.0.0/16"}}))
    entering = _entering(_pod("server"), _pod("client"), block)
    pods = {"any other pod of shop", "any pod elsewhere", "shop/client", "shop/server"}
    assert entering == {*pods, "10.1.0.0/16"}


def test_a_pod_whose_address_is_known_is_where_it_is() -> None:
    client = _pod("client")
    client.content["status"] = {"podIP": "10.2.0.7"}  # type: ignore[index]
    for cidr, is_in in (("10.1.0.0/16", False), ("10.2.0.0/16", True)):
        block = _policy(_from({"ipBlock": {"cidr": cidr}}))
        assert ("shop/client" in _entering(_pod("server"), client, block)) == is_in


def test_bits_behind_the_prefix_are_dropped_and_said() -> None:
    spec = _from({"ipBlock": {"cidr": "10.9.8.7/0"}})
    assert _entering(_pod("server"), _policy(spec)) >= WORLD
    assert "taken as 0.0.0.0/0" in _said("net-cidr", _pod("server"), _policy(spec))[0]


@pytest.mark.parametrize(
    "block",
    [
        {"cidr": "10.1.2.3"},
        {"cidr": "10.0.0.0/33"},
        {"cidr": "shop"},
        {},
        {"cidr": "10.0.0.0/14", "except": ["10.8.0.0/16"]},
        {"cidr": "10.0.0.0/14", "except": ["fd00::/64"]},
        {"cidr": "10.0.0.0/14", "except": ["10.0.0.0/14"]},
    ],
)
def test_blocks_that_the_api_server_refuses_are_named(block: dict[str, Any]) -> None:
    (why,) = _said("net-cidr", _pod("server"), _policy(_from({"ipBlock": block})))
    assert why.endswith("the API server refuses it")


# The world beyond the manifests.


@pytest.mark.parametrize(
    ("peer", "name"),
    [
        (
            {
                "namespaceSelector": {
                    "matchExpressions": [
                        {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["ops"]}
                    ]
                }
            },
            "ops/any pod",
        ),
        (
            {"podSelector": {"matchExpressions": [{"key": "tier", "operator": "Exists"}]}},
            "shop/pods with tier",
        ),
        (
            {
                "podSelector": {
                    "matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["x", "y"]}]
                }
            },
            "shop/pods with app not in (x, y)",
        ),
        (
            {"namespaceSelector": {"matchLabels": {"team": "b"}}, "podSelector": {}},
            "any pod of namespaces with team=b",
        ),
        (
            {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "probe"}}},
            "pods with app=probe of any namespace",
        ),
    ],
)
def test_whoever_a_rule_lets_in_is_in_the_matrix(peer: dict[str, Any], name: str) -> None:
    assert name in _entering(_pod("server"), _policy(_from(peer)))


def test_a_namespace_that_the_manifests_have_not_may_carry_any_label() -> None:
    client = Object(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "client", "namespace": "other"},
            "spec": {"containers": []},
        }
    )
    policy = _policy(_from({"namespaceSelector": {"matchLabels": {"team": "b"}}}))
    assert "other/client" in _entering(_pod("server"), client, policy)
    known = _object("Namespace", "other", metadata={"labels": {"team": "c"}})
    assert "other/client" not in _entering(_pod("server"), client, known, policy)


def test_labels_that_a_controller_adds_are_known() -> None:
    template = {"metadata": {"labels": {"app": "batch"}}, "spec": {"containers": []}}
    job = _object("Job", "batch", api="batch/v1", spec={"template": template})
    for name, is_in in (("batch", True), ("other", False)):
        policy = _policy(_from({"podSelector": {"matchLabels": {"job-name": name}}}))
        assert ("shop/batch" in _entering(_pod("server"), job, policy)) == is_in


def test_a_policy_for_one_pod_of_a_stateful_set_closes_not_the_others() -> None:
    ports = [{"name": "c", "ports": [{"containerPort": 8080}]}]
    template = {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": ports}}
    db = _object("StatefulSet", "db", api="apps/v1", spec={"template": template})
    one = {"statefulset.kubernetes.io/pod-name": "db-0"}
    policy = _policy(DENY | {"podSelector": {"matchLabels": one}})
    assert _entering(db, policy, target="shop/db") >= WORLD


def test_policies_do_not_count_in_the_network_of_the_node() -> None:
    name = "shop/server (network of the node)"
    assert _entering(_pod("server", hostNetwork=True), _policy(DENY), target=name) >= WORLD
    assert "net-host-network" in _ids(_pod("server", hostNetwork=True), _policy(DENY))


def test_a_policy_of_another_api_group_closes_nothing() -> None:
    calico = _object("NetworkPolicy", "p", api="projectcalico.org/v3", spec=DENY)
    assert _entering(_pod("server"), calico) >= WORLD
    assert "net-default-deny" in _ids(_pod("server"), calico)


def test_without_policies_everything_may_be_sent_everywhere() -> None:
    assert _leaving(_pod("server")) == {"everywhere all ports/any"}
    assert _leaving(_pod("server"), _policy(_to(None) | {"egress": [{}]})) == {
        "everywhere all ports/any"
    }
