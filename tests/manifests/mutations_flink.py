# SPDX-License-Identifier: Apache-2.0
"""Flink's configuration, files, network and ways to end."""

from __future__ import annotations

from typing import Any

from tests.manifests.documents import JM, TM, Documents, Mutation


def _set(where: Any, key: str, value: Any) -> Any:
    where[key] = value
    return where


def _beside(d: Documents) -> None:
    d.pod()["containers"].append({"name": "helper", "image": "helper"})


def _old_name(d: Documents) -> None:
    data = d.data("flink-conf")
    data["flink-conf.yaml"] = data.pop("config.yaml")


def _log_file(d: Documents) -> None:
    d.data("flink-conf")["log4j-console.properties"] += "appender.file.type = RollingFile\n"


def _beam_logger(d: Documents) -> None:
    data = d.data("flink-conf")
    text = data["log4j-console.properties"]
    data["log4j-console.properties"] = text.replace("logger.beam.level = ERROR\n", "")


def _deployment(d: Documents) -> None:
    d.get("Job", JM).update(kind="Deployment", apiVersion="apps/v1")


def _unsealed(d: Documents) -> None:
    d.flink("high-availability.storageDir", "file:///mnt/state/ha")


def _rest_key(d: Documents) -> None:
    # As it is without cert-manager.
    d.volume("rest-tls").pop("projected")
    d.volume("rest-tls")["secret"] = {"secretName": "flink-rest-tls", "defaultMode": 0o440}
    d.pod(TM)["volumes"].append(d.volume("rest-tls"))


def _session(d: Documents) -> None:
    d.container()["command"] = ["/docker-entrypoint.sh"]
    d.container()["args"] = ["jobmanager"]


def _kdc(d: Documents) -> None:
    data = d.data("krb5")
    data["krb5.conf"] = data["krb5.conf"].replace("kdc.example.com", "kdc.example.com:10088")


def _monitor(d: Documents) -> None:
    d.get("PodMonitor", "flink")["spec"]["podMetricsEndpoints"][0].pop("scheme")


MUTATIONS: dict[str, Mutation] = {
    "flink-metrics-in-clear": lambda d: d.settings('"mutual-tls"', '"plain"'),
    "flink-metrics-asked-in-clear": _monitor,
    "flink-configuration": lambda d: d.flink("security.ssl.rest.truststore", None),
    "flink-logging": _beam_logger,
    "flink-log-files": _log_file,
    "flink-config-file": _old_name,
    "flink-config-missing": lambda d: d.unmount("flink-conf"),
    "flink-entrypoint-variables": lambda d: _set(
        d.container(), "env", [{"name": "FLINK_PROPERTIES", "value": "blob.server.port: 6124"}]
    ),
    "flink-secret-file": lambda d: d.unmount("keytab", TM),
    "flink-rest-key": _rest_key,
    "flink-state-volume": lambda d: (
        d.volume("state").pop("persistentVolumeClaim"),
        _set(d.volume("state"), "emptyDir", {"medium": "Memory", "sizeLimit": "1Mi"}),
    ),
    "flink-state-sealed": _unsealed,
    "flink-checkpoints": lambda d: d.flink("execution.checkpointing.dir", None),
    "flink-temporary-files": lambda d: d.volume("tmp", TM)["emptyDir"].pop("medium"),
    "flink-passwords": lambda d: d.volume("run")["emptyDir"].pop("medium"),
    "flink-key-ring": lambda d: d.data("flink-conf").update(primary="k1", k1="0" * 32),
    "flink-settings-file": lambda d: d.unmount("elasticsearch"),
    "placeholder": lambda d: _set(d.data("krb5"), "note", "kdc.example.org"),
    "flink-settings": lambda d: d.settings("[state]", "[stat]"),
    "flink-options-refused": lambda d: d.container()["args"].insert(
        0, "-Dstate.backend.rocksdb.localdir=/mnt/state"
    ),
    "flink-config-drift": lambda d: d.settings("[cluster]", "[cluster]\ntask_slots = 8"),
    "flink-flow-blocked": lambda d: d.policy("taskmanager")["ingress"].pop(1),
    "flink-flow-open": lambda d: d.policy("taskmanager")["ingress"].append(
        {"from": [{"podSelector": {}}], "ports": [{"protocol": "TCP", "port": 6121}]}
    ),
    "flink-port-undeclared": lambda d: d.container()["ports"].pop(1),
    "flink-port-random": lambda d: d.flink("taskmanager.rpc.port", "50100-50200"),
    "flink-address": lambda d: d.flink("jobmanager.rpc.address", "flink-jobmanger"),
    "flink-not-ready-addresses": lambda d: d.spec("Service", JM).pop("publishNotReadyAddresses"),
    "flink-api-server": lambda d: d.remove("NetworkPolicy", "api-server"),
    "flink-probe": lambda d: _set(
        d.container(), "livenessProbe", {"httpGet": {"path": "/overview", "port": "rest"}}
    ),
    "flink-settings-egress": lambda d: d.settings(
        "search.example.com:9200", "search.example.com:443"
    ),
    "flink-krb5-egress": _kdc,
    "flink-session": _session,
    "flink-workload": _deployment,
    "flink-failed-restart": lambda d: d.spec("Job", JM)["podFailurePolicy"]["rules"].pop(0),
    "flink-disruption": lambda d: d.spec("Job", JM)["podFailurePolicy"]["rules"].pop(1),
    "flink-two-jobmanagers": lambda d: _set(d.spec("Job", JM), "parallelism", 2),
    "flink-high-availability": lambda d: d.flink("high-availability.type", "NONE"),
    "flink-ha-namespace": lambda d: d.flink("kubernetes.namespace", None),
    "flink-ha-cluster-id": lambda d: d.flink("high-availability.cluster-id", None),
    "flink-job-results": lambda d: d.flink("job-result-store.delete-on-commit", None),
    "flink-job-id": lambda d: d.container()["args"].pop(0),
    # Another deployment's id in the role.
    "flink-ha-rights": lambda d: _set(
        d.rules(JM)[2], "resourceNames", [f"flink-{'0' * 31}2-config-map"]
    ),
    "flink-ha-token": lambda d: d.unmount("api-token", TM),
    "flink-memory": lambda d: d.flink("taskmanager.memory.process.size", "3g"),
    "flink-beside": _beside,
}
