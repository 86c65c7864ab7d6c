# SPDX-License-Identifier: Apache-2.0
"""A mechanism of SASL is one file: settings, clients, checks and hints take it by its name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs import kafka, logins
from flinksec_jobs.cluster import flink_conf
from flinksec_jobs.errors import JobError, SettingsError
from flinksec_jobs.file_checks import check_files
from flinksec_jobs.kafka_preflight import explained
from flinksec_jobs.settings import Settings, load_settings, reference
from tests import toy_login

KERBEROS = {"principal": "flink@EXAMPLE.COM", "keytab": "file:/etc/flink.keytab"}
CANARY = "canary-password"


@pytest.fixture
def toy(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    yield from toy_login.registered(tmp_path_factory.mktemp("sasl"), monkeypatch)


def by_toy(directory: Path, password: str = CANARY) -> Settings:
    path = directory / "password"
    path.touch(mode=0o600)
    path.write_text(password)
    return load_settings(
        overrides={
            "kafka": {"bootstrap_servers": ["a:1"], "sasl_mechanism": toy_login.NAME},
            "elasticsearch": {
                "hosts": ["https://a:1"],
                "username": "me",
                "password": f"file:{path}",
            },
        },
        environ={},
    )


def kafka_settings(**options: Any) -> Settings:
    given = {"bootstrap_servers": ["a:1"], **options}
    return load_settings(overrides={"kafka": given, "kerberos": KERBEROS}, environ={})


def test_the_mechanisms_are_the_files_of_the_package() -> None:
    assert logins.mechanisms() == ("GSSAPI",)


def test_a_login_needs_its_own_sections_of_the_settings() -> None:
    with pytest.raises(SettingsError, match=r"kerberos: is missing, and kafka.security_protocol"):
        load_settings(overrides={"kafka": {"bootstrap_servers": ["a:1"]}}, environ={})
    assert logins.of(kafka_settings()).sections == {"kerberos"}


@pytest.mark.parametrize("protocol", ["SSL", "PLAINTEXT"])
def test_without_sasl_there_is_nothing_to_say_and_no_keytab_to_blame(protocol: str) -> None:
    given = {"bootstrap_servers": ["a:1"], "security_protocol": protocol}
    settings = load_settings(overrides={"kafka": given}, environ={})
    login = logins.of(settings)
    assert (login.client_properties(), login.passwords()) == ({}, {})
    said = JobError("TopicAuthorizationException: Not authorized to access topics: [t]")
    assert explained(said, "a:1", logins.of(settings).causes).message.startswith(
        "topic, or kafka.client_cert: "
    )


def test_a_login_by_keytab_has_no_secret_that_would_travel() -> None:
    assert logins.of(kafka_settings()).passwords() == {}
    assert "config.providers" not in kafka.client_properties(kafka_settings())


@pytest.mark.usefixtures("toy")
def test_a_mechanism_of_one_new_file_is_taken_by_settings_clients_hints_and_documentation(
    tmp_path: Path,
) -> None:
    settings = by_toy(tmp_path)
    made = kafka.client_properties(settings)
    assert made["sasl.mechanism"] == "PLAIN"
    assert made["sasl.jaas.config"].endswith(f'password="${{directory:{tmp_path}:password}}";')
    assert "security.kerberos.login.contexts" not in flink_conf.config(settings)
    told = explained(
        JobError("SaslAuthenticationException: Authentication failed"),
        "a:1",
        logins.of(settings).causes,
    )
    assert told.message.startswith("elasticsearch.password: ")
    assert told.hint == "Ask for another."
    kinds = {entry.name: entry.kind for entry in reference.entries()}
    assert kinds["kafka.sasl_mechanism"] == "GSSAPI, TOY-PLAIN"


@pytest.mark.usefixtures("toy")
def test_an_unknown_mechanism_is_refused_by_the_list_of_all() -> None:
    with pytest.raises(SettingsError, match="must be GSSAPI or TOY-PLAIN: no other mechanism"):
        kafka_settings(sasl_mechanism="SCRAM-SHA-512")
    with pytest.raises(SettingsError, match="elasticsearch: is missing, and the toy needs it"):
        kafka_settings(sasl_mechanism=toy_login.NAME)


@pytest.mark.usefixtures("toy")
def test_a_password_is_nowhere_but_in_its_file(tmp_path: Path) -> None:
    settings = by_toy(tmp_path)
    shown = [
        kafka.client_properties(settings),
        kafka.producer_properties(settings),
        flink_conf.config(settings),
        settings.dump(),
        settings,
    ]
    assert CANARY not in repr(shown)
    assert str(tmp_path) in repr(shown)


@pytest.mark.usefixtures("toy")
def test_a_password_that_kafka_would_misread_is_a_problem_before_the_start(tmp_path: Path) -> None:
    found = check_files(by_toy(tmp_path, f"{CANARY}\n"))
    assert [(one.id, one.where.setting) for one in found] == [
        ("secret-unusable", "elasticsearch.password")
    ]
    assert "ends with a line break" in found[0].why
    assert CANARY not in str(found)
    assert check_files(by_toy(tmp_path)) == []
