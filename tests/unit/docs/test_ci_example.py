# SPDX-License-Identifier: Apache-2.0
"""The pipeline that is shown: it has one way into the cluster, and no more than it needs there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.parsing import yaml_documents

FOLDER = Path(__file__).parents[3] / "docker" / "kubernetes" / "ci"


@pytest.fixture(scope="module")
def pipeline() -> dict[str, Any]:
    (read,) = yaml_documents((FOLDER / "github-actions.yaml").read_text(), version="1.2")
    assert isinstance(read, dict)
    return read


def steps(pipeline: dict[str, Any]) -> list[dict[str, Any]]:
    (job,) = pipeline["jobs"].values()
    found: list[dict[str, Any]] = job["steps"]
    return found


def test_it_is_a_workflow_that_reads_the_repository_alone(pipeline: dict[str, Any]) -> None:
    assert set(pipeline) == {"name", "on", "permissions", "concurrency", "env", "jobs"}
    assert pipeline["permissions"] == {"contents": "read"}
    for step in steps(pipeline):
        assert ("uses" in step) != ("run" in step), step


def test_an_upgrade_that_has_begun_is_never_cut_off_by_the_next(pipeline: dict[str, Any]) -> None:
    assert pipeline["concurrency"]["cancel-in-progress"] is False


def test_its_one_command_on_the_cluster_goes_into_the_deployers_pod(
    pipeline: dict[str, Any],
) -> None:
    lines = "\n".join(step.get("run", "") for step in steps(pipeline))
    called = re.findall(r"kubectl (\S+)", lines)
    assert sorted(called) == ["exec", "kustomize"]
    assert "kubectl exec --stdin deployment/flink-deployer -- /opt/flinksec/bin/flinksec" in lines


def test_secrets_reach_one_step_each_and_no_command_line(pipeline: dict[str, Any]) -> None:
    given = [
        (name, value)
        for step in steps(pipeline)
        for name, value in step.get("env", {}).items()
        if "secrets." in value
    ]
    assert len(given) == 2
    assert "secrets." not in str([step.get("run") for step in steps(pipeline)])
    for name, _ in given:
        used = [step["run"] for step in steps(pipeline) if f"${name}" in step.get("run", "")]
        assert len(used) == 1
        # By the shell itself, which is no process.
        assert f'printf %s "${name}"' in used[0]


def test_what_it_hands_over_is_what_was_checked_with_the_digest_that_was_pushed(
    pipeline: dict[str, Any],
) -> None:
    names = [step.get("name", "") for step in steps(pipeline)]
    render = names.index("Render the overlay with this digest, and check it")
    assert names.index("Build the image, and push it") < render
    assert render < names.index("Hand it to the pod that deploys")
    assert "flinksec manifests check rendered.yaml" in steps(pipeline)[render]["run"]
    assert "< rendered.yaml" in steps(pipeline)[render + 1]["run"]


def test_its_account_may_run_commands_in_pods_and_find_the_deployers_and_nothing_else() -> None:
    listed = [one for one in yaml_documents((FOLDER / "account.yaml").read_text()) if one]
    (role,) = [one for one in listed if one["kind"] == "Role"]
    rights = {
        (resource, verb)
        for rule in role["rules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert rights == {
        ("deployments", "get"),
        ("pods", "get"),
        ("pods", "list"),
        ("pods/exec", "get"),
        ("pods/exec", "create"),
    }
