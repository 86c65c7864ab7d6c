# SPDX-License-Identifier: Apache-2.0
"""`flinksec init`: what it makes can be tested at once, and it overwrites nothing."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from flinksec_jobs.cli import main
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.scaffold import create


@pytest.fixture
def job(tmp_path: Path) -> Path:
    create("late-trains", tmp_path)
    return tmp_path / "late-trains"


@pytest.mark.slow
def test_the_test_of_a_new_job_passes(job: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=job,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_nothing_in_a_new_job_has_the_name_of_what_it_was_made_from(job: Path) -> None:
    own = [path for path in job.rglob("*") if path.is_file() and "components" not in path.parts]
    told = {
        path: word
        for path in own
        for word in ("my-job", "my_job", "flight")
        if word in path.read_text() or word in path.name
    }
    assert own
    assert told == {}


def test_the_overlay_of_a_new_job_finds_its_base_and_components(job: Path) -> None:
    overlay = job / "kubernetes" / "overlays" / "late-trains"
    kustomization = YAML(typ="safe").load((overlay / "kustomization.yaml").read_text())
    named = [*kustomization["resources"], *kustomization["components"]]
    assert kustomization["namespace"] == "late-trains"
    assert "../../base" in named
    assert "../../components/kerberos" in named
    assert [name for name in named if not (overlay / name).exists()] == []
    settings = tomllib.loads((overlay / "settings.toml").read_text())
    assert settings["cluster"]["kubernetes_namespace"] == "late-trains"
    patch = YAML(typ="safe").load((overlay / "job.yaml").read_text())
    assert patch["metadata"]["annotations"]["flinksec.org/job-id"] == f"{1:032x}"


def test_what_a_new_job_does_not_use_is_left_out_of_its_overlay(job: Path) -> None:
    overlay = job / "kubernetes" / "overlays" / "late-trains"
    text = (overlay / "kustomization.yaml").read_text()
    named = YAML(typ="safe").load(text)["components"]
    for component in ("hdfs", "savepoints", "monitoring", "cert-manager", "istio", "admission"):
        assert f"../../components/{component}" not in named
        assert f"# - ../../components/{component} " in text
    assert set(tomllib.loads((overlay / "settings.toml").read_text())) == {
        "kerberos",
        "kafka",
        "elasticsearch",
        "state",
        "job",
        "cluster",
    }
    policies = YAML(typ="safe").load_all((overlay / "addresses.yaml").read_text())
    assert "egress-hdfs" not in {policy["metadata"]["name"] for policy in policies}


def test_the_flink_configuration_of_a_new_job_is_that_of_its_settings(job: Path) -> None:
    overlay = job / "kubernetes" / "overlays" / "late-trains"
    settings = str(overlay / "settings.toml")
    printed = CliRunner().invoke(main, ["cluster", "conf", "--settings", settings])
    assert printed.exit_code == 0
    assert printed.stdout == (overlay / "config.yaml").read_text()


def test_the_settings_of_a_new_job_cannot_be_used_before_its_own_names_are_in_them(
    job: Path,
) -> None:
    for file in (job / "late_trains.toml", job / "kubernetes/overlays/late-trains/settings.toml"):
        checked = CliRunner().invoke(main, ["settings", "check", str(file)])
        assert checked.exit_code == 1
        assert "kerberos.principal still names EXAMPLE.COM" in checked.stdout
        assert "kafka.bootstrap_servers[0] still names kafka-0.example.com" in checked.stdout


def test_a_job_that_is_there_already_is_left_alone(job: Path) -> None:
    (job / "late_trains.py").write_text("# weeks of work\n")
    with pytest.raises(FlinkSecError, match="exists already") as refusal:
        create("late-trains", job.parent)
    assert "nothing is overwritten" in str(refusal.value.hint)
    assert (job / "late_trains.py").read_text() == "# weeks of work\n"


@pytest.mark.parametrize("name", ["Late", "late_trains", "1st", "-a", "a-", "a/b", "..", "a" * 51])
def test_a_name_that_kubernetes_would_refuse_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FlinkSecError, match="cannot be called"):
        create(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["class", "json", "pyflink", "flinksec-jobs", "pytest"])
def test_a_name_that_python_has_already_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FlinkSecError, match=f"cannot be called {name}, as Python has"):
        create(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FlinkSecError, match="cannot be made: not a directory"):
        create("late-trains", tmp_path / "file")


def test_the_command_lists_what_it_has_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = CliRunner().invoke(main, ["init", "late-trains"])
    again = CliRunner().invoke(main, ["init", "late-trains"])
    assert made.exit_code == 0
    assert "late-trains/late_trains.py\n" in made.stdout
    assert again.exit_code == 1
    assert again.stderr.startswith("error: late-trains exists already\n")
