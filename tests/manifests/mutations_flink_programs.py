# SPDX-License-Identifier: Apache-2.0
"""What Flink runs, where its configuration comes from, and the operator's resources."""

from __future__ import annotations

from typing import Any

from tests.manifests.documents import TM, Documents, Mutation

_API = "flink.apache.org/v1beta1"


def _config(d: Documents, text: str) -> None:
    d.data("flink-conf")["config.yaml"] += text


def _from_elsewhere(d: Documents) -> None:
    d.volume("flink-conf")["configMap"]["name"] = "of-another-team"


def _java(d: Documents) -> None:
    d.container(TM)["env"] = [
        {"name": "JVM_ARGS", "value": "-agentlib:jdwp=transport=dt_socket,server=y,address=*:5005"}
    ]


def _runs(d: Documents, *arguments: str) -> None:
    container = {"name": "it", "image": "flink:2.2.1", "args": list(arguments)}
    d.add("v1", "Pod", "it", spec={"containers": [container]})


def _own_script(d: Documents) -> None:
    container = {"name": "it", "image": "flink:2.2.1", "command": ["/opt/start"]}
    d.add("v1", "Pod", "it", spec={"containers": [container]})


def _same_directory(d: Documents) -> None:
    for name in ("one", "other"):
        nfs = {"server": "nfs.corp.internal", "path": "/export/state"}
        d.add("v1", "PersistentVolume", name, spec={"nfs": nfs})


def _deployment(d: Documents, **spec: Any) -> None:
    d.add(_API, "FlinkDeployment", "operated", spec={"flinkVersion": "v2_2", **spec})


MUTATIONS: dict[str, Mutation] = {
    "volume-shared": _same_directory,
    "flink-config-unreadable": lambda d: _config(d, "rest.port: 8081\nrest.port: 8081\n"),
    "flink-config-unseen": _from_elsewhere,
    "flink-java-arguments": _java,
    "flink-sql-gateway": lambda d: _runs(d, "sql-gateway.sh", "start-foreground"),
    "flink-history-server": lambda d: _runs(d, "history-server"),
    "flink-unrecognised": _own_script,
    "flink-operator-ingress": lambda d: _deployment(d, ingress={"template": "x.corp.internal"}),
    "flink-operator-service": lambda d: _deployment(
        d, flinkConfiguration={"kubernetes.rest-service.exposed.type": "LoadBalancer"}
    ),
    "flink-operator-jar": lambda d: _deployment(d, job={"jarURI": "http://files/job.jar"}),
    "flink-operator-logging": lambda d: _deployment(
        d, logConfiguration={"log4j-console.properties": "rootLogger.level = DEBUG\n"}
    ),
    "flink-operator-job": lambda d: d.add(
        _API,
        "FlinkSessionJob",
        "guest",
        spec={"deploymentName": "s", "flinkConfiguration": {"s3.secret-key": "abc"}},
    ),
}
