# SPDX-License-Identifier: Apache-2.0
"""What the JVM of a local run is started with, and when there is another. No JVM is started."""

import logging
import os
import stat
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from flinksec_jobs.errors import JobError, SettingsError
from flinksec_jobs.runtime import artifacts, gateway, jvm, jvm_environment, local, local_jvm
from flinksec_jobs.runtime.gateway import Command
from flinksec_jobs.runtime.java import Java


class Jvms:
    """The JVMs that would have been started, and how many have been ended."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.ended = 0

    def start(self, command: Command, directory: Path) -> Any:
        self.commands.append(command)
        process = SimpleNamespace(poll=lambda: None)
        return SimpleNamespace(process=process, gateway=object(), end=self._end)

    def _end(self) -> None:
        self.ended += 1


@pytest.fixture
def jvms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Jvms:
    found = Jvms()
    monkeypatch.setattr(gateway, "start", found.start)
    monkeypatch.setattr(jvm, "refuse_a_foreign_one", lambda: None)
    monkeypatch.setattr(jvm, "attach", lambda _: None)
    monkeypatch.setattr(jvm, "detach", lambda: None)
    monkeypatch.setattr(local_jvm, "find_java", lambda: Java(Path("/opt/java"), 17))
    monkeypatch.setattr(artifacts, "own_jar", lambda name: tmp_path / f"{name}.jar")
    monkeypatch.setattr(artifacts, "jars", lambda name: [Path(f"/{name}/a.jar"), Path("/b.jar")])
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(local_jvm, "_current", [])
    monkeypatch.setattr(local_jvm, "_holds", [])
    monkeypatch.setattr(local_jvm, "_warned", set())
    monkeypatch.setenv("FLINKSEC_LOG_DIR", str(tmp_path / "logs"))
    monkeypatch.setenv("_python_worker_execution_mode", "loopback")
    monkeypatch.delenv("JVM_ARGS", raising=False)
    return found


def start(name: str = "job", hadoop: dict[str, str] | None = None, *login: str) -> None:
    local.LocalRun(name, hadoop or {}, login).start_jvm()


def start_with(patch: pytest.MonkeyPatch, name: str, value: str) -> None:
    patch.setenv(name, value)
    start()


def test_a_native_cipher_lies_beside_the_sealed_file_system_of_a_local_run(jvms: Jvms) -> None:
    local.LocalRun("a", {}, (), (Path("/conscrypt.jar"),)).start_jvm()
    (plugin,) = Path(jvms.commands[0].environment["FLINK_PLUGINS_DIR"]).iterdir()
    names = {path.name: path.readlink() for path in plugin.iterdir()}
    assert names["conscrypt.jar"] == Path("/conscrypt.jar")
    assert len(names) == 2
    start("b")
    assert len(jvms.commands) == 2  # a JVM without it is another one


def test_the_jvm_finds_java_the_sealed_file_system_and_its_log(jvms: Jvms, tmp_path: Path) -> None:
    start("a-job")
    (command,) = jvms.commands
    assert command.java == Path("/opt/java/bin/java")
    assert command.options[0] == "-Xmx2g"
    assert "--add-opens=java.base/java.util=ALL-UNNAMED" in command.options
    plugins = Path(command.environment["FLINK_PLUGINS_DIR"])
    (jar,) = plugins.glob("*/*.jar")
    assert jar.readlink() == tmp_path / "flinksec-sealed-state.jar"
    assert stat.S_IMODE(plugins.parent.stat().st_mode) == 0o700
    log = tmp_path / "logs" / "a-job.log"
    assert (command.environment["FLINKSEC_JOB_LOG"], command.log_file) == (str(log), log)
    assert stat.S_IMODE((tmp_path / "logs").stat().st_mode) == 0o700
    names = [path.name for path in command.class_path]
    assert names[:2] == ["flinksec-gateway.jar", "flinksec-logging.jar"]
    assert names[-1].startswith("flink-python-")
    assert any(name.startswith("flink-dist-") for name in names)


def test_jobs_of_other_names_share_a_jvm_only_if_they_share_a_log(
    jvms: Jvms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start("one")
    start("another")
    assert len(jvms.commands) == 2
    log = tmp_path / "made" / "jobs.log"
    monkeypatch.setenv("FLINKSEC_LOG_FILE", str(log))
    start("one")
    start("another")
    assert [command.log_file for command in jvms.commands[2:]] == [log]
    start("another", {"fs.defaultFS": "hdfs://name:8020"})
    assert len(jvms.commands) == 4


def test_what_the_jvm_writes_among_temporary_files_is_in_the_runs_private_directory(
    jvms: Jvms,
) -> None:
    start()
    (option,) = [one for one in jvms.commands[0].options if one.startswith("-Djava.io.tmpdir=")]
    directory = Path(option.partition("=")[2])
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert directory.parent == local_jvm.current().directory
    assert local.LocalRun("job", {}).protected({})["io.tmp.dirs"] == str(directory)


def test_a_job_without_hdfs_does_not_load_hadoop(jvms: Jvms) -> None:
    start()
    assert not any(name.startswith("HADOOP") for name in jvms.commands[0].environment)
    assert Path("/hadoop-client/a.jar") not in jvms.commands[0].class_path


def test_a_job_with_hdfs_gets_hadoop_and_its_configuration(jvms: Jvms) -> None:
    options = {"fs.defaultFS": "hdfs://name:8020", "rule": "a < b & c ü"}
    start("job", options)
    (command,) = jvms.commands
    conf = Path(command.environment["HADOOP_CONF_DIR"])
    *_, first, second, own, last = command.class_path
    assert [first, second, last] == [Path("/hadoop-client/a.jar"), Path("/b.jar"), conf]
    assert own.name == "flinksec-hadoop.jar"
    for name in ("core-site.xml", "hdfs-site.xml"):
        root = ElementTree.parse(conf / name).getroot()
        read = {
            found.findtext("name"): found.findtext("value") for found in root.iter("property")
        }  # fmt: skip
        assert read == options


def test_flink_finds_no_other_hadoop_configuration(
    jvms: Jvms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = tmp_path / "hadoop" / "etc" / "hadoop"
    foreign.mkdir(parents=True)
    (foreign / "core-site.xml").write_text("<configuration/>")
    monkeypatch.setenv("HADOOP_HOME", str(tmp_path / "hadoop"))
    start("job", {"a": "b"})
    home = Path(jvms.commands[0].environment["HADOOP_HOME"])
    assert sorted(path.name for path in home.iterdir()) == [
        "core-site.xml",
        "hdfs-site.xml",
        "ssl-client.xml",
    ]


def test_a_user_s_own_jvm_arguments_win_and_may_be_quoted(
    jvms: Jvms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JVM_ARGS", "-Xmx512m '-Da=b c'")
    start()
    assert jvms.commands[0].options[:2] == ["-Xmx512m", "-Da=b c"]
    monkeypatch.setenv("JVM_ARGS", "-Da='b")
    with pytest.raises(SettingsError, match="JVM_ARGS cannot be split"):
        start()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ("-Xmx1g -agentlib:jdwp=transport=dt_socket,server=y,address=*:5005", "a debugger's port"),
        ("-XX:+HeapDumpOnOutOfMemoryError", "writes the heap, with its keys"),
        ("-Djavax.net.ssl.trustStore=/x", "what TLS trusts"),
        ("-Djava.io.tmpdir=/disk", "moves temporary files"),
    ],
)
def test_a_user_s_own_jvm_arguments_do_not_open_it(
    jvms: Jvms, monkeypatch: pytest.MonkeyPatch, arguments: str, why: str
) -> None:
    monkeypatch.setenv("JVM_ARGS", arguments)
    with pytest.raises(SettingsError, match=f"variable JVM_ARGS gives Java -.*{why}"):
        start()
    assert jvms.commands == []


def test_what_flink_hadoop_and_java_read_of_the_environment_does_not_reach_the_jvm(
    jvms: Jvms, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    foreign = {
        "FLINK_CONF_DIR": "/foreign",
        "FLINK_ENV_JAVA_OPTS": "-Dx=y",
        "HADOOP_CONF_DIR": "/foreign",
        "HADOOP_CLASSPATH": "/foreign.jar",
        "JAVA_TOOL_OPTIONS": "-javaagent:x",
        "_JAVA_OPTIONS": "-Xmx1m",
        "JDK_JAVA_OPTIONS": "-Xmx1m",
        "CLASSPATH": "/foreign.jar",
        "LOG4J_CONFIGURATION_FILE": "/foreign.xml",
        "YARN_CONF_DIR": "/foreign",
        "SUBMIT_ARGS": "remote",
    }
    for name, value in foreign.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HADOOP_USER_NAME", "me")
    monkeypatch.setenv("MY_OWN", "kept")
    start()
    start("another")
    got = jvms.commands[0].environment
    assert {name for name in foreign if got.get(name) == foreign[name]} == set()
    assert (got["HADOOP_USER_NAME"], got["MY_OWN"]) == ("me", "kept")
    assert Path(got["FLINK_CONF_DIR"], "config.yaml").read_text() == ""
    # Once for each, with what to use instead.
    told = sorted(record.getMessage() for record in caplog.records)
    assert told == [
        "FLINK_CONF_DIR has no effect on a local run; use [flink] in the settings",
        "FLINK_ENV_JAVA_OPTS has no effect on a local run; use JVM_ARGS",
        "HADOOP_CONF_DIR has no effect on a local run; use hdfs.conf_dir in the settings",
        "JAVA_TOOL_OPTIONS has no effect on a local run; use JVM_ARGS",
        "JDK_JAVA_OPTIONS has no effect on a local run; use JVM_ARGS",
        "_JAVA_OPTIONS has no effect on a local run; use JVM_ARGS",
    ]


def test_java_reads_names_of_files_as_python_does_in_every_locale(
    jvms: Jvms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    start()
    assert jvms.commands[0].environment["LC_ALL"] == "C.UTF-8"
    assert {"-Dsun.jnu.encoding=UTF-8", "-Dfile.encoding=UTF-8"} < set(jvms.commands[0].options)


def test_a_user_without_a_name_has_one_for_java(
    jvms: Jvms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 2_000_000_001)
    monkeypatch.delenv("HOME")
    options = jvm_environment.options(Path("/private"))
    assert {"-Duser.name=2000000001", "-Duser.home=/private"} < set(options)
    monkeypatch.setenv("HOME", "/me")
    assert "-Duser.home=/me" in jvm_environment.options(Path("/private"))


def test_no_server_for_workers_is_started_in_this_process(jvms: Jvms) -> None:
    start()
    assert os.environ["_python_worker_execution_mode"] == "process"  # noqa: SIM112


def test_a_second_job_that_needs_nothing_else_has_the_same_jvm(jvms: Jvms) -> None:
    start()
    start()
    assert len(jvms.commands) == 1


@pytest.mark.parametrize(
    "second",
    [
        lambda _: start("job", {"fs.defaultFS": "hdfs://name"}),
        lambda _: start("another"),
        lambda _: start("job", {}, "other@EXAMPLE.COM", "/keytab", "/etc/krb5.conf"),
        lambda patch: start_with(patch, "JVM_ARGS", "-Xmx1g"),
        lambda patch: start_with(patch, "MY_OWN", "x"),
    ],
    ids=["Hadoop", "log", "login", "arguments", "environment"],
)
def test_a_second_job_that_needs_another_jvm_gets_one(
    jvms: Jvms, second: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    start()
    first = local_jvm.current().directory
    second(monkeypatch)
    assert (len(jvms.commands), jvms.ended) == (2, 1)
    assert local_jvm.current().directory != first


def test_inside_the_block_of_a_job_no_other_takes_its_jvm_away(jvms: Jvms) -> None:
    held = local_jvm.hold("outer")
    start("outer")
    with pytest.raises(JobError, match="before the job outer has ended") as caught:
        start("inner")
    assert "leave the block" in str(caught.value.hint)
    local_jvm.let_go(held)
    start("inner")
    assert len(jvms.commands) == 2


def test_a_job_in_the_background_that_has_just_ended_gives_its_jvm_away(jvms: Jvms) -> None:
    def over() -> bool:
        local_jvm.let_go(held)  # as the thread that follows the job does at its end
        return False

    held = local_jvm.hold("first")
    held.goes_on = over
    start("first")
    start("second")
    assert (len(jvms.commands), jvms.ended) == (2, 1)


def test_a_path_that_java_cannot_have_in_a_class_path_is_named(
    jvms: Jvms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifacts, "own_jar", lambda name: Path(f"/a:b/{name}.jar"))
    with pytest.raises(JobError, match="has a colon in its name"):
        start()


def test_a_local_run_is_for_this_user_and_this_machine_whatever_the_settings_say(
    jvms: Jvms, caplog: pytest.LogCaptureFixture
) -> None:
    start()
    wanted = {
        "rest.bind-address": "0.0.0.0",
        "jobmanager.web.address": "0.0.0.0",
        "security.ssl.rest.enabled": "false",
        "web.submit.enable": "false",
        "metrics.reporters": "prom",
        "a.b": "c",
    }
    options = local.LocalRun("job", {}).protected(wanted)
    for name in ("rest.bind-address", "jobmanager.bind-host", "taskmanager.bind-host"):
        assert options[name] == "127.0.0.1"
    assert options["security.ssl.rest.authentication-enabled"] == "true"
    for kind in ("rest", "internal"):
        assert options[f"security.ssl.{kind}.enabled"] == "true"
        store = Path(options[f"security.ssl.{kind}.keystore"])
        assert stat.S_IMODE(store.stat().st_mode) == 0o600
        assert stat.S_IMODE(store.parent.stat().st_mode) == 0o700
    assert (options["a.b"], options["metrics.reporters"]) == ("c", "prom,flinksec,flinksec-gauges")
    assert [record.getMessage() for record in caplog.records] == [
        f"[flink] {name} has no effect on a local run, which protects itself"
        for name in ("jobmanager.web.address", "rest.bind-address", "security.ssl.rest.enabled")
    ]


@pytest.mark.parametrize("name", ["root", "py4j.java_gateway"])
def test_py4j_tells_by_no_traceback_that_a_jvm_is_gone(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.keep_traces_out()
    for path in (f"{os.sep}py4j{os.sep}java_gateway.py", "job.py"):
        said = logging.LogRecord(name, logging.ERROR, path, 1, path, None, None)
        logging.getLogger(name).handle(said)
    assert caplog.messages == ["job.py"]
