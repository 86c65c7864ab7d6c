# SPDX-License-Identifier: Apache-2.0
"""The pod that looks from within the cluster: protected as the JobManager is, and no more."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest

from flinksec_jobs.deploy.check_job import pod_of_look
from flinksec_jobs.deploy.outside import Ref
from flinksec_jobs.deploy.own_objects import CHECK_COPY
from flinksec_jobs.errors import DeployError
from tests.unit.deploy.looks import made, objects, pod_of


def test_it_has_the_image_volumes_and_protection_of_the_jobmanager() -> None:
    given = objects(image="registry.example.com/job@sha256:0")
    before = next(one for one in given if one["kind"] == "Job")["spec"]["template"]["spec"]
    look = pod_of_look(given, "check", [], seconds=900)
    spec = pod_of(look)
    assert look.image == "registry.example.com/job@sha256:0"
    assert spec["securityContext"] == before["securityContext"]
    container, theirs = spec["containers"][0], before["containers"][0]
    for field in ("image", "securityContext", "imagePullPolicy"):
        assert container[field] == theirs[field]
    kept = {one["name"] for one in before["volumes"]} - {"api-token"}
    assert {one["name"] for one in spec["volumes"]} == kept
    assert {one["name"] for one in container["volumeMounts"]} == kept
    secrets = [one["secret"] for one in spec["volumes"] if "secret" in one]
    assert secrets == [one["secret"] for one in before["volumes"] if "secret" in one]


def test_it_has_no_token_no_ports_and_no_probes() -> None:
    look = made()
    assert "serviceAccountToken" not in json.dumps(look.job)
    assert pod_of(look)["automountServiceAccountToken"] is False
    container = pod_of(look)["containers"][0]
    assert not {"ports", "startupProbe", "livenessProbe", "readinessProbe"} & container.keys()


def test_it_is_tried_once_ends_in_time_and_is_removed_by_kubernetes_too() -> None:
    spec = made().job["spec"]
    assert (spec["backoffLimit"], spec["activeDeadlineSeconds"]) == (0, 900)
    assert spec["ttlSecondsAfterFinished"] > 0
    assert "podFailurePolicy" not in spec
    assert spec["template"]["spec"]["restartPolicy"] == "Never"


def test_its_labels_let_it_send_as_flink_does_and_are_those_of_no_service() -> None:
    labels = made().job["spec"]["template"]["metadata"]["labels"]
    assert labels["app.kubernetes.io/name"] == "flink"
    assert labels["app.kubernetes.io/component"] == "check"


def test_a_check_runs_the_program_with_its_arguments_but_not_those_of_a_start() -> None:
    args = ["--job-id=1", "--from-savepoint", "/s", "--host=h", "-Da=b", "/job.py", "x"]
    container = pod_of(made("check", ["--state=/c"], args=args))["containers"][0]
    assert container["command"][-2:] == ["cluster", "check"]
    assert container["args"] == ["--state=/c", "-Da=b", "/job.py", "x"]


def test_other_looks_run_no_program() -> None:
    args = ["--job-id=1", "--ca", "/ca", "-D", "a=b", "--run=/r", "/job.py", "--state"]
    container = pod_of(made("newest", args=args))["containers"][0]
    assert container["command"][-2:] == ["cluster", "newest"]
    assert container["args"] == ["--ca", "/ca", "-D", "a=b", "--run=/r"]


def test_a_jobmanager_of_another_command_is_refused() -> None:
    with pytest.raises(DeployError, match="not started by `flinksec cluster jobmanager`"):
        pod_of_look(objects(command=["java"], args=[]), "check", [], seconds=9)


def test_the_files_of_the_version_are_a_copy_that_lies_at_the_same_paths() -> None:
    look = made()
    assert Ref.of(look.copy) == CHECK_COPY
    assert look.copy["data"] == {
        "flink-conf..config.yaml": "a: b",
        "flink-conf..log4j-console.properties": "c",
        "job-settings..settings.toml": "[job]",
    }
    mounted = {
        one["name"]: one["configMap"] for one in pod_of(look)["volumes"] if "configMap" in one
    }
    assert mounted["job-settings"] == {
        "name": "flink-check",
        "items": [{"key": "job-settings..settings.toml", "path": "settings.toml"}],
    }
    assert len(mounted["flink-conf"]["items"]) == 2


def test_a_map_that_is_not_of_the_version_is_mounted_as_it_is() -> None:
    given = [one for one in objects() if one["metadata"]["name"] != "job-settings"]
    spec = pod_of(pod_of_look(given, "check", [], seconds=9))
    (volume,) = [one for one in spec["volumes"] if one["name"] == "job-settings"]
    assert volume["configMap"] == {"name": "job-settings"}


def test_what_it_is_made_from_stays_as_it_is() -> None:
    given = objects()
    before = deepcopy(given)
    pod_of_look(given, "check", [], seconds=9)
    assert given == before
