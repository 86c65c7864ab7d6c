# SPDX-License-Identifier: Apache-2.0
"""What is laid out for a job in its own process. No JVM is started."""

import os
import stat
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import pytest

from flinksec_jobs.runtime import artifacts, jvm, local, run_directory
from flinksec_jobs.runtime.java import Java


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, str]]:
    """The environments that a JVM would have been started with."""
    environments: list[Mapping[str, str]] = []
    monkeypatch.setattr(jvm, "start", environments.append)
    monkeypatch.setattr(local, "find_java", lambda: Java(Path("/opt/java"), 17))
    monkeypatch.setattr(artifacts, "own_jar", lambda name: tmp_path / f"{name}.jar")
    monkeypatch.setattr(artifacts, "jars", lambda name: [Path(f"/{name}/a.jar"), Path("/b.jar")])
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    local._home.cache_clear()
    monkeypatch.setenv("FLINKSEC_LOG_DIR", str(tmp_path / "logs"))
    monkeypatch.delenv("JVM_ARGS", raising=False)
    return environments


def test_the_jvm_finds_java_the_sealed_file_system_and_its_log(
    started: list[Mapping[str, str]], tmp_path: Path
) -> None:
    local.LocalRun("a job/1", {}).start_jvm()
    (environment,) = started
    assert environment["JAVA_HOME"] == "/opt/java"
    assert environment["JVM_ARGS"] == "-Xmx2g"
    plugins = Path(environment["FLINK_PLUGINS_DIR"])
    (jar,) = plugins.glob("*/*.jar")
    assert jar.readlink() == tmp_path / "flinksec-sealed-state.jar"
    assert stat.S_IMODE(plugins.parent.stat().st_mode) == 0o700
    assert environment["FLINKSEC_JOB_LOG"] == str(
        tmp_path / "logs" / "a-job-1~fefac7401d03fc476875391876b3ab65.log"
    )
    assert stat.S_IMODE((tmp_path / "logs").stat().st_mode) == 0o700
    assert Path(environment["LOG4J_PROPERTIES"]).is_file()
    assert (Path(environment["FLINK_HOME"]) / "lib").is_dir()


def test_a_job_without_hdfs_does_not_load_hadoop(started: list[Mapping[str, str]]) -> None:
    local.LocalRun("job", {}).start_jvm()
    assert not any(name.startswith("HADOOP") for name in started[0])


def test_a_job_with_hdfs_gets_hadoop_and_its_configuration(
    started: list[Mapping[str, str]],
) -> None:
    options = {"fs.defaultFS": "hdfs://name:8020", "rule": "a < b & c"}
    local.LocalRun("job", options).start_jvm()
    (environment,) = started
    assert environment["HADOOP_CLASSPATH"] == "/hadoop-client/a.jar:/b.jar"
    for name in ("core-site.xml", "hdfs-site.xml"):
        root = ElementTree.parse(Path(environment["HADOOP_CONF_DIR"]) / name).getroot()
        read = {
            found.findtext("name"): found.findtext("value") for found in root.iter("property")
        }  # fmt: skip
        assert read == options


def test_flink_finds_no_other_hadoop_configuration(
    started: list[Mapping[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = tmp_path / "hadoop" / "etc" / "hadoop"
    foreign.mkdir(parents=True)
    (foreign / "core-site.xml").write_text("<configuration/>")
    monkeypatch.setenv("HADOOP_HOME", str(tmp_path / "hadoop"))
    local.LocalRun("job", {"a": "b"}).start_jvm()
    home = Path(started[0]["HADOOP_HOME"])
    assert sorted(path.name for path in home.iterdir()) == ["core-site.xml", "hdfs-site.xml"]


def test_a_user_s_own_jvm_arguments_win(
    started: list[Mapping[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JVM_ARGS", "-Xmx512m")
    local.LocalRun("job", {}).start_jvm()
    assert started[0]["JVM_ARGS"] == "-Xmx512m"


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


def test_a_local_run_is_for_this_user_and_this_machine_whatever_the_settings_say(
    monkeypatch: pytest.MonkeyPatch, started: list[Mapping[str, str]]
) -> None:
    options = local.LocalRun("job", {}).protections()
    for name in ("rest.bind-address", "jobmanager.bind-host", "taskmanager.bind-host"):
        assert options[name] == "127.0.0.1"
    assert options["security.ssl.rest.authentication-enabled"] == "true"
    for kind in ("rest", "internal"):
        assert options[f"security.ssl.{kind}.enabled"] == "true"
        store = Path(options[f"security.ssl.{kind}.keystore"])
        assert stat.S_IMODE(store.stat().st_mode) == 0o600
        assert stat.S_IMODE(store.parent.stat().st_mode) == 0o700


def test_working_state_lies_in_the_private_directory_of_the_run() -> None:
    directory = Path(local.LocalRun("job", {}).protections()["io.tmp.dirs"])
    assert directory.is_dir()
    assert stat.S_IMODE(directory.parent.stat().st_mode) == 0o700
    assert directory.parent.name.startswith(run_directory.PREFIX)
