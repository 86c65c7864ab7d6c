# SPDX-License-Identifier: Apache-2.0
"""The flight job in its image on the node: its volume full, its pods killed, right in the end."""

from __future__ import annotations

import json

import pytest

from flinksec_jobs.job_check.retention import LEAVING
from flinksec_jobs.sealed import KeyRing, Status, verify_file
from tests.exit_codes import ENDED_BY_SIGTERM, FINISHED
from tests.kubernetes.deployment import Deployment
from tests.kubernetes.story import FAULTS, Story


def test_the_job_ends_with_success(story: Story) -> None:
    assert story.status.get("succeeded") == 1, json.dumps(story.status)


def test_all_figures_equal_the_plain_pass(story: Story) -> None:
    assert len(story.figures) > 5
    assert [check for check in story.figures if not check["ok"]] == []


def test_rest_answers_the_deployer_with_its_certificate(story: Story) -> None:
    assert story.rest["jid"] == story.job_id
    assert story.rest["state"] == "RUNNING"


def test_through_the_proxy_whoever_has_the_password_may_read_and_nothing_else(
    story: Story,
) -> None:
    statuses = {how: status for how, (status, _) in story.proxied.items()}
    refused = {"no password": 401, "wrong password": 401, "cancel": 403}
    refused |= {"cancel by GET": 403, "configuration": 403}
    assert statuses == {"password": 200, **refused}
    assert story.proxied["password"][1]["jobs"][0]["jid"] == story.job_id


@pytest.mark.parametrize("fault", FAULTS)
def test_a_checkpoint_on_a_volume_that_is_full_fails_and_no_record_is_lost(
    story: Story, fault: str
) -> None:
    assert story.failed[fault] > 0
    assert [check for check in story.figures if not check["ok"]] == []


def test_an_evicted_jobmanager_is_no_failure_and_is_replaced(story: Story) -> None:
    evicted, _ = story.jobmanagers
    codes = story.pods.exit_codes("flink-jobmanager")
    (code,) = codes[evicted]
    assert code in ENDED_BY_SIGTERM
    assert [FINISHED] in codes.values()
    assert story.failed_pods == 0
    conditions = {
        condition["type"]
        for pod in story.pods.states(evicted)
        for condition in pod["status"].get("conditions", [])
        if condition["status"] == "True"
    }
    assert "DisruptionTarget" in conditions


def test_its_successor_goes_on_from_a_checkpoint(story: Story) -> None:
    log = story.pods.log(story.jobmanagers[1])
    assert f"Restoring job {story.job_id} from Checkpoint" in log


def test_a_lost_taskmanager_is_replaced_under_its_own_name(story: Story) -> None:
    replaced = {pod["metadata"]["uid"] for pod in story.pods.states("flink-taskmanager-1")}
    assert len(replaced) > 1


def test_high_availability_keeps_pointers_in_config_maps_and_data_on_the_volume(
    story: Story,
) -> None:
    assert set(story.config_maps) >= {
        "flink-cluster-config-map",
        f"flink-{story.job_id}-config-map",
    }
    kept = story.evidence.root / "high-availability"
    assert len([path for path in kept.rglob("*") if path.is_file()]) > 3


def test_all_that_was_on_the_volume_is_sealed(rendered: Deployment, story: Story) -> None:
    ring = KeyRing.open(rendered.handed / "state-keys")
    kept = story.evidence
    files = [path for path in kept.directory.rglob("*") if path.is_file()]
    # What leaves is under another name, where some of its files may not lie.
    leaving = {path for path in files if LEAVING in str(path)}
    assert {verify_file(path, ring).status for path in leaving} <= {Status.WHOLE, Status.FOREIGN}
    found = {path: verify_file(path, ring).status for path in files if path not in leaving}
    # A full volume, and a process that is killed, leave files that were never finished.
    assert set(found.values()) <= {Status.WHOLE, Status.TRUNCATED}
    complete = [
        checkpoint
        for checkpoint in kept.checkpoints()
        if found[checkpoint / "_metadata"] == Status.WHOLE
    ]
    assert len(complete) > 5
    assert {found[path] for one in complete for path in one.iterdir()} == {Status.WHOLE}


def test_no_secret_is_in_what_a_pod_has_said(rendered: Deployment, story: Story) -> None:
    said = story.pods.logs()
    assert "Restoring job" in said
    passwords = {
        path: path.read_text().strip()
        for path in rendered.handed.rglob("password")
        if path.is_file()
    }
    assert len(passwords) > 2
    assert [path for path, password in passwords.items() if password in said] == []
