# SPDX-License-Identifier: Apache-2.0
"""From what is mounted to the program that runs, short of running it."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.certs.create import Request, create
from flinksec_jobs.certs.issue import Making
from flinksec_jobs.cluster import entrypoint, flink_conf, flink_process, process_checks
from flinksec_jobs.cluster.entrypoint import Mounts, ProcessStart, ReadyProgram
from flinksec_jobs.cluster.job_inputs import Program
from flinksec_jobs.errors import FlinkSecError, SettingsError
from flinksec_jobs.runtime import artifacts
from flinksec_jobs.runtime.java import Java
from flinksec_jobs.sandbox.test_ca import Authority
from flinksec_jobs.sealed import KeyRing
from flinksec_jobs.settings import load_settings


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("certs") / "tls"
    create(directory, Request(names=("localhost",), making=Making(key_bits=2048)))
    return directory


@pytest.fixture
def mounts(tmp_path: Path, tls: Path, monkeypatch: pytest.MonkeyPatch) -> Mounts:
    """A container with nothing but settings and certificates, and a Java that is never asked."""
    for name in [name for name in os.environ if name.startswith("FLINKSEC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(entrypoint, "find_java", lambda: Java(tmp_path / "java", 17))
    monkeypatch.setattr(flink_process, "_memory", lambda *_: (["-Xmx1g"], ["-D", "a.size=1b"]))
    for name in ("sealed-state", "logging", "metrics"):
        (tmp_path / f"flinksec-{name}.jar").touch()
    monkeypatch.setattr(artifacts, "own_jar", lambda name: tmp_path / f"{name}.jar")
    monkeypatch.setattr(artifacts, "jars", lambda _: [tmp_path / "hadoop.jar"])
    for name in ("run", "ca"):
        (tmp_path / name).mkdir()
    (tmp_path / "ca" / "kafka.pem").write_bytes(Authority.create("kafka").pem)
    KeyRing.create(tmp_path / "keys")
    settings = tmp_path / "settings.toml"
    settings.write_text(
        f'[state]\ndirectory = "{tmp_path}/state"\nkeys = "{tmp_path}/keys"\n[cluster.tls]\n'
        f'internal = "{tls}/internal"\nrest = "{tls}/rest"\n'
    )
    return Mounts(
        settings=settings,
        config=tmp_path / "config.yaml",
        log4j=tmp_path / "log4j-console.properties",
        ca=tmp_path / "ca",
        run=tmp_path / "run",
    )


def prepared(mounts: Mounts, **start: Any) -> ReadyProgram:
    return entrypoint.prepare(ProcessStart(**{"role": "jobmanager", "mounts": mounts, **start}))


def written(mounts: Mounts) -> flink_conf.Config:
    return flink_conf.read_yaml(mounts.run / "conf" / "config.yaml")


def test_passwords_are_in_a_private_file_and_nowhere_else(mounts: Mounts, tls: Path) -> None:
    process = prepared(mounts)
    config = mounts.run / "conf" / "config.yaml"
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert stat.S_IMODE(config.parent.stat().st_mode) == 0o700
    for kind in ("internal", "rest"):
        password = (tls / kind / "password").read_text().strip()
        for name in ("keystore-password", "key-password", "truststore-password"):
            assert written(mounts)[f"security.ssl.{kind}.{name}"] == password
        assert password not in " ".join(process.command)
        assert password not in " ".join(process.environment.values())


def test_java_runs_flink_without_a_shell(mounts: Mounts) -> None:
    process = prepared(mounts, arguments=["-py", "/opt/job/my job.py"])
    command = process.command
    assert command[0].endswith("/bin/java")
    main = command.index(
        "org.apache.flink.container.entrypoint.StandaloneApplicationClusterEntryPoint"
    )
    assert command[main + 1 :] == [
        "--configDir",
        str(mounts.run / "conf"),
        "-D",
        "a.size=1b",
        "-py",
        "/opt/job/my job.py",
    ]
    assert "--add-opens=java.base/java.util=ALL-UNNAMED" in command
    assert "-Djavax.net.ssl.trustStoreType=PKCS12" in command
    assert command[main - 2] == "-cp"
    jars = command[main - 1].split(os.pathsep)
    assert "flink-dist" in jars[-3]
    assert [Path(jar).name for jar in jars[-2:]] == ["flinksec-logging.jar", "flinksec-metrics.jar"]


def test_with_high_availability_a_jobmanager_compares_the_stored_job_with_its_own(
    mounts: Mounts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "job.py").write_text("")
    program = Program(tmp_path / "job.py")
    more = (
        '[cluster]\nhigh_availability = "zookeeper"\nzookeeper_quorum = ["zoo:2181"]\n[cluster.tls]'
    )
    mounts.settings.write_text(mounts.settings.read_text().replace("[cluster.tls]", more))
    command = prepared(mounts, program=program).command
    assert "flinksec-high-availability.jar" in command[command.index("-cp") + 1]
    config = written(mounts)
    assert config["high-availability.type"] == "org.flinksec.availability.CheckedHighAvailability"
    assert config["flinksec.cluster.high-availability"] == "zookeeper"
    assert "job.py\t" in Path(str(config["flinksec.cluster.job-inputs"])).read_text()
    command = prepared(mounts, role="taskmanager").command
    assert "flinksec-high-availability.jar" not in command[command.index("-cp") + 1]
    assert written(mounts)["high-availability.type"] == "zookeeper"


def test_a_taskmanager_is_the_other_main_class(mounts: Mounts) -> None:
    command = prepared(mounts, role="taskmanager").command
    assert "org.apache.flink.runtime.taskexecutor.TaskManagerRunner" in command
    assert written(mounts)["metrics.internal.query-service.port"] == 6120


def test_this_interpreter_is_named_to_flink_and_can_import_the_job(mounts: Mounts) -> None:
    prepared(mounts, module_path=[Path("/opt/job")])
    config = written(mounts)
    assert Path(str(config["python.executable"])).exists()
    assert config["python.client.executable"] == config["python.executable"]
    assert str(config["python.pythonpath"]).split(os.pathsep)[0] == "/opt/job"


def test_options_win_over_the_file_and_the_file_over_nothing(mounts: Mounts) -> None:
    given = flink_conf.config(load_settings(mounts.settings, environ={}))
    mounts.config.write_text(flink_conf.as_yaml(given | {"my.own": "kept"}))
    prepared(mounts, options={"rest.port": "2"})
    assert (written(mounts)["rest.port"], written(mounts)["my.own"]) == ("2", "kept")
    assert written(mounts)["metrics.internal.query-service.port"] == 6125


def test_an_unsafe_file_is_refused_by_name(mounts: Mounts) -> None:
    given = flink_conf.config(load_settings(mounts.settings, environ={}))
    del given["security.ssl.rest.truststore"]
    mounts.config.write_text(flink_conf.as_yaml(given | {"security.ssl.enabled": True}))
    with pytest.raises(SettingsError) as caught:
        prepared(mounts)
    assert str(mounts.config) in caught.value.message
    assert "[ssl-enabled-is-no-option]" in caught.value.message
    assert "[rest-authentication-without-truststore]" in caught.value.message
    assert not (mounts.run / "conf").exists()


def test_an_unsafe_option_of_the_command_line_is_refused_too(mounts: Mounts) -> None:
    with pytest.raises(SettingsError, match=r"-D pekko\.ssl\.enabled: leaves RPC without TLS"):
        prepared(mounts, options={"pekko.ssl.enabled": "false"})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("execution.checkpointing.dir", "file:///mnt/state"),
        ("state.backend.fs.checkpointdir", "file:///mnt/state"),
        ("savepoints.state.backend.fs.dir", "file:///mnt/state"),
        ("recovery.zookeeper.storageDir", "file:///mnt/state"),
        ("taskmanager.state.local.root-dirs", "/mnt/state"),
        ("state.backend", "rocksdb"),
        ("state.backend.rocksdb.localdir", "/mnt/disk"),
        ("env.java.opts", "-XX:+HeapDumpOnOutOfMemoryError"),
        ("flink.hadoop.hadoop.rpc.protection", "authentication"),
        ("parallelism.default", "5"),
    ],
)
def test_the_command_line_has_no_other_answer_than_the_settings(
    mounts: Mounts, key: str, value: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        prepared(mounts, options={key: value})
    assert f"-D {key}: " in caught.value.message
    assert list(mounts.run.iterdir()) == []


def test_processes_of_one_machine_may_have_ports_of_their_own(mounts: Mounts) -> None:
    ports = {"taskmanager.rpc.port": "7001", "metrics.internal.query-service.port": "7002"}
    prepared(mounts, role="taskmanager", options=ports)
    assert ports.items() <= written(mounts).items()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("[job]\nparallelism = 3\n", "parallelism.default: is 1, and the settings (job.parallel"),
        ('[cluster]\ntaskmanager_memory = "4g"\n', "taskmanager.memory.process.size: is 2g, and"),
        ("[cluster]\ntask_slots = 8\n", "taskmanager.numberOfTaskSlots: is 2, and the settings"),
        ('[state]\nbackend = "rocksdb"\n', "state.backend.type: is hashmap, and the settings"),
        ('[python]\nexecution_mode = "process"\n', "python.execution-mode: is thread, and"),
        ('[cluster]\ntemp_dir = "/mem"\n', "lacks -Djava.io.tmpdir=/mem, which the settings"),
        ('[flink]\n"heartbeat.timeout" = "9 s"\n', "heartbeat.timeout: is missing, and the sett"),
        ('[flink]\n"metrics.reporter.x.port" = "9"\n', "metrics.reporter.x.port: is missing"),
    ],
)
def test_a_file_that_is_older_than_the_settings_is_refused(
    mounts: Mounts, monkeypatch: pytest.MonkeyPatch, change: str, told: str
) -> None:
    monkeypatch.setattr(process_checks, "find_spec", lambda _: True)  # apache-beam is there
    mounts.config.write_text(
        flink_conf.as_yaml(flink_conf.config(load_settings(mounts.settings, environ={})))
    )
    prepared(mounts)
    section, _, line = change.partition("\n")
    text = mounts.settings.read_text()
    found = text.replace(section + "\n", change) if section + "\n" in text else change + text
    mounts.settings.write_text(found)
    with pytest.raises(SettingsError, match=r"\[config-is-not-of-the-settings\]") as caught:
        prepared(mounts)
    assert told in caught.value.message
    assert "flinksec cluster conf" in str(caught.value)
    assert line


def test_state_in_clear_everywhere_is_refused_where_the_settings_seal_it(mounts: Mounts) -> None:
    given = flink_conf.config(load_settings(mounts.settings, environ={}))
    clear = {key: str(value).removeprefix("sealed+") for key, value in given.items()}
    mounts.config.write_text(flink_conf.as_yaml(clear))
    with pytest.raises(SettingsError) as caught:
        prepared(mounts)
    assert "execution.checkpointing.dir: is file://" in caught.value.message
    assert "execution.checkpointing.savepoint-dir: is file://" in caught.value.message


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("JAVA_TOOL_OPTIONS", "-agentlib:jdwp=transport=dt_socket,address=*:5005", "debugger"),
        ("_JAVA_OPTIONS", "-XX:HeapDumpPath=/mnt/state", "writes the heap"),
        ("JDK_JAVA_OPTIONS", "-Dmy.password=hunter2", "hands a secret to a command line"),
        ("FLINK_PROPERTIES", "state.backend.type: rocksdb", "is read by the entry point of"),
        (
            "KUBERNETES_TRUST_CERTIFICATES",
            "true",
            "lets any server pass for Kubernetes' API server",
        ),
        (
            "KUBERNETES_DISABLE_HOSTNAME_VERIFICATION",
            "TRUE",
            "lets any server pass for Kubernetes'",
        ),
    ],
)
def test_the_environment_has_no_other_answer_either(
    mounts: Mounts, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=told) as caught:
        prepared(mounts)
    assert variable in caught.value.message
    assert "hunter2" not in str(caught.value)


def test_a_secret_on_the_command_line_is_refused_and_not_repeated(mounts: Mounts) -> None:
    with pytest.raises(SettingsError, match="holds a secret") as caught:
        prepared(mounts, options={"security.ssl.rest.key-password": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_logging_that_shows_the_environment_is_refused(mounts: Mounts) -> None:
    mounts.log4j.write_text("rootLogger.level = INFO\n")
    with pytest.raises(SettingsError, match=r"\[beam-logs-the-environment\]"):
        prepared(mounts)


def test_stores_that_the_settings_do_not_know_are_refused(mounts: Mounts) -> None:
    given = flink_conf.config(load_settings(mounts.settings, environ={}))
    given["security.ssl.internal.truststore"] = "/elsewhere/truststore.p12"
    mounts.config.write_text(flink_conf.as_yaml(given))
    with pytest.raises(SettingsError, match=r"security\.ssl\.internal\.truststore: is /elsew"):
        prepared(mounts)


@pytest.mark.parametrize("in_memory", [True, False])
def test_working_files_that_do_not_lie_in_memory_are_announced(
    mounts: Mounts,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    in_memory: bool,
) -> None:
    monkeypatch.setattr(process_checks, "is_in_memory", lambda _: in_memory)
    prepared(mounts)
    assert ("cluster.temp_dir /tmp: it is not in memory" in caplog.text) is not in_memory


def test_a_certificate_that_ends_soon_is_shown_and_stops_nothing(
    mounts: Mounts, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    soon = tmp_path / "soon"
    create(soon, Request(names=("localhost",), making=Making(days=5, key_bits=2048)))
    text = mounts.settings.read_text()
    internal = next(line for line in text.splitlines() if line.startswith("internal = "))
    mounts.settings.write_text(text.replace(internal, f'internal = "{soon}/internal"'))
    prepared(mounts, role="taskmanager")
    told = [line for line in caplog.messages if "[certificate-ends-soon]" in line]
    assert len(told) == 2  # of both stores
    assert told[0].startswith(f"cluster.tls.internal {soon}/internal/keystore.p12: ")
    assert "flinksec certs rotate" in told[0]


def test_everything_that_is_wrong_is_told_at_once(mounts: Mounts) -> None:
    mounts.settings.with_name("keys").rename(mounts.settings.with_name("elsewhere"))
    mounts.log4j.write_text("rootLogger.level = INFO\n")
    with pytest.raises(SettingsError) as caught:
        prepared(mounts, options={"parallelism.default": "5"})
    assert caught.value.message.startswith("3 problems keep the process from starting:\n")
    assert {one.id for one in caught.value.findings} == {
        "key-ring-unusable",
        "beam-logs-the-environment",
        "option-refused",
    }
    assert all(one.fix in caught.value.message for one in caught.value.findings)


def test_plugins_are_flink_s_own_and_the_sealed_file_system(mounts: Mounts) -> None:
    for _ in range(2):  # a container that is started again finds what is there
        process = prepared(mounts)
    plugins = Path(process.environment["FLINK_PLUGINS_DIR"])
    names = {path.name for path in plugins.iterdir()}
    assert {"flinksec-sealed-state", "metrics-prometheus"} <= names
    assert [path.name for path in (plugins / "flinksec-sealed-state").iterdir()] == [
        "flinksec-sealed-state.jar"
    ]


def test_a_native_cipher_lies_beside_the_sealed_file_system(mounts: Mounts, tmp_path: Path) -> None:
    """Also where the distribution ships that plugin; and it goes when it is named no more."""
    own = tmp_path / "flinksec-sealed-state.jar"
    home = tmp_path / "home"
    (home / "plugins" / own.stem).mkdir(parents=True)
    (home / "plugins" / own.stem / own.name).touch()
    target = tmp_path / "laid-out"
    for cipher_jars in ([tmp_path / "conscrypt.jar"], []):
        entrypoint._plugins(home, target, cipher_jars)
        found = {path.name: path.resolve() for path in (target / own.stem).iterdir()}
        shipped = home / "plugins" / own.stem / own.name
        assert found == (
            {own.name: own, "conscrypt.jar": tmp_path / "conscrypt.jar"}
            if cipher_jars
            else {own.name: shipped}
        )


def test_hadoop_is_there_for_a_job_with_hdfs_only(
    mounts: Mounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entrypoint, "check_files", lambda _: [])  # there is no such keytab
    assert "HADOOP_CONF_DIR" not in prepared(mounts).environment
    mounts.settings.write_text(
        mounts.settings.read_text()
        + '[hdfs]\nuri = "hdfs://namenode:8020"\n[kerberos]\nprincipal = "a@B"\nkeytab = "/k"\n'
    )
    process = prepared(mounts)
    conf = Path(process.environment["HADOOP_CONF_DIR"])
    assert "hdfs://namenode:8020" in (conf / "core-site.xml").read_text()
    jars = process.command[process.command.index("-cp") + 1].split(os.pathsep)
    assert jars[-1] == str(conf)
    assert jars[-2].endswith("hadoop.jar")


def test_a_process_without_a_home_gets_one_that_it_may_write(
    mounts: Mounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOME")
    assert prepared(mounts).environment["HOME"] == str(mounts.run)
    monkeypatch.setenv("HOME", "/data/me")
    assert prepared(mounts).environment["HOME"] == "/data/me"


@pytest.mark.parametrize("role", ["jobmanager", "taskmanager"])
def test_a_missing_key_ring_is_told_before_anything_is_written(mounts: Mounts, role: str) -> None:
    keys = mounts.settings.with_name("keys")
    keys.rename(keys.with_name("elsewhere"))
    with pytest.raises(FlinkSecError, match=r"state\.keys .*/keys cannot be read: no such file"):
        prepared(mounts, role=role)
    assert list(mounts.run.iterdir()) == []


def test_a_missing_memory_volume_is_told(mounts: Mounts) -> None:
    mounts.run.rmdir()
    with pytest.raises(SettingsError, match="conf cannot be made") as caught:
        prepared(mounts)
    assert caught.value.hint
    assert "emptyDir" in caught.value.hint
