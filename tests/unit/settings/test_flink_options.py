# SPDX-License-Identifier: Apache-2.0
"""[flink]: each option of Flink has a class, under each of its names, and is judged by it."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import flinksec_jobs
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.sections.decides import decided_by
from flinksec_jobs.settings import Settings, load_settings, schema
from flinksec_jobs.settings.flink_options import (
    FlinkOption,
    effective,
    flink_options,
    of_class,
    options_set_by,
)
from flinksec_jobs.settings.passthrough import SEALED_VALUES, is_sealed
from flinksec_jobs.settings.secret_names import holds_secret
from flinksec_jobs.settings.weak import weaknesses

STATE = {"directory": "/mnt/state", "keys": "/keys"}
CLEAR = "file:///mnt/state/x"


def problem(key: str, value: object, **sections: Any) -> str | None:
    try:
        load_settings(overrides={"flink": {key: value}, **sections}, environ={})
    except SettingsError as error:
        return error.message
    return None


def names(*kinds: Any) -> list[str]:
    return [key for option in of_class(*kinds) for key in (option.name, *option.others)]


DECIDED = decided_by(Settings)


@pytest.mark.parametrize(
    "key",
    [key for key in names("state", "local-disk") if options_set_by(key)[0].name not in DECIDED],
)
def test_with_sealed_state_nothing_is_written_in_clear_under_any_name(key: str) -> None:
    assert problem(key, CLEAR, state=STATE)
    assert problem(key, CLEAR, state={"directory": "/mnt/state", "sealed": False}) is None


@pytest.mark.parametrize("key", names("sealed-value"))
def test_what_the_seal_needs_cannot_be_turned(key: str) -> None:
    assert problem(key, "com.example.Other", state=STATE)
    assert problem(key, "true", state=STATE)


@pytest.mark.parametrize("key", names("secret", "tls", "pinned", "internal", "value"))
def test_secrets_tls_and_what_the_library_decides_are_refused(key: str) -> None:
    assert problem(key.replace("<key>", "k"), "hunter2" if key != "x" else "")


def test_old_names_are_told_with_the_new_one() -> None:
    message = problem("recovery.zookeeper.storageDir", CLEAR, state=STATE)
    assert message is not None
    assert "is an old name of high-availability.storageDir, which writes state outside" in message


@pytest.mark.parametrize(
    "value",
    [
        "/mnt/state",
        "file:///mnt/state",
        " sealed+file:///mnt/state",
        "SEALED+file:///mnt/state",
        "sealed+/mnt/state",
        "sealed+",
        "sealed+file:///mnt/a,file:///mnt/b",
        "x sealed+file:///mnt/state",
        "",
    ],
)
def test_only_a_whole_sealed_address_counts_as_sealed(value: str) -> None:
    assert not is_sealed(value)
    assert problem("execution.checkpointing.savepoint-dir", value, state=STATE)


def test_a_sealed_place_elsewhere_is_allowed() -> None:
    for key in names("state"):
        if options_set_by(key)[0].name not in DECIDED:
            assert problem(key, "sealed+hdfs://nn:8020/x", state=STATE) is None


@pytest.mark.parametrize(
    ("key", "guess"),
    [
        ("High-Availability.StorageDir", "high-availability.storageDir"),
        ("high-availability.storagedir", "high-availability.storageDir"),
        ("execution.checkpointing.dir ", "execution.checkpointing.dir"),
        ("state.backend.rocksdb.local-dir", "state.backend.rocksdb.localdir"),
        ("taskmanager.numberOfTaskSlot", "taskmanager.numberOfTaskSlots"),
    ],
)
def test_a_misspelt_option_is_refused_with_what_was_meant(key: str, guess: str) -> None:
    message = problem(key, "x")
    assert message is not None
    assert f"is no option of Flink, did you mean {guess}?" in message


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ("-agentlib:jdwp=transport=dt_socket,server=y,address=*:5005", "debugger"),
        ("-Xrunjdwp:server=y", "debugger"),
        ("-agentpath:/opt/java/lib/libjdwp.so=transport=dt_socket,server=y", "debugger"),
        ("-XX:+ManagementServer", "management"),
        ("-XX:StartFlightRecording=filename=/mnt/state/f.jfr", "to a disk"),
        ("-Djdk.internal.httpclient.disableHostnameVerification=true", "what TLS trusts"),
        ("-Djdk.httpclient.HttpClient.log=all", "what TLS trusts and sends"),
        ("-Djdk.tls.client.protocols=TLSv1", "what TLS trusts"),
        ("-Dhttps.protocols=TLSv1", "what TLS trusts"),
        ("-Dhttps.cipherSuites=TLS_RSA_WITH_AES_128_CBC_SHA", "what TLS trusts"),
        ("-Djava.security.debug=all", "what TLS trusts"),
        ("-Djavax.security.auth.useSubjectCredsOnly=false", "how Java logs in"),
        ("-Dkubernetes.trust.certificates=true", "which API server"),
        ("-Dcom.sun.management.jmxremote.port=9010", "management"),
        ("-XX:+UseG1GC -XX:+HeapDumpOnOutOfMemoryError", "writes the heap"),
        ("-XX:HeapDumpPath=/mnt/state", "writes the heap"),
        ("'-XX:OnOutOfMemoryError=curl http://x'", "runs a program"),
        ("@/tmp/args", "from a file"),
        ("-XX:Flags=/tmp/flags", "from a file"),
        ("-Djava.io.tmpdir=/disk", "past cluster.temp_dir"),
        ("-Djavax.net.ssl.trustStore=/x", "what TLS trusts"),
        ("-Djava.security.properties==/tmp/p", "how Java logs in"),
        ("-Dmy.api-key=hunter2", "hands a secret to a command line"),
    ],
)
@pytest.mark.parametrize("key", ["env.java.opts.all", "env.java.opts", "env.java.opts.jobmanager"])
def test_java_is_not_opened_and_its_memory_not_written_out(
    key: str, arguments: str, why: str
) -> None:
    message = problem(key, arguments)
    assert message is not None
    assert why in message
    assert "hunter2" not in message


def test_an_argument_for_java_is_named_in_full() -> None:
    message = problem("env.java.opts.all", "-XX:+HeapDumpOnOutOfMemoryError")
    assert message is not None
    assert "gives Java -XX:+HeapDumpOnOutOfMemoryError, which" in message


def test_java_may_be_tuned() -> None:
    assert problem("env.java.opts.all", "-Xlog:gc -XX:TieredStopAtLevel=1 -Dmy=own") is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("metrics.reporter.j.factory.class", "org.apache.flink.metrics.jmx.JMXReporterFactory"),
        ("jmx.server.port", "8789"),
        ("queryable-state.enable", True),
        ("web.submit.enable", "true"),
        ("flink.hadoop.hadoop.rpc.protection", "authentication"),
        ("python.requirements", "/r.txt"),
        ("kubernetes.env.secretKeyRef", "env:A,secret:b,key:c"),
        ("flinksec.sealed.root", "/"),
        ("fs.default-scheme", "file:///"),
        ("path", "/x"),
    ],
)
def test_doors_stay_closed(key: str, value: object) -> None:
    assert problem(key, value)


def test_families_of_options_go_through() -> None:
    given_ = {
        "metrics.reporters": "prometheus",
        "metrics.reporter.prometheus.factory.class": "x.PrometheusReporterFactory",
        "metrics.reporter.prometheus.port": "9249",
        "pipeline.global-job-parameters.day": "monday",
        "s3.endpoint": "https://s3.example.com",
        "state.backend.rocksdb.memory.managed": True,
    }
    settings = load_settings(overrides={"flink": given_, "state": STATE}, environ={})
    assert settings.flink == given_
    assert weaknesses(settings) == []


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        (
            "flinksec.sealed.name-policy",
            "IGNORE",
            "a sealed file that stands in another's place is accepted",
        ),
        (
            "execution.state-recovery.path",
            "file:///mnt/old/savepoint",
            "the state that the job starts from is not authenticated",
        ),
        (
            "execution.savepoint.path",
            "file:///mnt/old/savepoint",
            "the state that the job starts from is not authenticated",
        ),
        (
            "kubernetes.config.file",
            "/etc/kubeconfig",
            "the API server, and how it is known, are what a file says that nobody looks into",
        ),
        ("my.own", "1", "nothing happens: this release of Flink knows no such option"),
    ],
)
def test_what_is_allowed_and_weaker_is_announced(key: str, value: str, line: str) -> None:
    settings = load_settings(overrides={"flink": {key: value}, "state": STATE}, environ={})
    (found,) = weaknesses(settings)
    assert (found.severity, found.where.setting) == ("warning", f"flink.{key}")
    assert found.why == f"with {value}, {line}"


def test_a_sealed_savepoint_is_nothing_to_announce() -> None:
    given_ = {"execution.state-recovery.path": "sealed+file:///mnt/state/savepoint-1"}
    settings = load_settings(overrides={"flink": given_, "state": STATE}, environ={})
    assert weaknesses(settings) == []


def test_a_key_that_is_nested_and_dotted_is_given_twice() -> None:
    with pytest.raises(SettingsError, match=r"heartbeat\.timeout is given twice"):
        load_settings(
            overrides={"flink": {"heartbeat.timeout": 1, "heartbeat": {"timeout": 2}}}, environ={}
        )


def test_flink_takes_an_old_name_where_the_new_one_is_not_set() -> None:
    option = flink_options()["high-availability.storageDir"]
    old = {"recovery.zookeeper.storageDir": "c", "high-availability.zookeeper.storageDir": "b"}
    assert effective(old, option) == "b"
    assert effective(old | {"high-availability.storageDir": "a"}, option) == "a"
    assert effective({}, option) is None


def test_the_table_gives_reasons_and_calls_each_secret_one() -> None:
    for option in flink_options().values():
        if option.kind in {"pinned", "announced", "value", "sealed-value"}:
            assert option.detail, option
        if option.kind in {"free", "state", "local-disk", "elsewhere"} and "token" not in str(
            option.name
        ):
            assert not holds_secret(option.name) or option.name in _NO_SECRETS, option
    assert set(SEALED_VALUES) == {option.name for option in of_class("sealed-value")}


# Names of Secrets, which are no secrets.
_NO_SECRETS = {
    "kubernetes.container.image.pull-secrets",
    "kubernetes.secrets",
    "kubernetes.secrets.<key>",
}


@given(st.sampled_from(sorted(flink_options().values(), key=lambda option: option.name)))
def test_an_option_is_found_by_each_of_its_names(option: FlinkOption) -> None:
    if "<" not in option.name:
        for key in (option.name, *option.others):
            assert option in options_set_by(key)


# No options: beginnings of names, programs, and what Flink 2 no longer knows.
_NO_OPTIONS = {
    "security.ssl.enabled",
    "security.kerberos.login",
    "flinksec.cluster",
    "jobmanager.sh",
    "taskmanager.sh",
    "historyserver.sh",
    "sql-gateway.sh",
    # Of the SQL gateway and of the operator, whose options are in other jars.
    "sql-gateway.endpoint.rest.address",
    "sql-gateway.endpoint.rest.bind-address",
    "kubernetes.operator.pod-template.merge-arrays-by-name",
    "source.principals",
}


def test_each_name_that_the_package_asks_flink_s_configuration_for_is_an_option() -> None:
    """A misspelt one would be found in no configuration, and nothing would be said."""
    package = Path(flinksec_jobs.__file__).parent
    settings = {setting.name for setting in schema.settings()} | set(schema.sections())
    first = {name.partition(".")[0] for name in flink_options()} - {"flink"}
    rooms = ("cluster", "manifests/flink", "resume", "runtime")
    written = {
        found.value
        for room in rooms
        for file in (package / room).rglob("*.py")
        for found in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(found, ast.Constant) and isinstance(found.value, str)
    }
    names = {text for text in written if re.fullmatch(r"[a-z][\w-]*(\.[\w-]+)+", text)}
    names = {name for name in names if name.partition(".")[0] in first} - settings
    assert "jobmanager.rpc.port" in names
    assert {name for name in names if not options_set_by(name)} <= _NO_OPTIONS
