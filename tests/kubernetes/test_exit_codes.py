# SPDX-License-Identifier: Apache-2.0
"""What the JobManager's exit code makes of its Job: the rules as rendered, with stand-ins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.exit_codes import ENDED_BY_SIGTERM, FAILED_FOR_GOOD, FINISHED, KILLED
from tests.kubernetes.deployment import JOB_IMAGE, Deployment
from tests.kubernetes.node.node import Node

NAMESPACE = "exit-codes"
AGAIN = "a new pod"
OUTCOMES = {
    FINISHED: "Complete",
    FAILED_FOR_GOOD: "Failed",
    # 1 is Java's for many things.
    **dict.fromkeys((*ENDED_BY_SIGTERM, KILLED, 1), AGAIN),
}


def stand_in(deployment: Deployment, code: int) -> dict[str, Any]:
    rendered = next(each for each in deployment.objects if each["kind"] == "Job")
    spec = {name: value for name, value in rendered["spec"].items() if name != "template"}
    name = rendered["spec"]["template"]["spec"]["containers"][0]["name"]
    container = {
        "name": name,
        "image": JOB_IMAGE,
        "imagePullPolicy": "Never",
        "command": ["sh", "-c", f"exit {code}"],
    }
    pod = {"restartPolicy": "Never", "containers": [container]}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": f"exits-{code}", "namespace": NAMESPACE},
        "spec": {**spec, "template": {"spec": pod}},
    }


def seen(node: Node) -> dict[int, str]:
    """What has become of each Job; empty where nothing has yet."""
    jobs = node.kubectl.get("-n", NAMESPACE, "jobs")["items"]
    pods = node.kubectl.get("-n", NAMESPACE, "pods")["items"]
    owners = Counter(pod["metadata"]["labels"]["job-name"] for pod in pods)
    found = {}
    for job in jobs:
        ended = [
            each["type"]
            for each in job["status"].get("conditions", [])
            if each["type"] in ("Complete", "Failed") and each["status"] == "True"
        ]
        name = job["metadata"]["name"]
        another = AGAIN if owners[name] > 1 else ""
        found[int(name.removeprefix("exits-"))] = ended[0] if ended else another
    return found


@pytest.fixture(scope="module")
def outcomes(node: Node, rendered: Deployment) -> Iterator[dict[int, str]]:
    node.kubectl("create", "namespace", NAMESPACE)
    node.kubectl.apply(*[stand_in(rendered, code) for code in OUTCOMES])

    def all_of_them() -> dict[int, str] | None:
        found = seen(node)
        return found if all(found.values()) else None

    yield node.kubectl.wait_for("each Job shows what it does", all_of_them, seconds=300, every=3)
    node.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


@pytest.mark.parametrize("code", OUTCOMES)
def test_the_job_is_over_when_the_flink_job_is_and_not_when_a_process_was_lost(
    outcomes: dict[int, str], code: int
) -> None:
    assert outcomes[code] == OUTCOMES[code]
