# SPDX-License-Identifier: Apache-2.0
"""What the settings become in Flink's `config.yaml`."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from flinksec_jobs.cli import main
from flinksec_jobs.cluster import flink_conf
from flinksec_jobs.cluster.flink_conf import Config
from flinksec_jobs.cluster.flink_conf_problems import conf_problems
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.settings import load_settings

FULL: dict[str, Any] = {
    "kerberos": {"principal": "flink@EXAMPLE.COM", "keytab": "file:/etc/flink.keytab"},
    "kafka": {"bootstrap_servers": ["kafka:9092"]},
    "state": {"directory": "/mnt/state", "keys": "/keys"},
}


def made(**sections: Any) -> Config:
    return flink_conf.config(load_settings(overrides=FULL | sections, environ={}))


def test_the_configuration_of_the_defaults_has_no_problem() -> None:
    assert conf_problems(made()) == []
    assert conf_problems(flink_conf.config(load_settings(environ={}))) == []


def test_java_keeps_the_options_that_flink_ships_and_gets_ours_and_the_user_s() -> None:
    shipped = flink_conf.read_yaml(flink_conf.flink_home() / "conf" / "config.yaml")
    options = str(made(flink={"env.java.opts.all": "-Dmy=own"})["env.java.opts.all"])
    assert options.startswith(str(shipped["env.java.opts.all"]))
    assert "--add-opens=java.base/java.util=ALL-UNNAMED" in options
    assert options.split()[-3:] == [
        "-Djava.io.tmpdir=/tmp",
        "-Djava.security.krb5.conf=/etc/krb5.conf",
        "-Dmy=own",
    ]


def test_what_is_right_on_one_machine_only_is_not_taken_over() -> None:
    options = made()
    assert "taskmanager.host" not in options
    assert options["taskmanager.bind-host"] == "0.0.0.0"
    assert options["rest.bind-address"] == "0.0.0.0"


def test_hadoop_may_keep_the_class_loader_of_a_jobmanager_that_is_gone() -> None:
    name = "classloader.check-leaked-classloader"
    assert made(hdfs={"uri": "hdfs://namenode:8020"})[name] is False
    assert name not in made()


def test_every_port_is_pinned() -> None:
    settings = load_settings(overrides=FULL, environ={})
    options = flink_conf.config(settings)
    assert {name: options[name] for name in options if name.endswith("port")} == {
        "jobmanager.rpc.port": 6123,
        "blob.server.port": 6124,
        "rest.port": 8081,
        "rest.bind-port": "8081",
        "taskmanager.rpc.port": 6122,
        "taskmanager.data.port": 6121,
    }
    name = "metrics.internal.query-service.port"
    assert flink_conf.role_options(settings, "jobmanager") == {name: 6125}
    assert flink_conf.role_options(settings, "taskmanager") == {name: 6120}


def test_tls_is_mutual_everywhere_and_names_protocol_and_suites() -> None:
    options = made(cluster={"tls": {"internal": "/tls/i", "rest": "/tls/r"}})
    assert {name: value for name, value in options.items() if name.startswith("security.ssl.")} == {
        "security.ssl.protocol": "TLSv1.3",
        "security.ssl.algorithms": "TLS_AES_256_GCM_SHA384,TLS_AES_128_GCM_SHA256",
        "security.ssl.internal.enabled": True,
        "security.ssl.internal.keystore": "/tls/i/keystore.p12",
        "security.ssl.internal.keystore-type": "PKCS12",
        "security.ssl.internal.truststore": "/tls/i/truststore.p12",
        "security.ssl.internal.truststore-type": "PKCS12",
        "security.ssl.rest.enabled": True,
        "security.ssl.rest.authentication-enabled": True,
        "security.ssl.rest.keystore": "/tls/r/keystore.p12",
        "security.ssl.rest.keystore-type": "PKCS12",
        "security.ssl.rest.truststore": "/tls/r/truststore.p12",
        "security.ssl.rest.truststore-type": "PKCS12",
    }


def test_tls_1_2_has_suites_of_its_own() -> None:
    options = made(cluster={"tls": {"protocol": "TLSv1.2"}})
    suites = str(options["security.ssl.algorithms"]).split(",")
    assert len(suites) == 4
    assert all(suite.startswith("TLS_ECDHE_") and "_GCM_" in suite for suite in suites)
    assert conf_problems(options) == []


def test_the_login_is_by_keytab_and_by_nothing_else() -> None:
    options = made()
    assert {name: value for name, value in options.items() if "kerberos" in name} == {
        "security.kerberos.login.keytab": "/etc/flink.keytab",
        "security.kerberos.login.principal": "flink@EXAMPLE.COM",
        "security.kerberos.login.use-ticket-cache": False,
        "security.kerberos.login.contexts": "KafkaClient",
    }
    assert options["security.delegation.tokens.enabled"] is False


@pytest.mark.parametrize(
    ("cluster", "expected"),
    [
        ({}, {"high-availability.type": "NONE"}),
        (
            {
                "high_availability": "kubernetes",
                "kubernetes_namespace": "streams",
                "cluster_id": "mine",
            },
            {
                "high-availability.type": "kubernetes",
                "high-availability.cluster-id": "mine",
                "high-availability.storageDir": "sealed+file:///mnt/state/high-availability",
            },
        ),
        (
            {"high_availability": "zookeeper", "zookeeper_quorum": ["zk:2181"]},
            {
                "high-availability.type": "zookeeper",
                "high-availability.cluster-id": "flink",
                "high-availability.zookeeper.quorum": "zk:2181",
                "high-availability.jobmanager.port": "6123",
                "high-availability.storageDir": "sealed+file:///mnt/state/high-availability",
            },
        ),
    ],
)
def test_high_availability_keeps_its_data_sealed(
    cluster: dict[str, Any], expected: dict[str, str]
) -> None:
    options = made(cluster=cluster)
    assert {k: v for k, v in options.items() if k.startswith("high-availability")} == expected
    assert conf_problems(options) == []


def test_a_new_jobmanager_asks_again_at_once_where_the_old_one_still_seems_to_lead() -> None:
    delay = "cluster.registration.refused-registration-delay"
    options = made(cluster={"high_availability": "kubernetes", "kubernetes_namespace": "flights"})
    assert options[delay] == "1 s"
    assert delay not in made()


def test_state_goes_to_sealed_directories() -> None:
    options = made()
    assert options["execution.checkpointing.dir"] == "sealed+file:///mnt/state/checkpoints"
    assert options["execution.checkpointing.savepoint-dir"] == "sealed+file:///mnt/state/savepoints"
    assert options["flinksec.sealed.keys"] == "/keys"


@pytest.mark.parametrize(
    ("cluster", "expected"),
    [
        (
            {},
            {"type": "exponential-delay", "exponential-delay.initial-backoff": "1000 ms"},
        ),
        (
            {"restart_attempts": 4, "restart_delay": "2 s"},
            {
                "type": "exponential-delay",
                "exponential-delay.initial-backoff": "2000 ms",
                "exponential-delay.attempts-before-reset-backoff": 4,
            },
        ),
        (
            {"restart_strategy": "fixed-delay", "restart_attempts": 3},
            {"type": "fixed-delay", "fixed-delay.delay": "1000 ms", "fixed-delay.attempts": 3},
        ),
        ({"restart_strategy": "none"}, {"type": "none"}),
    ],
)
def test_the_restart_strategy_is_written_as_flink_has_it(
    cluster: dict[str, Any], expected: dict[str, object]
) -> None:
    prefix = "restart-strategy."
    options = made(cluster=cluster)
    found = {k.removeprefix(prefix): v for k, v in options.items() if k.startswith(prefix)}
    assert found == expected


def test_what_flink_s_own_section_says_wins() -> None:
    options = made(flink={"web.cancel.enable": True, "heartbeat.timeout": "9 s"})
    assert (options["web.cancel.enable"], options["heartbeat.timeout"]) == (True, "9 s")


@pytest.mark.parametrize(
    ("key", "setting"),
    [
        ("taskmanager.numberOfTaskSlots", "cluster.task_slots"),
        ("restart-strategy.type", "cluster.restart_strategy"),
        ("restart-strategy", "cluster.restart_strategy"),
        ("rest.port", "cluster.rest_port"),
        ("web.port", "cluster.rest_port"),
        ("rest.bind-address", "cluster.bind_host"),
        ("taskmanager.memory.task.off-heap.size", "cluster.python_memory"),
    ],
)
def test_it_does_not_win_over_what_cluster_decides(key: str, setting: str) -> None:
    every: list[dict[str, Any]] = [{}, {"cluster": {}}]
    for cluster in every:
        with pytest.raises(SettingsError, match=f"use {setting}"):
            made(flink={key: "1"}, **cluster)


def test_the_text_is_read_back_as_it_was(tmp_path: Path) -> None:
    options: Config = {
        "a.b": "yes",
        "a.c": True,
        "d": "1:2,3",
        "e": 5,
        "f": "no # comment",
        "g": "08",
    }
    path = tmp_path / "config.yaml"
    path.write_text(flink_conf.as_yaml(options))
    assert flink_conf.read_yaml(path) == options


def test_nested_options_are_the_same_as_dotted_ones(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("a:\n  b: 1\n  c.d: x\ne: [1, 2]\nf:\n")
    assert flink_conf.read_yaml(path) == {"a.b": 1, "a.c.d": "x", "e": "1;2"}


@pytest.mark.parametrize("text", ["a: b: hunter2", "- hunter2\n", "\t"])
def test_a_file_that_is_no_configuration_is_refused_without_its_content(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        flink_conf.read_yaml(path)
    assert str(path) in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_the_command_prints_the_same(tmp_path: Path) -> None:
    path = tmp_path / "job.toml"
    path.write_text('[state]\ndirectory = "/mnt/state"\nkeys = "/keys"\n')
    done = CliRunner().invoke(main, ["cluster", "conf", "--settings", str(path)])
    assert done.exit_code == 0
    assert done.stdout == flink_conf.as_yaml(flink_conf.config(load_settings(path, environ={})))


def test_the_command_refuses_what_flink_s_section_makes_unsafe(tmp_path: Path) -> None:
    path = tmp_path / "job.toml"
    path.write_text('[flink]\n"web.submit.enable" = true\n')
    done = CliRunner().invoke(main, ["cluster", "conf", "--settings", str(path)])
    assert (done.exit_code, done.stdout) == (1, "")
    assert "flink.web.submit.enable" in done.stderr
    assert "may only be false" in done.stderr
