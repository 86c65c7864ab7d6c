# SPDX-License-Identifier: Apache-2.0
"""The flows between Flink's processes: those that it needs, and no others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flinksec_jobs.manifests.flink.flink_processes import FlinkProcess, job_settings, processes
from flinksec_jobs.manifests.kube.connections import (
    End,
    end_of,
    is_open,
    policies_for,
    rules_for,
)
from flinksec_jobs.manifests.kube.label_sets import NAME
from flinksec_jobs.manifests.kube.network_policies import EVERY_PORT, single
from flinksec_jobs.manifests.kube.objects import Manifests, Place, Pod, dig, mapping, sequence, text
from flinksec_jobs.manifests.kube.reachability import are_among, entrants
from flinksec_jobs.manifests.rule import rule
from flinksec_jobs.settings.cluster import QUERY_PORT

# (from, to): the options of the ports at the receiver.
_FLOWS = {
    ("taskmanager", "jobmanager"): ("jobmanager.rpc.port", "blob.server.port"),
    ("jobmanager", "taskmanager"): ("taskmanager.rpc.port", QUERY_PORT),
    ("taskmanager", "taskmanager"): ("taskmanager.data.port",),
    # Itself, through its Service: it uploads the job's files, and asks for its own metrics.
    ("jobmanager", "jobmanager"): ("blob.server.port", QUERY_PORT),
}
# Below are ports that need rights of their own.
_FIRST_RANDOM = 1024
_API_SERVER = {443, 6443, 8443}


def _pairs(manifests: Manifests) -> Iterator[tuple[FlinkProcess, FlinkProcess]]:
    found = processes(manifests)
    for one in found:
        for other in found:
            if one.pod.owner.namespace == other.pod.owner.namespace:
                yield one, other


@rule(
    "flink-flow-blocked",
    why="Flink's processes cannot reach each other, and the job waits or runs without metrics",
    fix="allow the flow at both ends",
)
def _flow_blocked(manifests: Manifests) -> Iterator[Place]:
    for one, other in _pairs(manifests):
        source, target = end_of(manifests, one.pod), end_of(manifests, other.pod)
        for option in _FLOWS[one.role, other.role]:
            port = other.ports[option]
            if port and not is_open(manifests, source, target, single(port, "TCP")):
                yield other.pod.owner.at("spec", f"{one.pod.owner} to {option} = {port}")


@rule(
    "flink-flow-open",
    why="something that is not part of Flink can reach one of its ports",
    fix="allow Flink's own pods only, and REST from a proxy or a deployer only",
)
def _flow_open(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        own = [one.pod for one in processes(manifests) if _is_of_one_job(one, process)]
        others = [one.pod for one in processes(manifests) if one.pod not in own]
        ports = dict.fromkeys(sorted(process.internal_ports), False)
        if 0 in process.ports.values():
            ports |= dict.fromkeys(_perhaps_random(manifests, process.pod), False)
        if process.role == "jobmanager":
            ports |= {process.rest_port: True}
        reached: dict[str, list[int]] = {}
        for port, is_rest in ports.items():
            for end in entrants(manifests, process.pod, single(port, "TCP")):
                if not _belongs(end, own) and not (
                    is_rest and _is_named(end) and end.pod not in others
                ):
                    reached.setdefault(end.name, []).append(port)
        for name, open_ports in reached.items():
            listed = ", ".join(map(str, sorted(open_ports)))
            yield process.pod.owner.at("spec", f"{name} reaches {listed}")


def _perhaps_random(manifests: Manifests, pod: Pod) -> set[int]:
    """Return a port of each range that is opened, and that a port chosen at random may be in."""
    rules = rules_for(manifests, pod, "ingress")
    ranges = {one for rule in rules for one in rule.ports or (EVERY_PORT,)}
    return {one.last for one in ranges if one.first < one.last and one.last >= _FIRST_RANDOM}


def _is_of_one_job(one: FlinkProcess, other: FlinkProcess) -> bool:
    """Whether two processes are of one cluster: they look for one JobManager, if they say so."""
    key = "jobmanager.rpc.address"
    addresses = {process.options.get(key, "").partition(".")[0] for process in (one, other)}
    same_namespace = one.pod.owner.namespace == other.pod.owner.namespace
    return same_namespace and len(addresses - {""}) < 2  # noqa: PLR2004


def _belongs(end: End, own: list[Pod]) -> bool:
    """Whether an end is a process of this job, or named by nothing but labels of one."""
    return end.pod in own if end.pod is not None else are_among(end, own)


def _is_named(end: End) -> bool:
    """Whether REST, which asks for a certificate, may be open to it: a pod that is meant.

    That is one of these manifests, or one whose labels and namespace a rule names.
    """
    if end.labels is None:
        return False
    where = end.namespaces.at(NAME).listed
    return end.pod is not None or (where is not None and bool(end.labels.pinned()))


@rule(
    "flink-port-undeclared",
    severity="warning",
    why="the port is not declared, so Services, policies and checks do not know it",
    fix="add it to ports of the container",
)
def _port_undeclared(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        wanted = dict(process.ports)
        if process.role == "jobmanager":
            wanted["rest.port"] = process.rest_port
        for option, port in wanted.items():
            if port and (port, "TCP") not in process.pod.ports:
                yield process.container.at("ports", f"{option} = {port}")


@rule(
    "flink-port-random",
    why="the port is chosen at random, so no policy fits",
    fix="pin it in config.yaml",
)
def _port_random(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        for option, port in process.ports.items():
            if port == 0 and process.is_known:
                yield process.at(option)


@rule(
    "flink-address",
    why="the JobManager is looked for under a name that no Service has",
    fix="make it the name of a Service that selects the JobManager",
)
def _address(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        if process.is_operators or not process.options or not process.is_known:
            continue  # the operator makes the Service
        given = process.options.get("jobmanager.rpc.address", "")
        # Dots part the name of a Service from its namespace, and the numbers of an address.
        name = "" if re.fullmatch(r"[\d.]+|.*:.*", given) else given.partition(".")[0]
        if manifests.find("Service", name, process.pod.owner.namespace) is None:
            yield process.at("jobmanager.rpc.address", given or "missing")


@rule(
    "flink-not-ready-addresses",
    why="the JobManager uploads the job's files to itself through the Service, before it is ready",
    fix="set publishNotReadyAddresses: true on the Service of the JobManager",
)
def _not_ready_addresses(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        name = process.options.get("jobmanager.rpc.address", "").partition(".")[0]
        service = manifests.find("Service", name, process.pod.owner.namespace)
        waits = process.role == "jobmanager" and "readinessProbe" in process.container.content
        if service and waits and service.spec.get("publishNotReadyAddresses") is not True:
            yield service.at("spec.publishNotReadyAddresses")


@rule(
    "flink-api-server",
    why="Kubernetes high availability cannot reach the API server",
    fix="allow egress to the API server's own addresses, TCP 6443 or 443",
)
def _api_server(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        uses = process.high_availability == "kubernetes"
        if uses and not any(_opens(manifests, process, port) for port in _API_SERVER):
            yield process.pod.owner.at("spec")


def _opens(manifests: Manifests, process: FlinkProcess, port: int, protocol: str = "TCP") -> bool:
    """Whether the process may send to someone at this port."""
    found = rules_for(manifests, process.pod, "egress")
    return not policies_for(manifests, process.pod, "egress") or any(
        one.takes_port(single(port, protocol), None) for one in found
    )


@rule(
    "flink-probe",
    why="the probe asks REST without a client certificate, and never gets an answer",
    fix="use tcpSocket, or exec with a client certificate",
)
def _probe(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        mutual = (
            process.options.get("security.ssl.rest.authentication-enabled", "").lower() == "true"
        )
        for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
            if mutual and dig(process.container.content, f"{probe}.httpGet"):
                yield process.container.at(f"{probe}.httpGet")


@rule(
    "flink-settings-egress",
    why="the job's settings name a server that the process may not connect to",
    fix="allow egress to its addresses at this port, or correct the port",
)
def _settings_egress(manifests: Manifests) -> Iterator[Place]:
    for entry, settings in job_settings(manifests):
        for process in processes(manifests):
            if process.pod.owner.namespace == entry.namespace:
                for name, port in _servers(settings):
                    if not _opens(manifests, process, port):
                        yield process.pod.owner.at("spec", f"{name} at TCP {port}")


def _servers(settings: dict[str, Any]) -> Iterator[tuple[str, int]]:
    search = mapping(settings.get("elasticsearch"))
    registry = mapping(settings.get("schema_registry"))
    listed = {
        # Behind a proxy nothing else is connected to.
        **(
            {"elasticsearch.proxy": [search["proxy"]]}
            if search.get("proxy")
            else {"elasticsearch.hosts": sequence(search.get("hosts"))}
        ),
        **(
            {"schema_registry.proxy": [registry["proxy"]]}
            if registry.get("proxy")
            else {"schema_registry.urls": sequence(registry.get("urls"))}
        ),
    }
    for section, kafka in _clusters(settings, "kafka"):
        listed[f"{section}.bootstrap_servers"] = sequence(kafka.get("bootstrap_servers"))
        listed[f"{section}.oauth_token_endpoint"] = [kafka.get("oauth_token_endpoint")]
    for section, hdfs in _clusters(settings, "hdfs"):
        listed[f"{section}.uri"] = [hdfs.get("uri")]
        listed[f"{section}.namenodes"] = sequence(hdfs.get("namenodes"))
        listed[f"{section}.kms_urls"] = sequence(hdfs.get("kms_urls"))
    for name, servers in listed.items():
        for server in servers:
            if match := re.search(r":(\d+)(/|$)", text(server)):
                yield name, int(match[1])
            elif match := re.match(r"(https?)://", text(server)):
                yield name, {"http": 80, "https": 443}[match[1]]


def _clusters(settings: dict[str, Any], section: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield a section and those with a name within it."""
    own = mapping(settings.get(section))
    yield section, own
    for name, one in own.items():
        if isinstance(one, dict):
            yield f"{section}.{name}", one


@rule(
    "flink-krb5-egress",
    why="krb5.conf names a KDC at a port that the process may not connect to",
    fix="allow egress to the KDC at this port (88 unless krb5.conf says otherwise)",
)
def _krb5_egress(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        for name, host, port in _kdcs(manifests, process):
            if not _opens(manifests, process, port):
                yield process.pod.owner.at("spec", f"{name}: {host} at TCP {port}")


def _kdcs(manifests: Manifests, process: FlinkProcess) -> Iterator[tuple[str, str, int]]:
    for _, volume in process.pod.volumes:
        name = text(mapping(volume.get("configMap")).get("name"))
        entry = manifests.find("ConfigMap", name, process.pod.owner.namespace) if name else None
        data = mapping(entry.content.get("data")) if entry else {}
        for match in re.finditer(
            r"(?m)^\s*kdc\s*=\s*([\w.-]+)(?::(\d+))?\s*$", text(data.get("krb5.conf"))
        ):
            yield name, match[1], int(match[2] or 88)
