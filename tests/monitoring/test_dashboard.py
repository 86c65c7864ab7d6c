# SPDX-License-Identifier: Apache-2.0
"""The dashboard, as Grafana's own types read it, and as people find their way in it."""

import copy
import itertools
import json
import os
import subprocess
from typing import Any

import pytest

from flinksec_jobs.monitoring.catalogue import METRICS
from tests.monitoring.prometheus import COMPONENT

_SCHEMA = "FLINKSEC_DASHBOARD_SCHEMA"
DASHBOARD: dict[str, Any] = json.loads((COMPONENT / "dashboard.json").read_text())
PARTS = ["Job", "Checkpoints and seal", "Sources and sinks", "JVM and Python"]


def refused(dashboard: dict[str, Any]) -> str:
    """What does not fit; empty if all does."""
    program = os.environ.get(_SCHEMA)
    assert program, f"{_SCHEMA} names no program: scripts/dashboard_schema.sh builds it"
    done = subprocess.run(
        [program], input=json.dumps(dashboard), capture_output=True, text=True, check=False
    )
    assert (done.returncode == 0) == (not done.stderr)
    return done.stderr


def test_it_fits_the_schema_of_grafana() -> None:
    assert refused(DASHBOARD) == ""


@pytest.mark.parametrize(
    ("where", "value", "message"),
    [
        (("panels", 1, "fieldConfig", "defaults", "unit"), 5, "unit"),
        (("panels", 1, "gridPos", "hight"), 5, "hight"),
        (("panels", 5, "options", "legend"), "none", "legend"),
        (("panels",), "none", "cannot unmarshal string"),
    ],
)
def test_the_schema_refuses_what_does_not_fit(
    where: tuple[str | int, ...], value: Any, message: str
) -> None:
    changed: Any = copy.deepcopy(DASHBOARD)
    place = changed
    for step in where[:-1]:
        place = place[step]
    place[where[-1]] = value
    assert message in refused(changed)


def test_it_has_its_parts_and_each_panel_says_what_it_shows() -> None:
    rows = [panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row"]
    assert rows == PARTS
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in DASHBOARD["panels"]:
        if panel["type"] != "row":
            assert panel["description"].endswith("."), panel["title"]
            assert panel["targets"], panel["title"]


def test_no_panel_lies_on_another() -> None:
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in itertools.combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above, (one, other)


def test_it_shows_every_metric_of_ours_that_each_job_has() -> None:
    asked = " ".join(
        target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())
    )
    hidden = {"certificate.readable", "login.present", "login.kvno"}  # for alerts
    for metric in METRICS:
        if not metric.only_with and metric.name not in hidden:
            assert metric.name.replace(".", "_") in asked or metric.name in asked, metric.name
