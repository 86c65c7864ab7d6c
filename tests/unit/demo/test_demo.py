# SPDX-License-Identifier: Apache-2.0
"""The demo's result, and where it finds its job."""

from pathlib import Path

import pytest

from flinksec_jobs import shipped
from flinksec_jobs.demo import demo
from flinksec_jobs.demo.expectations import Check
from flinksec_jobs.errors import FlinkSecError


def test_a_result_is_right_only_if_there_are_checks_and_all_are() -> None:
    assert not demo.Result().ok
    assert demo.Result([Check("a", 1, 1)]).ok
    assert not demo.Result([Check("a", 1, 1), Check("b", 1, 2)]).ok


def test_a_result_is_one_plain_object() -> None:
    result = demo.Result([Check("a", 1, 1)], {"job": 12.3456})
    assert result.as_dict() == {
        "ok": True,
        "checks": [{"name": "a", "expected": 1, "actual": 1, "ok": True}],
        "seconds": {"job": 12.3},
    }


def test_the_job_is_found_in_an_installed_wheel_before_a_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipped, "_PACKAGE", tmp_path / "flinksec_jobs")
    with pytest.raises(FlinkSecError, match=r"jobs/flight_delays.py is not installed"):
        shipped.shipped(demo.JOB)
    for directory in (tmp_path / "jobs", tmp_path / "flinksec_jobs" / "jobs"):
        directory.mkdir(parents=True)
        (directory / "flight_delays.py").touch()
        assert shipped.shipped(demo.JOB) == directory / "flight_delays.py"
