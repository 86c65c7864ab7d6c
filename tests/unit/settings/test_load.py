# SPDX-License-Identifier: Apache-2.0
"""Where settings come from: argument, environment, file, default, in this order."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.settings import (
    ElasticsearchSettings,
    JobSettings,
    KafkaSettings,
    KerberosSettings,
    Settings,
    StateSettings,
    load_settings,
)
from tests.unit.settings.layers import BASE, read


def test_argument_beats_environment_beats_file_beats_default(
    write_toml: Callable[[str], Path],
) -> None:
    path = write_toml("[job]\nparallelism = 2")
    environ = {"FLINKSEC_JOB__PARALLELISM": "3"}
    assert read().job.parallelism == 1
    assert read(path).job.parallelism == 2
    assert read(path, environ).job.parallelism == 3
    assert read(path, environ, job={"parallelism": 4}).job.parallelism == 4
    assert (
        load_settings(path, environ=environ, overrides={"job.parallelism": 5}).job.parallelism == 5
    )


def test_origin_tells_where_each_value_comes_from(write_toml: Callable[[str], Path]) -> None:
    path = write_toml(BASE + "[flink]\nrest.port = 1")
    settings = read(path, {"FLINKSEC_KAFKA__GROUP_ID": "g"}, job={"resume": "never"})
    assert settings.origin("kafka.bootstrap_servers") == str(path)
    assert settings.origin("flink.rest.port") == str(path)
    assert settings.origin("kafka.group_id") == "FLINKSEC_KAFKA__GROUP_ID"
    assert settings.origin("job.resume") == "argument"
    assert settings.origin("job.parallelism") == "default"


def test_false_and_empty_win_over_true_and_full(write_toml: Callable[[str], Path]) -> None:
    path = write_toml(
        """
        [state]
        directory = "/s"
        keys = "/k"
        sealed = true
        [elasticsearch]
        hosts = ["https://a:1"]
        username = "u"
        password = "file:/p"
        """
    )
    state = read(path, {"FLINKSEC_STATE__SEALED": "false"}).need(StateSettings)
    assert state.sealed is False
    assert read(path, state={"sealed": False}).need(StateSettings).sealed is False
    environ = {"FLINKSEC_STATE__SEALED": "false"}
    assert read(path, environ, state={"sealed": True}).need(StateSettings).sealed is True
    environ = {"FLINKSEC_ELASTICSEARCH__USERNAME": "", "FLINKSEC_ELASTICSEARCH__PASSWORD": ""}
    assert read(path, environ).need(ElasticsearchSettings).username is None
    with pytest.raises(SettingsError, match=r"elasticsearch.hosts \(FLINKSEC_ELASTICSEARCH__HOSTS"):
        read(path, {"FLINKSEC_ELASTICSEARCH__HOSTS": ""})
    assert read(path, elasticsearch=None).elasticsearch is None
    assert load_settings(path, environ={}, overrides={"elasticsearch.username": None,
        "elasticsearch.password": None}).need(ElasticsearchSettings).password is None  # fmt: skip


def test_single_keys_of_a_table_are_merged(write_toml: Callable[[str], Path]) -> None:
    path = write_toml('[flink]\nrest.port = 1\n"a.b-c" = "file"\nkept = true')
    environ = {"FLINKSEC_FLINK": '{"rest.port": 2, "x": 1}', "FLINKSEC_FLINK__A__B_C": "variable"}
    settings = read(path, environ, flink={"x": {"y": 5}})
    assert settings.flink == {"rest.port": 2, "a.b-c": "variable", "kept": True, "x": 1, "x.y": 5}


def test_a_single_key_beats_the_table_of_its_own_environment() -> None:
    environ = {"FLINKSEC_FLINK": '{"rest.port": 1}', "FLINKSEC_FLINK__REST__PORT": "2"}
    assert read(environ=environ).flink == {"rest.port": "2"}


@pytest.mark.parametrize(
    ("variable", "key"),
    [
        ("FLINKSEC_FLINK__REST__PORT", "rest.port"),
        ("FLINKSEC_FLINK__REST__BIND_PORT", "rest.bind-port"),
        ("FLINKSEC_FLINK__taskmanager.numberOfTaskSlots", "taskmanager.numberOfTaskSlots"),
    ],
)
def test_a_variable_can_set_a_key_of_flink(variable: str, key: str) -> None:
    assert read(environ={variable: "1"}).flink == {key: "1"}


def test_a_variable_can_set_a_property_of_kafka(write_toml: Callable[[str], Path]) -> None:
    environ = {"FLINKSEC_KAFKA__PROPERTIES__MAX__POLL__RECORDS": "5"}
    kafka = read(write_toml(BASE), environ).need(KafkaSettings)
    assert kafka.properties == {"max.poll.records": "5"}


@pytest.mark.parametrize("text", ["a:1,b:2", " a:1 , b:2 ,", '["a:1", "b:2"]'])
def test_a_variable_can_set_a_list(write_toml: Callable[[str], Path], text: str) -> None:
    environ = {"FLINKSEC_KAFKA__BOOTSTRAP_SERVERS": text}
    kafka = read(write_toml(BASE), environ).need(KafkaSettings)
    assert kafka.bootstrap_servers == ("a:1", "b:2")


def test_an_alias_in_the_environment_replaces_the_name_in_the_file(
    write_toml: Callable[[str], Path],
) -> None:
    path = write_toml(
        '[elasticsearch]\nhosts = ["https://a:1"]\nverification = "fingerprint"\n'
        f'fingerprint = "{"aa" * 32}"'
    )
    environ = {"FLINKSEC_ELASTICSEARCH__SSL_ASSERT_FINGERPRINT": "bb" * 32}
    assert read(path, environ).need(ElasticsearchSettings).fingerprint == "bb" * 32


def test_a_name_and_its_alias_at_once_are_refused(write_toml: Callable[[str], Path]) -> None:
    path = write_toml('[elasticsearch]\nfingerprint = "a"\nssl_assert_fingerprint = "b"')
    with pytest.raises(SettingsError, match="given twice"):
        read(path)


def test_the_file_can_be_named_by_the_environment(write_toml: Callable[[str], Path]) -> None:
    path = write_toml("[job]\nparallelism = 7")
    assert read(environ={"FLINKSEC_SETTINGS": str(path)}).job.parallelism == 7
    other = path.with_name("other.toml")
    other.write_text("[job]\nparallelism = 8")
    assert read(other, {"FLINKSEC_SETTINGS": str(path)}).job.parallelism == 8


def test_this_process_s_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLINKSEC_JOB__PARALLELISM", "9")
    assert load_settings().job.parallelism == 9


def test_relative_paths_in_a_file_are_relative_to_the_file(
    write_toml: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_toml(
        """
        [kerberos]
        principal = "a@R"
        keytab = "file:keys/a.keytab"
        krb5_conf = "krb5.conf"
        [kafka]
        bootstrap_servers = ["a:1"]
        ca_certs = "file:ca.pem"
        client_cert = "/absolute.pem"
        client_key = "file:///absolute.key"
        [state]
        directory = "state"
        keys = "../keys"
        """
    )
    base = path.parent
    monkeypatch.chdir(base.parent)
    for written in (path, path.relative_to(base.parent)):
        settings = read(written)
        kerberos, kafka = settings.need(KerberosSettings), settings.need(KafkaSettings)
        assert kerberos.keys.path == base / "keys/a.keytab"
        assert kerberos.krb5_conf == base / "krb5.conf"
        assert kafka.ca_certs == base / "ca.pem"
        assert kafka.client_cert == Path("/absolute.pem")
        assert kafka.client_key is not None
        assert kafka.client_key.path == Path("/absolute.key")
        assert settings.need(StateSettings).uri == f"sealed+file://{base}/state"
        assert settings.need(StateSettings).keys == base / "../keys"


def test_a_relative_path_in_an_argument_is_relative_to_the_working_directory() -> None:
    settings = read(kerberos={"principal": "a@R", "keytab": "file:a.keytab"})
    assert settings.need(KerberosSettings).keys.path == Path.cwd() / "a.keytab"


def test_durations_are_read_from_every_source(write_toml: Callable[[str], Path]) -> None:
    path = write_toml('[state]\ndirectory = "/s"\nkeys = "/k"\ncheckpoint_interval = "1 min"')
    environ = {"FLINKSEC_STATE__CHECKPOINT_INTERVAL": "PT2M"}
    intervals = [
        read(path).need(StateSettings).checkpoint_interval,
        read(path, environ).need(StateSettings).checkpoint_interval,
        read(path, state={"checkpoint_interval": timedelta(minutes=3)})
        .need(StateSettings)
        .checkpoint_interval,
        read(path, state={"checkpoint_interval": 240}).need(StateSettings).checkpoint_interval,
    ]
    assert intervals == [timedelta(minutes=minutes) for minutes in (1, 2, 3, 4)]


def test_an_empty_section_is_opened(write_toml: Callable[[str], Path]) -> None:
    path = write_toml("[hdfs]")
    with pytest.raises(SettingsError, match=r"hdfs.uri .*is missing"):
        read(path)
    assert read(write_toml("[python]\n[job]")).job == JobSettings()


# One value, or none, in each of three layers, for settings of every kind.
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "job.parallelism": st.integers(1, 1000),
    "state.sealed": st.booleans(),
    "kafka.group_id": st.text("abc", min_size=1, max_size=3),
    "kafka.bootstrap_servers": st.lists(st.sampled_from(["a:1", "b:2", "c:3"]), min_size=1),
    "kafka.properties.linger.ms": st.integers(0, 9).map(str),
    "flink.rest.port": st.integers(0, 9),
    "python.execution_mode": st.sampled_from(["thread", "process"]),
}
LAYERS = st.fixed_dictionaries({}, optional=KINDS)


@pytest.mark.slow
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(in_file=LAYERS, in_environment=LAYERS, in_arguments=LAYERS)
def test_for_any_settings_the_highest_layer_that_has_a_value_wins(
    tmp_path: Path,
    in_file: dict[str, Any],
    in_environment: dict[str, Any],
    in_arguments: dict[str, Any],
) -> None:
    always = {"state.directory": "/s", "state.keys": "/k", "kafka.security_protocol": "SSL"}
    in_file = {"kafka.bootstrap_servers": ["z:9"], **always, **in_file}
    path = tmp_path / "job.toml"
    path.write_text("".join(f"{toml_name(n)} = {json.dumps(v)}\n" for n, v in in_file.items()))
    environ = {variable(name): as_text(value) for name, value in in_environment.items()}
    settings = load_settings(path, environ=environ, overrides=in_arguments)
    for name in KINDS:
        origins = {
            "argument": in_arguments,
            variable(name): in_environment,
            str(path): in_file,
        }
        winner = next((origin for origin, layer in origins.items() if name in layer), "default")
        assert settings.origin(name) == winner
        if winner != "default":
            expected = origins[winner][name]
            assert as_text(value_of(settings, name)) == as_text(expected)


def toml_name(name: str) -> str:
    section, _, key = name.partition(".")
    table, _, inner = key.partition(".")
    if name.startswith("flink."):
        return f'flink."{key}"'
    return f'{section}.{table}."{inner}"' if inner else name


def variable(name: str) -> str:
    return "FLINKSEC_" + name.replace(".", "__").upper()


def as_text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(value)
    return json.dumps(value) if isinstance(value, bool) else str(value)


def value_of(settings: Settings, name: str) -> Any:
    section, _, key = name.partition(".")
    found = getattr(settings, section)
    if isinstance(found, dict):
        return found[key]
    field, _, inner = key.partition(".")
    return getattr(found, field)[inner] if inner else getattr(found, field)
