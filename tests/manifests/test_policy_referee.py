# SPDX-License-Identifier: Apache-2.0
"""Our verdicts about NetworkPolicies against the evaluator of kube-network-policies.

Where the two differ, Kubernetes' documentation is on our side: each such case stands here, with the
reason, and is kept out of the random comparison.
"""

from __future__ import annotations

from typing import Any

from flinksec_jobs.manifests import Manifests
from flinksec_jobs.manifests.kube.connections import End, end_of, is_open, rules_for
from flinksec_jobs.manifests.kube.network_policies import single
from flinksec_jobs.manifests.kube.reachability import are_among, beyond, entrants, named
from tests.manifests.fuzz_policies import Tally, compare
from tests.manifests.policy_referee import Cluster, Packet, manifests_of, ours, theirs
from tests.manifests.random_policies import draw

_SEED, _CLUSTERS = 20261129, 3000


def test_random_clusters_are_judged_as_another_project_judges_them() -> None:
    tally = Tally()
    found = compare(_SEED, lambda done: done < _CLUSTERS, tally)
    assert found is None, str(found)
    # Neither verdict is rare: what is always closed, or open, would compare nothing.
    assert min(tally.opened, tally.closed) > _CLUSTERS


def test_whoever_gets_in_is_named_also_if_the_manifests_do_not_have_the_pod() -> None:
    seen = 0
    clusters = [draw(_SEED + 1, number) for number in range(_CLUSTERS // 3)]
    for cluster, verdicts in zip(clusters, theirs(clusters), strict=True):
        whole = manifests_of(cluster)
        pods = {end_of(whole, pod).name: pod for pod in whole.pods}
        for packet, is_open_ in zip(cluster.packets, verdicts, strict=True):
            if is_open_ and packet.source in pods and packet.target in pods:
                seen += 1
                gone = end_of(whole, pods[packet.source])
                assert _lets_in(_without(whole, gone), packet, gone), (cluster, packet)
                gone = end_of(whole, pods[packet.target])
                assert _lets_out(_without(whole, gone), packet, gone), (cluster, packet)
    assert seen > _CLUSTERS // 3


def _without(manifests: Manifests, gone: End) -> Manifests:
    owner = gone.pod.owner if gone.pod else None
    return Manifests([one for one in manifests.objects if one is not owner])


def _lets_in(manifests: Manifests, packet: Packet, gone: End) -> bool:
    """Whether somebody who may enter, or a rule for labels that known pods have, is the one."""
    (target,) = (one for one in manifests.pods if end_of(manifests, one).name == packet.target)
    port = single(packet.port, packet.protocol)
    by_known_labels = [
        end
        for end in named(rules_for(manifests, target, "ingress"))
        if are_among(end, manifests.pods)
    ]
    return any(_is(end, gone) for end in [*entrants(manifests, target, port), *by_known_labels])


def _lets_out(manifests: Manifests, packet: Packet, gone: End) -> bool:
    (source,) = (one for one in manifests.pods if end_of(manifests, one).name == packet.source)
    port = single(packet.port, packet.protocol)
    open_to = [
        end
        for end, ports in beyond(manifests)
        if ports.take(port, gone.pod) and is_open(manifests, end_of(manifests, source), end, ports)
    ]
    by_known_labels = [
        end
        for end in named(rules_for(manifests, source, "egress"))
        if are_among(end, manifests.pods)
    ]
    return any(_is(end, gone) for end in [*open_to, *by_known_labels])


def _is(end: End, one: End) -> bool:
    """Whether an end stands for a pod, among others."""
    if end.pod is not None:
        return False
    if end.labels is None:
        return bool(end.addresses and one.addresses and one.addresses.is_within(end.addresses))
    return bool(one.labels and one.labels.is_within(end.labels)) and one.namespaces.is_within(
        end.namespaces
    )


def _two_pods(
    spec: dict[str, Any], *, namespace: str = "a", ports: list[dict[str, Any]] | None = None
) -> Cluster:
    """A client sends to port 80 of a server, for which there is this policy."""
    cluster = Cluster()
    cluster.namespace("a")
    if namespace != "a":
        cluster.namespace(namespace)
    cluster.pod("a/server", "10.0.0.1", {"app": "server"}, ports)
    cluster.pod(f"{namespace}/client", "10.0.0.2", {"app": "client"})
    cluster.policy("a/p", {"podSelector": {"matchLabels": {"app": "server"}}} | spec)
    cluster.packets = [Packet(f"{namespace}/client", "a/server", 80, "TCP")]
    return cluster


def _from(*peers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"policyTypes": ["Ingress"], "ingress": [{"from": list(peers)} | more]}


def test_both_close_a_namespace_selector_that_takes_no_namespace() -> None:
    cluster = _two_pods(_from({"namespaceSelector": {"matchLabels": {"team": "nobody"}}}))
    assert ours(cluster) == theirs([cluster])[0] == [False]


def test_an_empty_list_of_rules_lets_nobody_in_and_theirs_takes_it_for_all() -> None:
    # "If this field is empty then this NetworkPolicy does not allow any traffic." The storage of
    # the API server leaves empty lists out, so that their evaluator never meets one.
    cluster = _two_pods({"policyTypes": ["Ingress"], "ingress": []})
    assert ours(cluster) == [False]
    assert theirs([cluster], as_stored=False) == [[True]]
    assert theirs([cluster]) == [[False]]


def test_a_named_port_of_a_native_sidecar_counts_and_theirs_does_not_see_it() -> None:
    # Kubernetes' own FindPort looks through initial containers that restart, too.
    cluster = _two_pods(_from({"podSelector": {}}, ports=[{"port": "web"}]))
    (server, _) = cluster.pods
    server["spec"]["initContainers"] = [
        {
            "name": "sidecar",
            "image": "i",
            "restartPolicy": "Always",
            "ports": [{"name": "web", "containerPort": 80}],
        }
    ]
    assert ours(cluster) == [True]
    assert theirs([cluster]) == [[False]]


def test_a_named_port_of_an_egress_rule_is_that_of_the_receiver_to_both() -> None:
    spec = {"policyTypes": ["Egress"], "egress": [{"ports": [{"port": "web"}]}]}
    cluster = _two_pods(spec | {"podSelector": {"matchLabels": {"app": "client"}}})
    assert ours(cluster) == theirs([cluster])[0] == [False]
    cluster = _two_pods(
        spec | {"podSelector": {"matchLabels": {"app": "client"}}},
        ports=[{"name": "web", "containerPort": 80}],
    )
    assert ours(cluster) == theirs([cluster])[0] == [True]
    # Nobody outside of the cluster has a name for a port.
    cluster.packets = [Packet("a/client", "192.0.2.1", 80, "TCP")]
    assert ours(cluster) == theirs([cluster])[0] == [False]


def test_a_named_port_with_an_end_opens_only_the_port_and_theirs_counts_from_zero() -> None:
    # The API server refuses it; `net-refused` says so.
    spec = _from({"podSelector": {}}, ports=[{"port": "web", "endPort": 100}])
    cluster = _two_pods(spec, ports=[{"name": "web", "containerPort": 443}])
    assert ours(cluster) == [False]
    assert theirs([cluster]) == [[True]]


def test_a_pod_in_the_network_of_its_node_is_open_and_theirs_knows_no_such_pods() -> None:
    # "the behavior is undefined, but it should be limited to 2 possibilities"; most plugins ignore
    # policies for it.
    cluster = _two_pods({"policyTypes": ["Ingress"]})
    cluster.pods[0]["spec"]["hostNetwork"] = True
    assert ours(cluster) == [True]
    assert theirs([cluster]) == [[False]]


def test_an_address_that_nobody_knows_may_be_in_any_block_and_theirs_takes_it_for_none() -> None:
    cluster = _two_pods(_from({"ipBlock": {"cidr": "192.0.2.0/24"}}))
    assert ours(cluster) == theirs([cluster])[0] == [False]
    cluster.pods[1]["status"] = {}
    assert ours(cluster) == [True]


def test_a_namespace_that_is_not_there_may_have_any_label_and_theirs_takes_it_for_none() -> None:
    spec = _from({"namespaceSelector": {"matchLabels": {"team": "b"}}})
    cluster = _two_pods(spec, namespace="b")
    assert ours(cluster) == theirs([cluster])[0] == [False]
    del cluster.namespaces[1]
    assert ours(cluster) == [True]
    assert theirs([cluster]) == [[False]]
