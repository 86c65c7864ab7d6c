# SPDX-License-Identifier: Apache-2.0
"""Rendered manifests that a test weakens in one place."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

from ruamel.yaml import YAML

from flinksec_jobs.manifests import Manifests
from flinksec_jobs.manifests.kube.objects import Object

JM, TM = "flink-jobmanager", "flink-taskmanager"
_WORKLOADS = {JM: "Job", TM: "StatefulSet"}


class Documents:
    """The documents of an overlay, for changing."""

    def __init__(self, documents: list[dict[str, Any]]) -> None:
        self.all = copy.deepcopy(documents)

    def get(self, kind: str, name: str) -> Any:
        """The document of a kind and name."""
        (found,) = (
            one for one in self.all if (one["kind"], one["metadata"]["name"]) == (kind, name)
        )
        return found

    def spec(self, kind: str, name: str) -> Any:
        return self.get(kind, name)["spec"]

    def add(self, api: str, kind: str, name: str, **fields: Any) -> None:
        """One more document, in the namespace of the others."""
        metadata = {"name": name, "namespace": "flight-delays"}
        self.all.append({"apiVersion": api, "kind": kind, "metadata": metadata, **fields})

    def remove(self, kind: str, name: str) -> None:
        self.all.remove(self.get(kind, name))

    def template(self, name: str = JM) -> Any:
        """The pod template of a workload."""
        return self.spec(_WORKLOADS.get(name, "Deployment"), name)["template"]

    def pod(self, name: str = JM) -> Any:
        return self.template(name)["spec"]

    def container(self, name: str = JM) -> Any:
        return self.pod(name)["containers"][0]

    def security(self, name: str = JM) -> Any:
        return self.container(name)["securityContext"]

    def volume(self, volume: str, name: str = JM) -> Any:
        (found,) = (one for one in self.pod(name)["volumes"] if one["name"] == volume)
        return found

    def unmount(self, volume: str, name: str = JM) -> None:
        """Take a volume from a pod, and from its container."""
        self.pod(name)["volumes"].remove(self.volume(volume, name))
        mounts = self.container(name)["volumeMounts"]
        mounts[:] = [mount for mount in mounts if mount["name"] != volume]

    def data(self, name: str) -> Any:
        return self.get("ConfigMap", name)["data"]

    def flink(self, option: str, value: str | None) -> None:
        """Change an option of Flink; `None` removes it."""
        data = self.data("flink-conf")
        pattern = rf"(?m)^{re.escape(option)}:.*\n"
        data["config.yaml"], count = re.subn(pattern, "", data["config.yaml"])
        if value is not None:
            data["config.yaml"] += f"{option}: {value}\n"
        elif not count:
            raise KeyError(option)

    def settings(self, old: str, new: str) -> None:
        """Change the job's settings."""
        data = self.data("job-settings")
        assert old in data["settings.toml"]
        data["settings.toml"] = data["settings.toml"].replace(old, new)

    def proxy(self, old: str, new: str) -> None:
        """Change the configuration of the proxy."""
        data = self.data("flink-proxy")
        assert old in data["nginx.conf"]
        data["nginx.conf"] = data["nginx.conf"].replace(old, new)

    def policy(self, name: str) -> Any:
        return self.spec("NetworkPolicy", name)

    def rules(self, name: str) -> Any:
        """The rules of a role."""
        return self.get("Role", name)["rules"]

    def manifests(self) -> Manifests:
        return Manifests([Object(document) for document in self.all])


Mutation = Callable[[Documents], object]


def read(text: str) -> list[dict[str, Any]]:
    yaml = YAML(typ="safe", pure=True)
    yaml.version = "1.1"
    return list(yaml.load_all(text))
