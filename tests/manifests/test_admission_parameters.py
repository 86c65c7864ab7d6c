# SPDX-License-Identifier: Apache-2.0
"""What the component admission lets pods have is what the pods of our components have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.manifests.documents import read

Document = dict[str, Any]
Rendered = Callable[[str], str]


@pytest.fixture
def objects(overlay_yaml: Rendered) -> list[Document]:
    return read(overlay_yaml("example"))


@pytest.fixture
def allowed(objects: list[Document]) -> dict[str, str]:
    (found,) = [one for one in objects if one["metadata"]["name"] == "flink-admission"]
    data: dict[str, str] = found["data"]
    return data


def specs(objects: list[Document]) -> Iterator[Document]:
    for one in objects:
        spec = one.get("spec") or {}
        template = spec.get("template") or spec.get("jobTemplate", {}).get("spec", {}).get(
            "template"
        )
        if one["kind"] in {"Job", "CronJob", "StatefulSet", "Deployment"} and template:
            yield template["spec"]


def volumes(spec: Document) -> Iterator[Document]:
    for volume in spec["volumes"]:
        yield volume
        yield from (volume.get("projected") or {}).get("sources") or ()


def test_every_account_is_listed(objects: list[Document], allowed: dict[str, str]) -> None:
    accounts = {spec["serviceAccountName"] for spec in specs(objects)}
    assert accounts == set(allowed["accounts"].split(" "))


def test_every_secret_and_claim_is_listed_for_its_account(
    objects: list[Document], allowed: dict[str, str]
) -> None:
    for spec in specs(objects):
        account = spec["serviceAccountName"]
        for one in volumes(spec):
            secret = one.get("secret") or {}
            if name := secret.get("secretName") or secret.get("name"):
                assert name in allowed[f"secrets-of-{account}"].split(" "), (account, name)
            if claim := one.get("persistentVolumeClaim"):
                assert claim["claimName"] in allowed[f"claims-of-{account}"].split(" ")


def test_every_config_map_and_mount_is_listed(
    objects: list[Document], allowed: dict[str, str]
) -> None:
    mounts = allowed["mounts"].split(" ")
    for spec in specs(objects):
        for one in volumes(spec):
            if "configMap" in one:
                assert one["configMap"]["name"] in allowed["configmaps"].split(" ")
        for container in spec["containers"]:
            for mount in container["volumeMounts"]:
                path = mount["mountPath"]
                assert any(path == one or path.startswith(f"{one}/") for one in mounts), path


def test_every_command_is_listed_for_its_account(
    objects: list[Document], allowed: dict[str, str]
) -> None:
    for spec in specs(objects):
        commands = allowed[f"commands-of-{spec['serviceAccountName']}"].split("\n")
        for container in spec["containers"]:
            assert " ".join(container["command"]) in commands
