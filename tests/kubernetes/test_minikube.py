# SPDX-License-Identifier: Apache-2.0
"""scripts/minikube.sh on the node: the servers as pods, the job beside them, and all gone again.

Only what minikube itself does is missing: it makes a cluster, and gives images to it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from flinksec_jobs.sealed import KeyRing, Status, verify_file
from tests.kubernetes.minikube import JOB, SERVERS, Deployed, Minikube
from tests.kubernetes.node.node import Node


@pytest.fixture(scope="module")
def deployed(minikube: Minikube) -> Iterator[Deployed]:
    yield minikube.deployed()
    minikube.run("down")


def test_it_ends_well_and_shows_the_right_figures(
    deployed: Deployed,
) -> None:
    assert deployed.code == 0, deployed.said
    assert "HDFS: distinct flights" in deployed.said


def test_job_and_servers_run_under_restricted_pod_security(deployed: Deployed, node: Node) -> None:
    for namespace in (JOB, SERVERS):
        labels = node.kubectl.get("namespace", namespace)["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
        run = ("-n", namespace, "run", "stranger", "--image=localhost/flight-delays:latest")
        refused = node.kubectl.attempt(*run)
        assert 'violates PodSecurity "restricted:latest"' in refused.stderr


def test_what_is_left_on_the_volume_is_sealed(
    deployed: Deployed, node: Node, minikube: Minikube, work: Path
) -> None:
    ring = work / "minikube-keys"
    ring.mkdir(mode=0o700)
    secret = node.kubectl.get("-n", JOB, "secret", "flink-state-keys")["data"]
    for name, content in secret.items():
        (ring / name).touch(mode=0o600)
        (ring / name).write_bytes(base64.b64decode(content))
    files = [path for path in minikube.volume.rglob("*") if path.is_file()]
    assert files
    # What the pods see under /mnt/state.
    in_pods = {path: Path("/mnt/state") / path.relative_to(minikube.volume) for path in files}
    keys = KeyRing.open(ring)
    statuses = {verify_file(path, keys, place=in_pods[path]).status for path in files}
    assert statuses == {Status.WHOLE}


def test_down_removes_everything(deployed: Deployed, node: Node, minikube: Minikube) -> None:
    assert minikube.run("down").returncode == 0
    left = {each["metadata"]["name"] for each in node.kubectl.get("namespaces")["items"]}
    assert not left & {JOB, SERVERS}
