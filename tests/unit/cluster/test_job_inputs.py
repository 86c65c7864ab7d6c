# SPDX-License-Identifier: Apache-2.0
"""What a job is made from, as a JobManager compares it with the stored one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.cluster import job_inputs
from flinksec_jobs.cluster.job_inputs import Program, inputs, watched
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.sections.decides import decided_by
from flinksec_jobs.settings import Settings

KUBERNETES = {"high-availability.type": "kubernetes", "pipeline.name": "x"}


def _settings(**elasticsearch: Any) -> Settings:
    given = {"hosts": ["https://search.example.com:9200"], **elasticsearch}
    return Settings.model_validate({"elasticsearch": given})


@pytest.fixture
def program(tmp_path: Path) -> Program:
    folder = tmp_path / "job"
    (folder / "tools").mkdir(parents=True)
    (folder / "job.py").write_text("import tools.sums\n")
    (folder / "tools" / "sums.py").write_text("ONE = 1\n")
    (folder / "model.bin").write_text("weights")
    return Program(folder / "job.py", ("a", "b"))


def _changed(
    program: Program,
    other: Program | None = None,
    config: dict[str, Any] | None = None,
    settings: Settings | None = None,
) -> set[str]:
    """The names of what differs from a start with `program` and nothing else."""
    before = inputs({"pipeline.name": "x"}, _settings(), program)
    after = inputs(config or {"pipeline.name": "x"}, settings or _settings(), other or program)
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def test_two_starts_with_the_same_have_the_same_inputs(program: Program) -> None:
    assert _changed(program) == set()


def test_a_changed_setting_is_named(program: Program) -> None:
    settings = _settings(verification="none")
    assert _changed(program, settings=settings) == {"elasticsearch.verification"}


def test_a_changed_option_of_the_job_is_named_and_one_of_a_process_is_none(
    program: Program,
) -> None:
    config = {"pipeline.name": "y", "jobmanager.memory.process.size": "2g", "rest.port": 8082}
    assert _changed(program, config=config) == {"Flink's option pipeline.name"}


def test_the_processes_settings_are_none_of_the_job(program: Program) -> None:
    cluster = {"rest_port": 8082, "on_changed_job": "refuse"}
    settings = Settings.model_validate(
        {"elasticsearch": {"hosts": ["https://search.example.com:9200"]}, "cluster": cluster}
    )
    assert _changed(program, settings=settings) == set()


def test_changed_arguments_are_named(program: Program) -> None:
    # Joined they would be the same.
    other = Program(program.path, ("a b",))
    assert _changed(program, other) == {"the program's arguments"}


@pytest.mark.parametrize("name", ["job.py", "tools/sums.py"])
def test_a_changed_module_is_named(program: Program, name: str) -> None:
    before = inputs({}, _settings(), program)
    (program.path.parent / name).write_text("TWO = 2\n")
    after = inputs({}, _settings(), program)
    assert {key for key in after if before[key] != after[key]} == {name}


def test_a_new_module_and_a_removed_one_are_named(program: Program) -> None:
    before = inputs({}, _settings(), program)
    (program.path.parent / "tools" / "sums.py").rename(program.path.parent / "more.py")
    after = inputs({}, _settings(), program)
    assert before.keys() ^ after.keys() == {"tools/sums.py", "more.py"}


def test_beside_a_program_only_modules_count_and_in_an_image_all_files(program: Program) -> None:
    (program.path.parent / "data").mkdir()
    (program.path.parent / "data" / "many.csv").write_text("1")
    (program.path.parent / "__pycache__").mkdir()
    (program.path.parent / "__pycache__" / "x.py").write_text("1")
    (program.path.parent / "venv").mkdir()
    (program.path.parent / "venv" / "pyvenv.cfg").write_text("")
    (program.path.parent / "venv" / "x.py").write_text("1")
    assert _changed(program) == set()
    packed = Program(program.path, program.arguments, is_packed=True)
    assert _changed(program, packed) == {
        *("model.bin", "data/many.csv", "venv/pyvenv.cfg", "venv/x.py"),
    }


def test_the_library_its_jars_and_all_packages_count(program: Program) -> None:
    found = inputs({}, _settings(), program)
    assert {"Python", "Python package apache-flink", "Python package flinksec-jobs"} <= found.keys()
    assert "flinksec-secure-connectors.jar" in found


def test_a_folder_that_cannot_be_read_is_told(program: Program, monkeypatch: Any) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("hashlib.file_digest", refused)
    with pytest.raises(SettingsError, match=r"job\.py cannot be read: permission denied"):
        inputs({}, _settings(), program)


@pytest.mark.parametrize(
    "config",
    [
        {"high-availability.type": "kubernetes"},
        {"high-availability.type": "ZooKeeper"},
        {"high-availability": "zookeeper"},
        {"recovery.mode": "zookeeper"},
        {"high-availability.type": "com.example.Factory"},
    ],
)
def test_high_availability_of_every_kind_is_watched(
    config: dict[str, Any], program: Program, tmp_path: Path
) -> None:
    (kind,) = config.values()
    assert watched(config, _settings(), program, tmp_path) == {
        "high-availability.type": "org.flinksec.availability.CheckedHighAvailability",
        "flinksec.cluster.high-availability": kind,
        "flinksec.cluster.job-inputs": str(tmp_path / "job-inputs"),
        "flinksec.cluster.on-changed-job": "replace",
    }
    lines = (tmp_path / "job-inputs").read_text().splitlines()
    assert lines == sorted(lines)
    assert all(len(line.split("\t")[1]) == 64 for line in lines)
    assert "search.example.com" not in (tmp_path / "job-inputs").read_text()


@pytest.mark.parametrize("config", [{}, {"high-availability.type": "NONE"}])
def test_without_high_availability_nothing_is_watched(
    config: dict[str, Any], program: Program, tmp_path: Path
) -> None:
    assert watched(config, _settings(), program, tmp_path) == {}
    assert not (tmp_path / "job-inputs").exists()


def test_what_cluster_decides_is_no_input_of_the_job_but_for_its_restarts() -> None:
    of_job = {
        option
        for option, decided in decided_by(Settings).items()
        if all(setting.startswith("cluster.") for setting in decided.settings)
        and not option.startswith(job_inputs._OF_PROCESSES)
    }
    assert of_job
    assert all(option.startswith("restart-strategy.") for option in of_job)
