# SPDX-License-Identifier: Apache-2.0
"""FlinkDeployments and FlinkSessionJobs of Flink's own operator."""

from __future__ import annotations

from typing import Any

import pytest

from flinksec_jobs.manifests import Manifests
from flinksec_jobs.manifests.flink.flink_processes import processes
from flinksec_jobs.manifests.kube.objects import Object, Pod
from tests.unit.manifests.flink_inputs import deployment, flink_findings, programs_of, told

_MAIN = "flink-main-container"


def _pods(**spec: Any) -> list[Pod]:
    return Manifests([deployment(**spec)]).pods


def test_it_is_an_application_with_a_job_and_a_session_without() -> None:
    assert programs_of(deployment(job={"jarURI": "local:///a.jar"})) == [
        "application",
        "taskmanager",
    ]
    assert programs_of(deployment()) == ["session", "taskmanager"]


def test_a_weak_pod_template_is_found_in_both_pods() -> None:
    weak = {"name": _MAIN, "securityContext": {"privileged": True}}
    found = flink_findings(
        deployment(podTemplate={"spec": {"containers": [weak]}}), rule="pss-privileged"
    )
    assert found[0].where.field == "spec.podTemplate.spec.containers[0].securityContext.privileged"


def test_a_template_of_one_role_lies_over_the_common_one_by_place() -> None:
    common = {"spec": {"containers": [{"name": _MAIN, "env": [{"name": "A", "value": "1"}]}]}}
    own = {"spec": {"hostNetwork": True, "containers": [{"name": _MAIN, "env": [{"name": "B"}]}]}}
    first, second = _pods(podTemplate=common, taskManager={"podTemplate": own})
    assert "hostNetwork" not in first.spec
    assert second.spec["hostNetwork"] is True
    assert list(second.containers[0].environment) == [("env[0]", {"name": "B", "value": "1"})]


def test_lists_are_merged_by_name_if_the_operator_is_told_so() -> None:
    common = {"spec": {"containers": [{"name": "log"}, {"name": _MAIN}]}}
    own = {"spec": {"containers": [{"name": _MAIN, "tty": True}]}}
    by_name = {"kubernetes.operator.pod-template.merge-arrays-by-name": "true"}
    first, _ = _pods(
        podTemplate=common, jobManager={"podTemplate": own}, flinkConfiguration=by_name
    )
    assert [one.name for one in first.containers] == ["log", _MAIN]
    assert first.containers[1].content["tty"] is True


def test_options_are_read_flat_and_nested_and_their_place_is_named() -> None:
    for given in ({"web.submit.enable": "true"}, {"web": {"submit": {"enable": True}}}):
        found = told(deployment(flinkConfiguration=given), rule="flink-configuration")
        assert "spec.flinkConfiguration web.submit.enable: an option of Flink is not safe" in found


def test_what_the_operator_sets_itself_is_known() -> None:
    first, _ = processes(
        Manifests([deployment(jobManager={"resource": {"memory": "2048m", "cpu": 1}})])
    )
    assert first.options["blob.server.port"] == "6124"
    assert first.options["kubernetes.cluster-id"] == "late"
    assert first.container.content["resources"]["limits"] == {"memory": "2048Mi", "cpu": 1}
    assert not told(deployment(), rule="flink-address")
    assert not told(deployment(), rule="flink-workload")


def test_secrets_that_the_operator_mounts_are_mounted() -> None:
    given = {
        "kubernetes.secrets": "certs:/certs",
        "security.ssl.internal.enabled": "true",
        "security.ssl.internal.keystore": "/certs/k.p12",
        "security.ssl.internal.truststore": "/elsewhere/t.p12",
    }
    found = told(deployment(flinkConfiguration=given))
    assert "keystore = /certs/k.p12" not in found
    assert "truststore = /elsewhere/t.p12" in found
    assert "kubernetes.secrets" not in found


def test_options_that_are_no_options_are_said_to_be_unreadable() -> None:
    found = told(deployment(flinkConfiguration=["a"]))
    assert "flink-config-unreadable" in found
    assert "tls-off" not in found


def test_a_session_job_is_looked_at() -> None:
    job = Object(
        {
            "apiVersion": "flink.apache.org/v1beta1",
            "kind": "FlinkSessionJob",
            "metadata": {"name": "guest"},
            "spec": {"deploymentName": "all", "job": {"jarURI": "http://files/a.jar?token=x"}},
        }
    )
    found = flink_findings(job)
    assert {one.id for one in found} == {"flink-session", "flink-operator-jar"}
    assert "token" not in told(job)


def test_other_operators_are_said_not_to_be_looked_at() -> None:
    for api, kind in (
        ("flink.apache.org/v1beta1", "FlinkBlueGreenDeployment"),
        ("flinkoperator.k8s.io/v1beta1", "FlinkCluster"),
        ("flink.k8s.io/v1beta1", "FlinkApplication"),
    ):
        entry = Object({"apiVersion": api, "kind": kind, "metadata": {"name": "a"}, "spec": {}})
        assert flink_findings(entry, rule="shape-unknown-kind")


def test_a_service_of_rest_for_the_world_is_named() -> None:
    option = "kubernetes.rest-service.exposed.type"
    for kind, is_open in (("LoadBalancer", True), ("NodePort", True), ("ClusterIP", False)):
        found = told(deployment(flinkConfiguration={option: kind}), rule="flink-operator-service")
        assert bool(found) == is_open


@pytest.mark.parametrize(
    ("option", "uris", "is_clear"),
    [
        ("pipeline.jars", "local:///a.jar;http://files/b.jar", True),
        ("pipeline.classpaths", "[file:///a.jar, 'HTTP://files/b.jar']", True),
        ("user.artifacts.artifact-list", "ftp://files/b.jar", True),
        ("pipeline.jars", "https://files/b.jar;local:///http.jar", False),
    ],
)
def test_programs_that_options_fetch_in_clear_are_named(
    option: str, uris: str, is_clear: bool
) -> None:
    found = told(deployment(flinkConfiguration={option: uris}), rule="flink-operator-jar")
    assert bool(found) == is_clear
