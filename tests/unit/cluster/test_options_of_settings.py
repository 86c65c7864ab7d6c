# SPDX-License-Identifier: Apache-2.0
"""Which of Flink's options the settings decide, against what the runs of a job really set.

Every setting is varied, and all that a local run, ``config.yaml`` and the processes of a cluster
tell Flink is collected. A setting declares what it decides; a declaration that is missing, or that
nothing follows, fails here.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs import hadoop_files, job_options, state
from flinksec_jobs.cluster import flink_conf, job_inputs
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.resume import begin
from flinksec_jobs.runtime import local
from flinksec_jobs.runtime.local_tls import LocalTls
from flinksec_jobs.sections.decides import RUN, Decided, Decides, ShutsOut, decided_by, declarations
from flinksec_jobs.settings import Settings, load_settings, reference, schema
from flinksec_jobs.settings.cluster_tls import store_passwords
from flinksec_jobs.settings.flink_defaults import DEFAULTS, left_to_flink
from flinksec_jobs.settings.flink_options import flink_options, names, options_set_by
from flinksec_jobs.settings.passthrough import Giving, refused_in_flink

BASE: dict[str, Any] = {
    "kerberos.principal": "flink@EXAMPLE.COM",
    "kerberos.keytab": "file:/etc/flink.keytab",
    "kafka.bootstrap_servers": ["kafka:9093"],
    "elasticsearch.hosts": ["https://search:9200"],
    "hdfs.uri": "hdfs://namenode:8020",
    "schema_registry.urls": ["https://registry:8081"],
    "state.directory": "/mnt/state",
    "state.keys": "/keys",
    "state.pkcs11.module": "/hsm.so",
    "state.pkcs11.token": "state",
    "state.pkcs11.pin": "file:/pin",
}
KUBERNETES = {"cluster.high_availability": "kubernetes", "cluster.kubernetes_namespace": "flights"}
ZOOKEEPER = {"cluster.high_availability": "zookeeper", "cluster.zookeeper_quorum": ["zk:2181"]}
PLAIN = {"kafka.sasl_mechanism": "PLAIN"}
TOKEN = {"kafka.sasl_mechanism": "OAUTHBEARER"}
ENDPOINT = TOKEN | {
    "kafka.oauth_token_endpoint": "https://a/token",
    "kafka.oauth_client_id": "flink",
    "kafka.oauth_client_secret": "file:/secret",
}
FIXED = {"cluster.restart_strategy": "fixed-delay", "cluster.restart_attempts": 3}
# What a setting needs beside it to have an effect, or to be allowed at all.
BESIDE: Mapping[str, tuple[dict[str, Any], ...]] = {
    "kafka.kerberos": (
        {
            "kerberos.east.principal": "flink@EAST.EXAMPLE.COM",
            "kerberos.east.keytab": "file:/etc/east.keytab",
            "kafka.west.bootstrap_servers": ["kafka:9093"],
            "kafka.west.kerberos": "east",
        },
    ),
    "kafka.username": (PLAIN | {"kafka.password": "file:/password"},),
    "kafka.password": (PLAIN | {"kafka.username": "flink"},),
    **dict.fromkeys(
        [
            f"kafka.oauth_{name}"
            for name in (
                "token_endpoint",
                "client_id",
                "client_secret",
                "scope",
                "audience",
                "ca_certs",
                "extensions",
            )
        ],
        (ENDPOINT,),
    ),
    "kafka.oauth_token_file": (TOKEN,),
    "kafka.ca_certs_password": ({"kafka.ca_certs": "/ca"},),
    "kafka.client_cert": ({"kafka.client_key": "file:/key"},),
    "kafka.client_key": ({"kafka.client_cert": "/cert"},),
    "kafka.client_key_password": ({"kafka.client_cert": "/cert"},),
    **{
        f"{section}.{name}": ({f"{section}.{other}": value},)
        for section in ("elasticsearch", "schema_registry")
        for name, other, value in (
            ("fingerprint", "verification", "fingerprint"),
            ("ca_certs_password", "ca_certs", "/ca"),
            ("client_key_password", "client_cert", "/cert"),
            ("proxy_username", "proxy", "http://a:1"),
            ("proxy_password", "proxy", "http://a:1"),
        )
    },
    "hdfs.namenodes": ({"hdfs.uri": "hdfs://flights"},),
    "hdfs.ca_certs": ({"hdfs.kms_urls": ["https://a:1/kms"]},),
    "hdfs.conf_dir": ({}, {"hdfs.uri": "viewfs://mounts"}),
    "state.native_directory": ({"state.cipher": "conscrypt"},),
    "state.pkcs11.slot": ({"state.pkcs11.token": None},),
    "cluster.cluster_id": (KUBERNETES, ZOOKEEPER),
    "cluster.kubernetes_namespace": (KUBERNETES,),
    "cluster.zookeeper_quorum": (ZOOKEEPER,),
    "cluster.jobmanager_rpc_port": ({}, ZOOKEEPER),
    "cluster.on_changed_job": (KUBERNETES,),
    "cluster.restart_attempts": ({}, FIXED),
    "cluster.restart_delay": ({}, FIXED),
    "cluster.restart_strategy": ({"cluster.restart_attempts": 3},),
    "cluster.high_availability": (ZOOKEEPER | KUBERNETES,),
}
# Both or neither: the one has a value that follows from the other's.
TOGETHER = {
    "elasticsearch.username": "elasticsearch.password",
    "elasticsearch.client_cert": "elasticsearch.client_key",
    "schema_registry.username": "schema_registry.password",
    "schema_registry.client_cert": "schema_registry.client_key",
    "elasticsearch.proxy_username": "elasticsearch.proxy_password",
    "schema_registry.proxy_username": "schema_registry.proxy_password",
}
TOGETHER |= {second: first for first, second in TOGETHER.items()}
# Values of settings that do not take any text.
VALUES: Mapping[str, tuple[Any, ...]] = {
    "kerberos.principal": ("other@EXAMPLE.COM",),
    "kafka.bootstrap_servers": (["a:1", "b:2"],),
    "kafka.properties": ({"acks": "1"},),
    "kafka.oauth_token_endpoint": ("https://a/token", "https://b/token"),
    "kafka.oauth_extensions": ({"logicalCluster": "lkc-1"}, {"logicalCluster": "lkc-2"}),
    "kafka.kerberos": ("east",),
    "elasticsearch.hosts": (["https://a:1", "https://b:2"],),
    "elasticsearch.fingerprint": ("ab" * 32, "cd" * 32),
    "elasticsearch.max_in_flight": (5,),
    "elasticsearch.proxy": ("http://a:1", "http://b:2"),
    "schema_registry.proxy": ("http://a:1", "http://b:2"),
    "hdfs.uri": ("hdfs://other:8020",),
    "hdfs.namenodes": (["a:1", "b:2"],),
    "hdfs.namenode_principal": ("hdfs/_HOST@EXAMPLE.COM", "nn/a@EXAMPLE.COM"),
    "hdfs.kms_urls": (["https://a:1/kms", "https://b:1/kms"],),
    "schema_registry.urls": (["https://a:1", "https://b:2/apis/ccompat/v7"],),
    "schema_registry.fingerprint": ("ab" * 32, "cd" * 32),
    "cluster.python_memory": ("1g",),
    "cluster.jobmanager_memory": ("3g",),
    "cluster.taskmanager_memory": ("4g",),
    "cluster.tls.cipher_suites": (["TLS_AES_128_GCM_SHA256"],),
    "cluster.zookeeper_quorum": (["a:1", "b:2"],),
    "python.function_timeout": ("2 min", "3 min"),
    "python.process_memory": ("1g", "1536m"),
    "job.parallelism": (2, 3),
    "job.accept": (["job other"],),
    "flink": ({"heartbeat.timeout": "9 s"},),
}
KINDS: Mapping[str, tuple[Any, ...]] = {
    "secret, file:/path": ("file:/one", "file:/other"),
    "path": ("/one", "/other"),
    "path or URI": ("/other",),
    "duration": ("7 s",),
    "text": ("one", "other"),
    "whole number": (4321, 5432),
    "true, false": (True, False),
}


def values_of(setting: schema.Setting) -> tuple[Any, ...]:
    if setting.name in VALUES:
        return VALUES[setting.name]
    kind = next(entry.kind for entry in reference.entries() if entry.name == setting.name)
    return KINDS.get(kind) or tuple(kind.split(", "))


def settings_of(given: Mapping[str, Any]) -> Settings:
    return load_settings(overrides={k: v for k, v in given.items() if v is not None}, environ={})


def with_value(given: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    changed = {**given, name: value}
    if isinstance(value, dict):
        changed = {**given, **{f"{name}.{key}": found for key, found in value.items()}}
    if other := TOGETHER.get(name):
        text = str(value).removeprefix("file:")
        is_reference = schema.find(schema.place_of(other)).is_secret  # type: ignore[union-attr]
        changed[other] = f"file:{text}" if is_reference else text
    return changed


@functools.cache
def told(name: str, index: int) -> list[dict[tuple[str, str], str]]:
    """What Flink is told for each value of a setting that is allowed; the first is the default."""
    (setting,) = (found for found in schema.settings() if found.name == name)
    given = BASE | BESIDE.get(name, ({},))[index]
    tried = [given, *(with_value(given, name, value) for value in values_of(setting))]
    allowed = []
    for one in tried:
        with contextlib.suppress(SettingsError):
            allowed.append(settings_of(one))
    return [collected(settings) for settings in allowed]


# The tickets of a person are refused in a cluster, which these tests are about.
NOT_IN_A_CLUSTER = {"kerberos.ticket_cache"}
CASES = [
    (setting.name, index)
    for setting in schema.settings()
    if setting.name not in NOT_IN_A_CLUSTER
    for index in range(len(BESIDE.get(setting.name, ({},))))
]
SHIPPED = flink_conf.read_yaml(flink_conf.flink_home() / "conf" / "config.yaml")


def collected(settings: Settings) -> dict[tuple[str, str], str]:
    """All that Flink is told, by who tells it and by Flink's name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYFLINK_GATEWAY_PORT", raising=False)
        patch.setattr(flink_conf, "read_yaml", lambda _: SHIPPED)
        patch.setattr(hadoop_files, "read", lambda *_: {})
        patch.setattr(job_inputs, "inputs", lambda *_: {})
        patch.setattr(job_inputs, "write_private", lambda *_: None)
        config = flink_conf.config(settings)
        program = job_inputs.Program(Path("job.py"))
        made: dict[str, Mapping[str, object]] = {
            "config.yaml": config,
            "jobmanager": flink_conf.role_options(settings, "jobmanager"),
            "taskmanager": flink_conf.role_options(settings, "taskmanager"),
            "high availability": job_inputs.watched(config, settings, program, Path("/run")),
            "stores": store_passwords("internal", "p") | store_passwords("rest", "p"),
            "cluster python": dict.fromkeys(local.python_options(), ""),
            "local run": job_options.flink_options(settings, "job"),
            "protected": local.loopback_options() | LocalTls(Path("/run"), "p").flink_options,
            "reporters": {"metrics.reporters": "flinksec"},
            "temporary": {"io.tmp.dirs": "/run/tmp"},
            "resume": {state.RECOVERY_PATH: "", begin.CLAIM_MODE: "", begin.JOB_ID: ""},
        }
    return {
        (who, option): str(value)
        for who, options in made.items()
        for option, value in options.items()
    }


@functools.cache
def everything() -> dict[str, set[str]]:
    """Every option that any settings make a run set, and who sets it."""
    found: dict[str, set[str]] = {}
    # Without any section some options of Flink's own file are left as they are.
    for one in (
        collected(load_settings(environ={})),
        *(one for case in CASES for one in told(*case)),
    ):
        for who, option in one:
            found.setdefault(option, set()).add(who)
    return found


@pytest.mark.parametrize(("name", "index"), CASES)
def test_every_setting_is_varied(name: str, index: int) -> None:
    assert len(told(name, index)) > 1, "give it two values that are allowed"


@pytest.mark.parametrize("process", [False, True], ids=["[flink]", "-D"])
def test_what_a_run_sets_is_not_said_again_unseen(process: bool) -> None:
    """A local run warns of what it protects itself by (`test_local`)."""
    decided = decided_by(Settings)
    listed = {default.option for default in left_to_flink()} | {"heartbeat.timeout"}
    unseen = []
    for option in sorted(o for o, who in everything().items() if o not in listed):
        if everything()[option] == {"protected"}:
            continue
        by = decided.get(option, Decided((), "nowhere"))
        for key in names(flink_options()[option]):
            giving = Giving(sealed=True, cluster=True, process=process)
            (problem,) = [p for _, p in refused_in_flink({key: "x"}, giving, decided)] or [""]
            is_told = any(name in problem for name in by.settings) if by.settings else problem
            if not is_told and not (process and by.may_differ != "nowhere"):
                unseen.append(key)
    assert unseen == []


@pytest.mark.parametrize("option", sorted(decided_by(Settings)))
def test_a_setting_s_own_option_is_refused_under_each_of_flink_s_names(option: str) -> None:
    setting = decided_by(Settings)[option].settings[0]
    for key in names(flink_options()[option]):
        given = {"cluster.rest_port": 8081, f"flink.{key.replace('<key>', 'a.b')}": "x"}
        with pytest.raises(SettingsError, match="has a setting of its own: use ") as caught:
            load_settings(overrides=given, environ={})
        assert setting in str(caught.value)


def test_each_declaration_is_followed_by_a_run() -> None:
    for setting in schema.settings():
        for found in declarations(setting.field):
            if isinstance(found, Decides):
                assert found.option in everything(), f"{setting.name}: nothing sets {found.option}"
            else:
                # Flink would take it in place of what is set, so nothing sets it.
                assert found.option not in everything(), f"{setting.name}: {found.option} is set"


@pytest.mark.parametrize(("name", "index"), CASES)
def test_a_setting_changes_the_options_that_it_declares_and_no_others(
    name: str, index: int
) -> None:
    decided = decided_by(Settings)
    derived = {default.option for default in DEFAULTS}
    for one, other in itertools.pairwise(told(name, index)):
        for who, option in one.keys() & other.keys():
            if one[who, option] != other[who, option] and option not in derived:
                assert name in decided[option].settings, f"{name} changes {option}, undeclared"


@pytest.mark.parametrize("setting", list(schema.settings()), ids=lambda setting: setting.name)
def test_a_declared_option_follows_its_setting(setting: schema.Setting) -> None:
    seen: dict[str, set[str]] = {}
    for case in CASES:
        for one in told(*case) if case[0] == setting.name else ():
            for (_, option), value in one.items():
                seen.setdefault(option, set()).add(value)
    for declared in declarations(setting.field):
        if isinstance(declared, Decides) and declared.option not in CONSTANT:
            assert len(seen.get(declared.option, ())) > 1, declared.option


# Whatever the keytab is, and whoever the proxy user.
CONSTANT = {"security.kerberos.login.use-ticket-cache", "security.module.factory.classes"}


def test_each_default_is_set_by_a_run_and_by_the_one_that_it_names() -> None:
    where = {
        "job": {"local run", "resume"},
        "local": {"local run", "reporters"},
        "protected": {"protected"},
        "cluster": {"config.yaml", "cluster python"},
    }
    for default in DEFAULTS:
        assert everything().get(default.option, set()) & where[default.where], default


def test_declarations_name_options_that_flink_has_by_their_present_names() -> None:
    for option, decided in decided_by(Settings).items():
        assert option in flink_options(), decided
        assert flink_options()[option] in options_set_by(option.replace("<key>", "a.b"))


def test_two_settings_decide_an_option_in_these_cases_only() -> None:
    shared = {
        name: by.settings for name, by in decided_by(Settings).items() if len(by.settings) > 1
    }
    assert shared == {
        "execution.checkpointing.dir": ("state.directory", "state.sealed"),
        "security.ssl.algorithms": ("cluster.tls.protocol", "cluster.tls.cipher_suites"),
        "metrics.internal.query-service.port": (
            "cluster.jobmanager_metrics_port",
            "cluster.taskmanager_metrics_port",
        ),
    }


def test_what_the_run_writes_is_declared_so() -> None:
    """The value of these depends on more than the settings; `options_of` leaves them out."""
    by_run = {
        found.option
        for setting in schema.settings()
        for found in declarations(setting.field)
        if isinstance(found, Decides) and found.value == RUN
    }
    assert by_run == {
        "execution.checkpointing.dir",
        "metrics.internal.query-service.port",
        "flinksec.cluster.high-availability",
        "flinksec.cluster.on-changed-job",
    }
    assert ShutsOut("jobmanager.rpc.bind-port", "by process") in declarations(
        schema.find(("cluster", "jobmanager_rpc_port")).field  # type: ignore[union-attr]
    )
