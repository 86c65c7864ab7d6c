# SPDX-License-Identifier: Apache-2.0
"""The overlays that `flinksec init` makes: they render, and no two jobs share anything."""

from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.manifests import render
from flinksec_jobs.scaffold import create
from tests.manifests.documents import read


@pytest.fixture
def jobs(tmp_path: Path) -> list[list[dict[str, Any]]]:
    """The objects of two new jobs."""
    rendered = []
    for name in ("late-trains", "early-birds"):
        create(name, tmp_path)
        rendered.append(read(render(tmp_path / name / "kubernetes" / "overlays" / name)))
    return rendered


def test_no_two_jobs_make_the_same_object(jobs: list[list[dict[str, Any]]]) -> None:
    names = [
        {
            (one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"])
            for one in objects
        }
        for objects in jobs
    ]
    assert names[0] & names[1] == set()
    of_the_cluster = {kind for kind, namespace, _ in names[0] if namespace is None}
    assert of_the_cluster == {"Namespace", "PersistentVolume"}


def test_each_job_has_a_volume_and_a_path_of_its_own(jobs: list[list[dict[str, Any]]]) -> None:
    for name, objects in zip(("late-trains", "early-birds"), jobs, strict=True):
        (volume,) = [one for one in objects if one["kind"] == "PersistentVolume"]
        (claim,) = [one for one in objects if one["kind"] == "PersistentVolumeClaim"]
        assert volume["metadata"]["name"] == claim["spec"]["volumeName"] == f"flink-state.{name}"
        assert volume["spec"]["nfs"]["path"] == f"/export/flink-state/{name}"
        assert volume["spec"]["claimRef"]["namespace"] == name
