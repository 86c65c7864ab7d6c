# SPDX-License-Identifier: Apache-2.0
"""A wrong setting is told by its name, its file, what was found there, and what to do."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.logins import mechanisms
from flinksec_jobs.settings import KafkaSettings, load_settings, schema

KAFKA = '[kafka]\nsecurity_protocol = "PLAINTEXT"\n'
STATE = '[state]\ndirectory = "/s"\nkeys = "/k"\n'
MECHANISMS = " or ".join(mechanisms())
SEARCH = '[elasticsearch]\nhosts = ["https://a:1"]\n'


@pytest.mark.parametrize(
    ("text", "setting", "told"),
    [
        (KAFKA + "bootstrap_servers = 5", "kafka.bootstrap_servers", "must be a list, or a text "
         "with commas; found 5"),
        (KAFKA + 'bootstrap_servers = ["a:9", 5]', "kafka.bootstrap_servers[1]", "must be a text "
         "in quotes; found 5"),
        (KAFKA + 'bootstrap_servers = ""', "kafka.bootstrap_servers", "is empty: give at least"),
        (KAFKA + 'bootstrap_servers = "a:9"\ngroup_id = ""', "kafka.group_id", "is empty: leave"),
        (KAFKA + 'bootstrap_servers = "a:9"\nsasl_mechanism = "SKEY"',
         "kafka.sasl_mechanism", f"must be {MECHANISMS}: no other mechanism of SASL"),
        (KAFKA + 'bootstrap_servers = "a:9"\nproperties."sasl.mechanism" = "SKEY"',
         "kafka.properties.sasl.mechanism", f"must be {MECHANISMS}: no other mechanism of SASL"),
        (KAFKA + 'bootstrap_servers = "a:9"\nproperties."linger.ms" = [1]',
         "kafka.properties.linger.ms", "must be a text in quotes, a number, true or false; found "
         "a list"),
        (SEARCH + 'verification = "Full"', "elasticsearch.verification", "must be 'full', "
         "'certificate', 'fingerprint' or 'none'; found 'Full', did you mean 'full'?"),
        (SEARCH + "ca_certs = 5", "elasticsearch.ca_certs", "must be a path in quotes; found "
         "5"),
        (SEARCH + 'ca_certs = "~/ca.pem"', "elasticsearch.ca_certs", "begins with ~, which only a "
         "shell expands: write the whole path"),
        (SEARCH + 'password = "file:~/p"\nusername = "u"', "elasticsearch.password", "begins with"),
        ('[state]\ndirectory = "$HOME/s"\nkeys = "/k"', "state.directory", "begins with $, which"),
        ('[state]\ndirectory = "sealed+~/s"\nkeys = "/k"', "state.directory", "begins with ~, w"),
        (STATE + "sealed = 3", "state.sealed", "must be true or false; found 3"),
        ("[job]\nparallelism = true", "job.parallelism", "must be a whole number; found true"),
        ("[job]\nparallelism = 2.5", "job.parallelism", "must be a whole number; found 2.5"),
        ('[job]\nparallelism = "many"', "job.parallelism", "must be a whole number; found 'many'"),
        ("[job]\nparallelism = 1979-05-27", "job.parallelism", "must be a whole number; found "
         "1979-05-27"),
        ('[flink]\n"heartbeat.timeout" = []', "flink.heartbeat.timeout", "must be a text in quotes,"
         " a number, true or false; found a list"),
        ('[flink]\n"heartbeat.timeout" = nan', "flink", "heartbeat.timeout must be a finite"),
        ('[hdfs]\nuri = "hdfs:/a\\nb"', "hdfs.uri", "must be hdfs://host:port, "
            "hdfs://nameservice or viewfs://mounts, without a path; found 'hdfs:/a\\nb'"),
        ('[state]\ndirectory = "/s"\ncheckpoint_interval = "often"', "state.checkpoint_interval",
         "is not a duration: "),
        (SEARCH + f'verification = "{"x" * 70}"', "elasticsearch.verification", "must be 'full', "
         f"'certificate', 'fingerprint' or 'none'; found '{'x' * 60}…'"),
        ("[job]\nparalelism = 1", "job.paralelism", "unknown setting, did you mean job.parallel"),
        ("[Kafka]\nbootstrap_servers = []", "Kafka", "unknown section, did you mean [kafka]?"),
        ("job = 5", "job", "must be a table; found a whole number"),
        ('[[kafka]]\nbootstrap_servers = "a:9"', "kafka", "must be a table; found a list"),
    ],
)  # fmt: skip
def test_it_names_the_setting_the_file_what_was_found_and_what_to_do(
    write_toml: Callable[[str], Path], text: str, setting: str, told: str
) -> None:
    path = write_toml(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(path, environ={})
    assert f"{setting} ({path}): {told}" in caught.value.message
    assert "pathlib" not in caught.value.message
    assert "tuple" not in caught.value.message
    assert "Input" not in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (SEARCH + 'username = "u"\npassword = "hunter2"', "elasticsearch.password"),
        (SEARCH + "api_key = 12345", "elasticsearch.api_key"),
        (STATE.replace('"/k"', '["hunter2"]'), "state.keys"),
        ('[elasticsearch]\nhosts = "https://u:hunter2@a:1"', "elasticsearch.hosts"),
        ('kafka = "hunter2"', "kafka"),
        ('[flink]\n"heartbeat.timeout" = ["hunter2"]', "flink.heartbeat.timeout"),
    ],
)
def test_what_may_be_a_secret_is_not_shown(
    write_toml: Callable[[str], Path], text: str, told: str
) -> None:
    with pytest.raises(SettingsError, match=told) as caught:
        load_settings(write_toml(text), environ={})
    assert "hunter2" not in str(caught.value)
    assert "12345" not in str(caught.value)


@pytest.mark.parametrize("written", ['["a:9", "b:9"]', '"a:9,b:9"', '" a:9 , b:9, "'])
def test_a_list_may_be_written_as_kafka_writes_it(
    write_toml: Callable[[str], Path], written: str
) -> None:
    found = load_settings(write_toml(KAFKA + f"bootstrap_servers = {written}"), environ={})
    assert found.need(KafkaSettings).bootstrap_servers == ("a:9", "b:9")


def test_a_byte_order_mark_does_no_harm(write_toml: Callable[[str], Path]) -> None:
    assert (
        load_settings(write_toml("\ufeff[job]\nparallelism = 2"), environ={}).job.parallelism == 2
    )


@pytest.mark.parametrize("prefix", ["", "file:"])
def test_a_directory_may_be_called_so_if_it_is_meant(
    write_toml: Callable[[str], Path], prefix: str
) -> None:
    path = write_toml(f'[state]\ndirectory = "{prefix}./~/s"\nkeys = "/data/$x"')
    state = load_settings(path, environ={}).state
    assert state is not None
    assert state.directory == f"file://{path.parent}/~/s"
    assert state.keys == Path("/data/$x")


def test_a_variable_is_held_to_the_same(tmp_path: Path) -> None:
    environ = {"FLINKSEC_STATE__KEYS": "~/keys", "FLINKSEC_STATE__DIRECTORY": "/s"}
    with pytest.raises(SettingsError, match=r"state\.keys \(FLINKSEC_STATE__KEYS\): begins with ~"):
        load_settings(environ=environ)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
)


@given(st.sampled_from([setting.name for setting in schema.settings()]), ANYTHING)
def test_whatever_is_written_is_taken_or_refused_by_name(name: str, value: object) -> None:
    try:
        load_settings(overrides={name: value}, environ={})
    except SettingsError as error:
        assert name.partition(".")[0] in error.message
        for word in ("pathlib", "tuple", "Input should", "pydantic"):
            assert word not in error.message or word in str(value)
