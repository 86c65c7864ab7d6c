# SPDX-License-Identifier: Apache-2.0
"""The flight job in its image on the node, with pods killed under it, to the right figures."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.sealed import KeyRing, Status, verify_file
from tests.kubernetes.conftest import ROWS, Deployment
from tests.kubernetes.node.node import Node
from tests.kubernetes.outside import Outside

IMAGE = "localhost/flight-delays:latest"
JOBMANAGER = "app.kubernetes.io/component=jobmanager"


@dataclass(frozen=True)
class Run:
    """How the job went.

    Attributes:
        jobmanagers: the names of the pods that were JobManager, in order.
        status: of the Job at its end.
        logs: of each pod, by its name.
        figures: the checks of what it wrote.
    """

    jobmanagers: list[str]
    status: dict[str, Any]
    logs: dict[str, str]
    figures: list[dict[str, object]]


@pytest.fixture(scope="module")
def image(node: Node, work: Path) -> str:
    """The job's image, given to the node; it was built by `make image`."""
    archive = work / "image.tar"
    done = subprocess.run(
        ["podman", "save", "--format=oci-archive", "--output", str(archive), IMAGE],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    node.import_image(archive)
    archive.unlink()
    return IMAGE


@pytest.fixture(scope="module")
def run(
    node: Node, outside: Outside, rendered: Deployment, namespace: str, image: str
) -> Iterator[Run]:
    """The job deployed, a TaskManager killed, then the JobManager, until it has ended."""
    kubectl = node.kubectl
    workloads = [each for each in rendered.objects if each["kind"] in {"Job", "StatefulSet"}]
    kubectl.apply(*workloads)
    logs: dict[str, str] = {}

    def checkpoints() -> int:
        return len(list(rendered.volume.glob("checkpoints/*/chk-*/_metadata")))

    def keep_logs() -> None:
        for each in kubectl.get("-n", namespace, "pods")["items"]:
            name = each["metadata"]["name"]
            said = kubectl.attempt("-n", namespace, "logs", name)
            logs[name] = max(logs.get(name, ""), said.stdout, key=len)

    def jobmanager() -> str:
        pods = kubectl.get("-n", namespace, "pods", f"--selector={JOBMANAGER}")["items"]
        running = [
            pod["metadata"]["name"]
            for pod in pods
            if pod["status"]["phase"] == "Running" and "deletionTimestamp" not in pod["metadata"]
        ]
        return str(running[0]) if running else ""

    def kill(pod: str) -> None:
        kubectl("-n", namespace, "delete", "pod", pod, "--grace-period=0", "--force")

    names = []
    try:
        names.append(kubectl.wait_for("a JobManager runs", jobmanager, seconds=240))
        kubectl.wait_for("a checkpoint is complete", lambda: checkpoints() > 0, seconds=400)
        keep_logs()
        kill("flink-taskmanager-0")
        kubectl(
            *("-n", namespace, "wait", "--for=condition=Ready", "pod/flink-taskmanager-0"),
            "--timeout=240s",
        )
        kill(names[0])
        names.append(
            kubectl.wait_for(
                "another JobManager runs",
                lambda: (now := jobmanager()) != names[0] and now,
                seconds=240,
            )
        )

        def ended() -> dict[str, Any] | None:
            keep_logs()
            job = kubectl.get("-n", namespace, "job", "flink-jobmanager")
            over = {"Complete", "Failed"}
            conditions = job["status"].get("conditions", [])
            return job["status"] if over & {each["type"] for each in conditions} else None

        status = kubectl.wait_for("the Job has ended", ended, seconds=900, every=3)
        yield Run(names, status, logs, outside.figures(ROWS))
    finally:
        if directory := os.environ.get("FLINKSEC_KEEP_LOGS"):
            keep_logs()
            for name, text in logs.items():
                (Path(directory) / f"{name}.log").write_text(text)


def test_the_job_ends_with_success_after_its_pods_were_killed(run: Run) -> None:
    assert run.status.get("succeeded") == 1, json.dumps(run.status)
    assert len(run.jobmanagers) == 2


def test_all_figures_equal_the_plain_pass(run: Run) -> None:
    assert len(run.figures) > 5
    assert [check for check in run.figures if not check["ok"]] == []


def test_the_second_jobmanager_went_on_from_a_checkpoint(run: Run) -> None:
    assert "Restoring job" in run.logs[run.jobmanagers[1]]


def test_all_that_is_on_the_volume_is_sealed(rendered: Deployment, run: Run) -> None:
    ring = KeyRing.open(rendered.handed / "state-keys")
    files = [path for path in rendered.volume.rglob("*") if path.is_file()]
    assert len(files) > 3
    assert {verify_file(path, ring).status for path in files} == {Status.WHOLE}
