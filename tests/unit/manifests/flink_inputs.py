# SPDX-License-Identifier: Apache-2.0
"""Small manifests about Flink, for the tests beside this file."""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML

from flinksec_jobs.findings import Finding
from flinksec_jobs.manifests import Manifests, check
from flinksec_jobs.manifests.flink.flink_processes import processes, services
from flinksec_jobs.manifests.kube.objects import Object

CLOSED = """\
security.ssl.internal.enabled: true
security.ssl.rest.enabled: true
security.ssl.rest.authentication-enabled: true
"""
CONF = "/opt/flink/conf"


def container(text: str) -> dict[str, Any]:
    """A container from a line of YAML."""
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return {"name": "it", "image": "flink:2.2.1", **found}


def pod(*containers: dict[str, Any], **spec: Any) -> Object:
    """A pod of the namespace `jobs`."""
    return Object(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "it", "namespace": "jobs"},
            "spec": {"containers": list(containers), **spec},
        }
    )


def config_map(name: str = "conf", **data: str) -> Object:
    """A ConfigMap; ``__`` in a key is a dot."""
    return Object(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": "jobs"},
            "data": {key.replace("__", "."): value for key, value in data.items()},
        }
    )


def deployment(**spec: Any) -> Object:
    """A FlinkDeployment."""
    return Object(
        {
            "apiVersion": "flink.apache.org/v1beta1",
            "kind": "FlinkDeployment",
            "metadata": {"name": "late", "namespace": "jobs"},
            "spec": {"image": "flink:2.2", "flinkVersion": "v2_2", **spec},
        }
    )


def programs_of(*objects: Object) -> list[str]:
    """What is recognised in manifests."""
    manifests = Manifests(list(objects))
    return [one.program for one in (*processes(manifests), *services(manifests))]


def mounted(text: str, path: str = CONF, volume: dict[str, Any] | None = None) -> Object:
    """A pod whose first container mounts the ConfigMap `conf`."""
    one = container(text)
    one["volumeMounts"] = [{"name": "conf", "mountPath": path}]
    source = volume or {"configMap": {"name": "conf"}}
    return pod(one, volumes=[{"name": "conf", **source}])


def flink_findings(*objects: Object, rule: str = "flink-") -> list[Finding]:
    """The findings of rules whose id begins so."""
    return [one for one in check(Manifests(list(objects))) if one.id.startswith(rule)]


def told(*objects: Object, rule: str = "flink-") -> str:
    """Those findings as lines: id, field and reason."""
    return "\n".join(
        f"{one.id} {one.where.object} {one.where.field}: {one.why}"
        for one in flink_findings(*objects, rule=rule)
    )
