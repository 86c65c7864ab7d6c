# SPDX-License-Identifier: Apache-2.0
"""What `check` says of the manifests that Flink's documentation starts people with."""

from __future__ import annotations

from pathlib import Path

import pytest

from flinksec_jobs.findings import Finding
from flinksec_jobs.manifests import Manifests, check, load, matrix, read

EXAMPLE = Path(__file__).with_name("official_example.yaml")
POD_SECURITY = {
    "pss-host-path",
    "pss-volume-type",
    "pss-privilege-escalation",
    "pss-run-as-non-root",
    "pss-seccomp",
    "pss-drop-all",
}
HARDENING = {
    "image-digest",
    "pod-read-only-root",
    "pod-service-links",
    "pod-token",
    "pod-default-account",
}
NETWORK = {"net-default-deny", "svc-outside", "flink-flow-open"}
FLINK = {
    "flink-configuration",
    "flink-config-file",
    "flink-log-files",
    "flink-logging",
    "flink-entrypoint-variables",
    "flink-port-random",
    "flink-high-availability",
    "flink-checkpoints",
    "flink-failed-restart",
    "flink-disruption",
    "flink-two-jobmanagers",
    "flink-job-id",
    "flink-temporary-files",
}


@pytest.fixture(scope="module")
def manifests() -> Manifests:
    return load([read(EXAMPLE)])


@pytest.fixture(scope="module")
def findings(manifests: Manifests) -> list[Finding]:
    return check(manifests)


def test_every_weakness_is_named_and_nothing_else(findings: list[Finding]) -> None:
    assert {finding.id for finding in findings} == POD_SECURITY | HARDENING | NETWORK | FLINK


def test_the_silent_ones_are_named_by_their_option(findings: list[Finding]) -> None:
    options = {
        str(finding.where.field).rpartition(" ")[2]
        for finding in findings
        if finding.id == "flink-configuration"
    }
    assert {
        "security.ssl.internal.enabled",
        "security.ssl.rest.enabled",
        "env.java.opts.all",
        "taskmanager.data.port",
    } <= options


def test_the_world_reaches_rest(manifests: Manifests) -> None:
    (flow,) = (
        flow
        for flow in matrix(manifests)
        if (flow.source, flow.target, flow.port)
        == ("outside the cluster", "default/my-flink-jm", 8081)
    )
    assert flow.is_open
