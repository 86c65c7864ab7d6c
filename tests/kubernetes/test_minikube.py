# SPDX-License-Identifier: Apache-2.0
"""scripts/minikube.sh on the node: the servers as pods, the job beside them, and all gone again.

Only what minikube itself does is missing: it makes a cluster, and gives images to it.
"""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flinksec_jobs.sealed import KeyRing, Status, verify_file
from tests.kubernetes import overlay
from tests.kubernetes.node.node import Node

ROWS = "3000"
JOB, SERVERS = "flight-delays", "sandbox"
SCRIPT = Path(__file__).parents[2] / "scripts" / "minikube.sh"

Script = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def volume_of_minikube(node: Node, work: Path) -> Path:
    """What minikube's storage class would give to the claim."""
    directory = work / "minikube-state"
    directory.mkdir()
    directory.chmod(0o2770)
    node.kubectl.apply(overlay.volume(directory, "minikube-state", JOB))
    return directory


@pytest.fixture(scope="module")
def script(
    node: Node, programs: Path, job_image: str, sandbox_image: str, volume_of_minikube: Path
) -> Script:
    environment = {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "KUBECONFIG": str(node.kubectl.kubeconfig),
        "KUBE_CONTEXT": "test",
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [SCRIPT, *arguments], env=environment, capture_output=True, text=True, check=False
        )

    return run


@pytest.fixture(scope="module")
def deployed(script: Script) -> Iterator[subprocess.CompletedProcess[str]]:
    done = script("deploy", ROWS)
    yield done
    script("down")


def test_it_ends_well_and_shows_the_right_figures(
    deployed: subprocess.CompletedProcess[str],
) -> None:
    assert deployed.returncode == 0, deployed.stderr
    assert "HDFS: distinct flights" in deployed.stdout


def test_the_result_can_be_asked_for_again_and_is_not_always_right(
    deployed: subprocess.CompletedProcess[str], script: Script
) -> None:
    assert script("result", ROWS).returncode == 0
    assert script("result", "2000").returncode == 1


def test_job_and_servers_run_under_restricted_pod_security(
    deployed: subprocess.CompletedProcess[str], node: Node
) -> None:
    for namespace in (JOB, SERVERS):
        labels = node.kubectl.get("namespace", namespace)["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
        run = ("-n", namespace, "run", "stranger", "--image=localhost/flight-delays:latest")
        refused = node.kubectl.attempt(*run)
        assert 'violates PodSecurity "restricted:latest"' in refused.stderr


def test_what_is_left_on_the_volume_is_sealed(
    deployed: subprocess.CompletedProcess[str], node: Node, volume_of_minikube: Path, work: Path
) -> None:
    ring = work / "minikube-keys"
    ring.mkdir(mode=0o700)
    secret = node.kubectl.get("-n", JOB, "secret", "flink-state-keys")["data"]
    for name, content in secret.items():
        (ring / name).touch(mode=0o600)
        (ring / name).write_bytes(base64.b64decode(content))
    files = [path for path in volume_of_minikube.rglob("*") if path.is_file()]
    assert files
    statuses = {verify_file(path, KeyRing.open(ring)).status for path in files}
    assert statuses == {Status.WHOLE}


def test_down_removes_everything(
    deployed: subprocess.CompletedProcess[str], node: Node, script: Script
) -> None:
    assert script("down").returncode == 0
    left = {each["metadata"]["name"] for each in node.kubectl.get("namespaces")["items"]}
    assert not left & {JOB, SERVERS}
