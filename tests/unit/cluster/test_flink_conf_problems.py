# SPDX-License-Identifier: Apache-2.0
"""Every combination that Flink takes without a word and that is not safe has a name."""

from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.cluster import entrypoint, flink_conf
from flinksec_jobs.cluster.flink_conf_problems import conf_problems
from flinksec_jobs.cluster.logging_problems import BEAM_FACTORY, logging_problems
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.runtime import local
from flinksec_jobs.settings import load_settings

GOOD = flink_conf.config(
    load_settings(
        overrides={
            "kerberos": {"principal": "flink@EXAMPLE.COM", "keytab": "file:/etc/flink.keytab"},
            "state": {"directory": "/mnt/state", "keys": "/keys"},
            "cluster": {"high_availability": "kubernetes", "kubernetes_namespace": "x"},
        },
        environ={},
    )
)
CASES: list[tuple[str, dict[str, Any]]] = [
    ("ssl-enabled-is-no-option", {"security.ssl.enabled": True}),
    ("internal-tls-off", {"security.ssl.internal.enabled": None}),
    ("internal-tls-off", {"security.ssl.internal.enabled": "false"}),
    ("rest-tls-off", {"security.ssl.rest.enabled": None}),
    ("plane-without-tls", {"pekko.ssl.enabled": False}),
    ("plane-without-tls", {"akka.ssl.enabled": "false"}),
    ("web-submit", {"jobmanager.web.submit.enable": True, "web.submit.enable": None}),
    ("unsafe-java-argument", {"env.java.opts.jobmanager": "-agentpath:/l/libjdwp.so=server=y"}),
    ("plane-without-tls", {"blob.service.ssl.enabled": "false"}),
    ("plane-without-tls", {"taskmanager.data.ssl.enabled": False}),
    ("rest-authentication-without-truststore", {"security.ssl.rest.truststore": None}),
    ("rest-without-authentication", {"security.ssl.rest.authentication-enabled": None}),
    ("store-missing", {"security.ssl.internal.truststore": None}),
    ("store-missing", {"security.ssl.rest.keystore": None}),
    ("protocol-list", {"security.ssl.protocol": "TLSv1.3,TLSv1.2"}),
    ("weak-protocol", {"security.ssl.protocol": "TLSv1.1"}),
    ("algorithms-missing", {"security.ssl.algorithms": None}),
    ("weak-algorithm", {"security.ssl.algorithms": "TLS_RSA_WITH_AES_128_CBC_SHA"}),
    (
        "algorithms-of-another-protocol",
        {"security.ssl.algorithms": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
    ),
    ("ticket-cache-beside-keytab", {"security.kerberos.login.use-ticket-cache": None}),
    ("ticket-cache-beside-keytab", {"security.kerberos.login.use-ticket-cache": True}),
    ("half-a-login", {"security.kerberos.login.principal": None}),
    ("half-a-login", {"security.kerberos.login.keytab": None}),
    ("plaintext-ha-storage", {"high-availability.storageDir": "file:///mnt/ha"}),
    (
        "plaintext-state-directory",
        {"execution.checkpointing.savepoint-dir": "file:///mnt/savepoints"},
    ),
    ("plaintext-state-directory", {"execution.checkpointing.dir": "file:///mnt/checkpoints"}),
    ("seal-without-keys", {"flinksec.sealed.keys": None}),
    (
        "file-merging-of-sealed-state",
        {"execution.checkpointing.file-merging.enabled": "true"},
    ),
    ("plaintext-ha-storage", {"high-availability.zookeeper.storageDir": "file:///mnt/ha"}),
    ("plaintext-ha-storage", {"recovery.zookeeper.storageDir": "/mnt/ha"}),
    ("plaintext-state-directory", {"savepoints.state.backend.fs.dir": "file:///mnt/s"}),
    ("plaintext-state-directory", {"state.backend.fs.checkpointdir": "file:///mnt/s"}),
    ("plaintext-state-directory", {"job-result-store.storage-path": "file:///mnt/r"}),
    ("plaintext-state-directory", {"dstl.dfs.base-path": "hdfs://nn/changelog"}),
    ("plaintext-state-directory", {"jobmanager.archive.fs.dir": "file:///mnt/archive"}),
    (
        "plaintext-state-directory",
        {"taskmanager.network.hybrid-shuffle.remote.path": "file:///mnt/shuffle"},
    ),
    ("past-the-seal", {"state.checkpoint-storage": "com.example.Storage"}),
    ("past-the-seal", {"execution.checkpointing.storage": "jobmanager"}),
    ("past-the-seal", {"state.backend.changelog.storage": "com.example.Storage"}),
    ("past-the-seal", {"execution.checkpointing.local-backup.enabled": True}),
    ("state-on-a-local-disk", {"state.backend.rocksdb.localdir": "/mnt/state/rocks"}),
    ("state-on-a-local-disk", {"state.backend.rocksdb.localdir": "/tmp/a,/mnt/b"}),
    ("state-on-a-local-disk", {"state.backend.rocksdb.localdir": "/tmp/../mnt/b"}),
    ("state-on-a-local-disk", {"state.backend.forst.primary-dir": "file:///mnt/forst"}),
    ("state-on-a-local-disk", {"taskmanager.state.local.root-dirs": "/mnt/state/local"}),
    ("state-on-a-local-disk", {"process.working-dir": "/mnt/work"}),
    ("state-on-a-local-disk", {"process.taskmanager.working-dir": "/mnt/work"}),
    ("state-on-a-local-disk", {"blob.storage.directory": "/mnt/blobs"}),
    ("state-on-a-local-disk", {"jobmanager.web.upload.dir": "/mnt/up"}),
    ("state-on-a-local-disk", {"rest.profiling.dir": "/mnt/p"}),
    (
        "unsafe-java-argument",
        {"env.java.opts.taskmanager": "-agentlib:jdwp=transport=dt_socket,address=*:5005"},
    ),
    ("unsafe-java-argument", {"env.java.opts.jobmanager": "-XX:HeapDumpPath=/mnt/state"}),
    ("unsafe-java-argument", {"env.java.opts.jobmanager": "-Djava.io.tmpdir=/mnt/state"}),
    ("management-port", {"jmx.server.port": "8789"}),
    (
        "management-port",
        {"metrics.reporter.j.factory.class": "org.apache.flink.metrics.jmx.JMXReporterFactory"},
    ),
    ("secret-in-environment", {"kubernetes.env.secretKeyRef": "env:A,secret:b,key:c"}),
    ("secret-in-environment", {"containerized.master.env.DB_PASSWORD": "hunter2"}),
    ("secret-in-configuration", {"security.ssl.rest.keystore-password": "hunter2"}),
    ("secret-on-the-command-line", {"env.java.opts.jobmanager": "-Da=b -Dkey.password=hunter2"}),
    ("web-submit", {"web.submit.enable": True}),
    ("random-port", {"blob.server.port": "0"}),
    ("random-port", {"taskmanager.data.port": None}),
    ("add-opens-lost", {"env.java.opts.all": "-Xlog:gc"}),
]


def changed(change: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**GOOD, **change}.items() if value is not None}


@pytest.mark.parametrize(("rule", "change"), CASES)
def test_one_weak_option_is_one_problem(rule: str, change: dict[str, Any]) -> None:
    assert conf_problems(GOOD) == []
    (problem,) = conf_problems(changed(change))
    assert problem.id == rule
    if rule != "rest-authentication-without-truststore":
        assert problem.where.field == next(iter(change))
    assert problem.why
    assert problem.fix
    assert "hunter2" not in str(problem)


def test_with_zookeeper_the_port_of_rpc_is_another_option() -> None:
    change = {"high-availability.type": "zookeeper", "high-availability.jobmanager.port": None}
    (problem,) = conf_problems(changed(change))
    assert (problem.id, problem.where.field) == ("random-port", "high-availability.jobmanager.port")
    assert conf_problems(changed(change | {"high-availability.jobmanager.port": "6123"})) == []


def test_what_flink_ships_is_told_to_be_open() -> None:
    shipped = flink_conf.read_yaml(flink_conf.flink_home() / "conf" / "config.yaml")
    assert {problem.id for problem in conf_problems(shipped)} == {
        "internal-tls-off",
        "rest-tls-off",
        "random-port",
    }


def test_working_directories_may_be_named_within_the_temporary_ones() -> None:
    inside = {
        "io.tmp.dirs": "/mem/a,/mem/b",
        "env.java.opts.all": f"{GOOD['env.java.opts.all']}".replace("/tmp", "/mem/a,/mem/b"),
        "state.backend.rocksdb.localdir": "/mem/a/rocks:/mem/b/rocks",
        "process.working-dir": "file:///mem/b",
    }
    assert conf_problems(changed(inside)) == []


def test_state_that_is_nowhere_sealed_is_a_choice_and_no_problem() -> None:
    plain = {
        "execution.checkpointing.dir": "file:///a",
        "execution.checkpointing.savepoint-dir": "file:///b",
        "high-availability.storageDir": "file:///c",
        "execution.checkpointing.file-merging.enabled": True,
        "flinksec.sealed.keys": None,
    }
    assert conf_problems(changed(plain)) == []


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        (f"logger.beam.name = {BEAM_FACTORY}\nlogger.beam.level = ERROR\n", True),
        (f"logger.x.name={BEAM_FACTORY}\nlogger.x.level=OFF\n", True),
        (f"logger.beam.name = {BEAM_FACTORY}\nlogger.beam.level = WARN\n", False),
        (f"logger.beam.name = {BEAM_FACTORY}\n", False),
        (f"#logger.beam.name = {BEAM_FACTORY}\n#logger.beam.level = ERROR\n", False),
        ("rootLogger.level = INFO\n", False),
        ("rootLogger.level = WARN\n", False),
        ("rootLogger.level = ERROR\n", True),
        ("", False),
    ],
)
def test_beam_s_factory_must_not_log_at_info_nor_at_warn(text: str, safe: bool) -> None:
    assert [problem.id for problem in logging_problems(text)] == (
        [] if safe else ["beam-logs-the-environment"]
    )


def test_the_logging_that_is_shipped_is_safe() -> None:
    for shipped in (
        Path(entrypoint.__file__).with_name("log4j-console.properties"),
        Path(local.__file__).with_name("log4j-local.properties"),
    ):
        assert logging_problems(shipped.read_text()) == []
    assert logging_problems(
        (flink_conf.flink_home() / "conf" / "log4j-console.properties").read_text()
    )


@pytest.mark.parametrize(
    "key",
    [
        "security.ssl.enabled",
        "security.ssl.internal.enabled",
        "security.ssl.protocol",
        "pekko.ssl.enabled",
        "blob.service.ssl.enabled",
        "taskmanager.data.ssl.enabled",
        "security.kerberos.login.use-ticket-cache",
        "kubernetes.env.secretKeyRef",
        "high-availability.type",
        "blob.server.port",
    ],
)
def test_the_settings_refuse_to_hand_it_through(key: str) -> None:
    with pytest.raises(SettingsError, match=key):
        load_settings(overrides={"flink": {key: "false"}}, environ={})
