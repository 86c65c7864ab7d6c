# SPDX-License-Identifier: Apache-2.0
"""Where a local run writes its log, and what Flink is told of this Python. No JVM is started."""

import os
import sys
from pathlib import Path

import pytest

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.runtime import local


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("late-flights_1.x", "late-flights_1.x.log"),
        ("a/../b", "a-..-b~900ea8b7e0d8fe30857c1bb629272e28.log"),
        ("Flüge", "Fl-ge~7279d562b38601a7fedc13bf56e95953.log"),
    ],
)
def test_a_job_s_log_is_named_after_it_and_stays_in_its_directory(
    monkeypatch: pytest.MonkeyPatch, name: str, file: str
) -> None:
    monkeypatch.setenv("FLINKSEC_LOG_DIR", "/logs")
    assert local.LocalRun(name, {}).log_file == Path("/logs") / file


def test_one_log_for_all_jobs_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLINKSEC_LOG_DIR", "/logs")
    monkeypatch.setenv("FLINKSEC_LOG_FILE", "/elsewhere/jobs.log")
    logs = {local.LocalRun(name, {}).log_file for name in ("one", "another")}
    assert logs == {Path("/elsewhere/jobs.log")}


def test_logs_go_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLINKSEC_LOG_DIR", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert local.log_directory() == Path("/state/flinksec/logs")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/me")
    assert local.log_directory() == Path("/me/.local/state/flinksec/logs")


def test_python_functions_find_this_interpreter_and_its_packages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = Path(os.__file__).parent
    packages = "/venv/site-packages"
    monkeypatch.setattr(
        sys, "path", ["", "/job", "/usr/lib/python311.zip", str(library), packages]
    )  # fmt: skip
    options = local.python_options()
    assert options["python.executable"] == options["python.client.executable"] == sys.executable
    assert options["python.pythonpath"] == f"/job:{packages}"


def test_a_directory_for_logs_that_cannot_be_made_is_named_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("FLINKSEC_LOG_DIR", str(tmp_path / "file" / "logs"))
    with pytest.raises(SettingsError, match="cannot be made: not a directory") as caught:
        local.LocalRun("job", {}).start_jvm()
    assert "FLINKSEC_LOG_DIR" in str(caught.value.hint)
