# SPDX-License-Identifier: Apache-2.0
"""The names of a cluster's processes stand in one place, and our manifests have the same."""

from __future__ import annotations

import ast
from pathlib import Path

import flinksec_jobs
from flinksec_jobs.parsing import yaml_documents
from flinksec_jobs.settings.cluster_names import JOBMANAGER, TASKMANAGER
from tests.pages import ROOT

PACKAGE = Path(flinksec_jobs.__file__).parent


def test_no_other_file_of_the_package_writes_these_names_as_a_value() -> None:
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and node.value in {JOBMANAGER, TASKMANAGER}:
                found.add(path.relative_to(PACKAGE).as_posix())
    assert found == {"settings/cluster_names.py"}


def test_our_manifests_name_job_service_and_stateful_set_so() -> None:
    named = set()
    for path in (ROOT / "docker/kubernetes/base").glob("*manager.yaml"):
        for one in yaml_documents(path.read_text("utf-8")):
            named.add((one["kind"], one["metadata"]["name"]))
    wanted = {("Job", JOBMANAGER), ("Service", JOBMANAGER)}
    wanted |= {("StatefulSet", TASKMANAGER), ("Service", TASKMANAGER)}
    assert wanted <= named
    config = (ROOT / "docker/kubernetes/base/config.yaml").read_text("utf-8")
    (options,) = yaml_documents(config)
    assert {options["jobmanager.rpc.address"], options["rest.address"]} == {JOBMANAGER}
