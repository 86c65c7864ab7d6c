# SPDX-License-Identifier: Apache-2.0
"""Looks from within a cluster that is none: it runs their pod as it is told."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from flinksec_jobs.deploy.check_job import pod_of_look
from flinksec_jobs.deploy.inside import ClusterInside, LookTimes
from flinksec_jobs.deploy.kube_errors import KubeUnreachableError
from flinksec_jobs.deploy.outside import ApiServer, KubeObject, Ref
from flinksec_jobs.parsing import yaml_documents

BASE = Path(__file__).parents[3] / "docker" / "kubernetes" / "base"


def objects(**container: Any) -> list[KubeObject]:
    """The JobManager of the base, and its ConfigMaps as kustomize makes them."""
    found = [one for one in yaml_documents((BASE / "jobmanager.yaml").read_text()) if one]
    job = next(one for one in found if one["kind"] == "Job")
    job["metadata"]["namespace"] = "flights"
    job["spec"]["template"]["spec"]["containers"][0].update(container)
    maps = {
        "flink-conf": {"config.yaml": "a: b", "log4j-console.properties": "c"},
        "job-settings": {"settings.toml": "[job]"},
    }
    return [
        *found,
        *(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}
            for name, data in maps.items()
        ),
    ]


def made(command: str = "check", arguments: Sequence[str] = (), **container: Any) -> Any:
    return pod_of_look(objects(**container), command, arguments, seconds=900)


def pod_of(look: Any) -> dict[str, Any]:
    spec: dict[str, Any] = look.job["spec"]["template"]["spec"]
    return spec


class Cluster:
    """An API server that runs the look as it is told: a pod after some questions.

    Args:
        says: the last line of its log.
        status: of the pod, in place of one that has ended.
        conditions: of the Job.
        makes_pods: whether there is any.
    """

    def __init__(
        self,
        says: str = "",
        *,
        status: Mapping[str, Any] | None = None,
        conditions: Sequence[Mapping[str, Any]] = (),
        makes_pods: bool = True,
    ) -> None:
        self.says, self.status = says, status or {"phase": "Succeeded"}
        self.conditions, self.makes_pods = conditions, makes_pods
        self.there: dict[Ref, KubeObject] = {}
        self.created: list[KubeObject] = []
        self.gone: list[Ref] = []
        self.now = 0.0
        self.unreachable_at: str | None = None

    namespace = "flights"

    def who(self) -> str:
        return "somebody"

    def may(self, verb: str, what: Ref) -> bool:
        return True

    def _call(self, name: str) -> None:
        if self.unreachable_at == name:
            raise KubeUnreachableError("no answer")

    def get(self, what: Ref) -> KubeObject | None:
        self._call("get")
        return self.there.get(what)

    def list(
        self, api_version: str, kind: str, labels: Mapping[str, str] | None = None
    ) -> Sequence[KubeObject]:
        self._call("list")
        assert labels == {"batch.kubernetes.io/controller-uid": "u1"}
        return [{"metadata": {"name": "p"}, "status": self.status}] if self.makes_pods else []

    def apply(self, content: KubeObject, *, dry_run: bool = False) -> KubeObject:
        self._call("apply")
        self.created.append(content)
        self.there[Ref.of(content)] = content
        return content

    def create(self, content: KubeObject, *, dry_run: bool = False) -> KubeObject:
        self._call("create")
        assert Ref.of(content) not in self.there
        self.created.append(content)
        kept = deepcopy(content)
        kept["metadata"]["uid"] = "u1"
        kept["status"] = {"conditions": self.conditions}
        self.there[Ref.of(content)] = kept
        return kept

    def replace(self, content: KubeObject) -> KubeObject:
        raise NotImplementedError

    def patch(self, what: Ref, changes: Mapping[str, Any]) -> KubeObject:
        raise NotImplementedError

    def delete(self, what: Ref, *, uid: str | None = None) -> None:
        self._call("delete")
        self.gone.append(what)
        self.there.pop(what, None)

    def logs(self, pod: str, *, container: str | None = None, lines: int = 50) -> str:
        assert (pod, container) == ("p", "jobmanager")
        return f'INFO something\n{{"not": "it"}}\n{self.says}\n'

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def inside(self, times: LookTimes | None = None) -> ClusterInside:
        api: ApiServer = self
        times = dataclasses.replace(times or LookTimes(), clock=lambda: self.now, sleep=self.sleep)
        return ClusterInside(api, times)


def answer(**told: Any) -> str:
    return json.dumps({"well": True, "findings": []} | told)


def finding(id_: str, severity: str = "problem") -> dict[str, Any]:
    return {"id": id_, "severity": severity, "where": {"file": "/x"}, "why": "is so", "fix": "do"}
