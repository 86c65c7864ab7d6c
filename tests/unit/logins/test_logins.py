# SPDX-License-Identifier: Apache-2.0
"""A mechanism of SASL is one file: settings, clients, checks and hints take it by its name."""

from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs import logins
from flinksec_jobs.doctor import rights
from flinksec_jobs.doctor.wanted import Wanted
from flinksec_jobs.errors import JobError, SettingsError
from flinksec_jobs.file_checks import check_files
from flinksec_jobs.kafka import client
from flinksec_jobs.kafka.client import client_properties
from flinksec_jobs.kafka.preflight import explained
from flinksec_jobs.logins import sasl
from flinksec_jobs.settings import Settings, load_settings
from tests import toy_login

KERBEROS = {"principal": "flink@EXAMPLE.COM", "keytab": "file:/etc/flink.keytab"}
CANARY = "canary-password"


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the files of three passwords; the last is no text."""
    directory = tmp_path_factory.mktemp("secrets")
    for name, content in (
        ("password", CANARY),
        ("line", f"{CANARY}\n"),
        ("bytes", f"\xff{CANARY}"),
    ):
        (directory / name).touch(mode=0o600)
        (directory / name).write_bytes(content.encode("latin-1"))
    return directory


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory, secrets: Path) -> dict[str, Any]:
    """What the library makes of a mechanism that is one file more, by what it is told."""
    cases: dict[str, dict[str, Any]] = {
        "whole": {"toy_user": "me", "toy_password": f"file:{secrets}/password"},
        "bytes": {"toy_user": "me", "toy_password": f"file:{secrets}/bytes"},
        "line": {"toy_user": "me", "toy_password": f"file:{secrets}/line"},
        "no password": {"toy_user": "me"},
        "another": {"sasl_mechanism": "SKEY"},
        "user": {"toy_user": "me${env:HOME}", "toy_password": f"file:{secrets}/password"},
    }
    found = toy_login.told(tmp_path_factory.mktemp("sasl"), *cases.values())
    return dict(zip(cases, found, strict=True))


def kafka_settings(**options: Any) -> Settings:
    given = {"bootstrap_servers": ["a:1"], **options}
    return load_settings(overrides={"kafka": given, "kerberos": KERBEROS}, environ={})


def test_the_mechanisms_are_the_files_of_the_package() -> None:
    files = {path.stem for path in Path(*sasl.__path__).glob("*.py")} - {"__init__"}
    assert {name.lower().replace("-", "_") for name in logins.mechanisms()} == files
    assert "GSSAPI" in logins.mechanisms()


def test_a_login_needs_its_own_sections_of_the_settings() -> None:
    with pytest.raises(SettingsError, match=r"kerberos: is missing, and kafka.security_protocol"):
        load_settings(overrides={"kafka": {"bootstrap_servers": ["a:1"]}}, environ={})
    assert logins.of(kafka_settings()).sections == {"kerberos"}


@pytest.mark.parametrize("protocol", ["SSL", "PLAINTEXT"])
def test_without_sasl_there_is_nothing_to_say_and_no_keytab_to_blame(protocol: str) -> None:
    given = {"bootstrap_servers": ["a:1"], "security_protocol": protocol}
    settings = load_settings(overrides={"kafka": given}, environ={})
    login = logins.of(settings)
    assert (login.properties(), login.passwords()) == ({}, {})
    said = JobError("TopicAuthorizationException: Not authorized to access topics: [t]")
    assert explained(said, "a:1", logins.of(settings).causes).message.startswith(
        "topic, or kafka.client_cert: "
    )


def test_a_login_by_keytab_has_no_secret_that_would_travel() -> None:
    assert logins.of(kafka_settings()).passwords() == {}
    assert "config.providers" not in client_properties(kafka_settings())


def test_a_mechanism_of_one_new_file_is_taken_by_settings_clients_hints_and_documentation(
    toy: dict[str, Any], secrets: Path
) -> None:
    told = toy["whole"]
    assert told["properties"]["sasl.mechanism"] == "PLAIN"
    assert told["properties"]["sasl.jaas.config"].endswith(
        f' username="me" passwordFile="{secrets}/password" section="kafka";'
    )
    assert "security.kerberos.login.contexts" not in told["config"]
    assert told["explained"] == [
        "kafka.toy_password: Kafka at a:1 cannot be used. "
        "SaslAuthenticationException: Authentication failed [kafka-login-refused]",
        "Ask for it.",
    ]
    kinds = told["kinds"]["kafka.sasl_mechanism"].split(", ")
    assert sorted(kinds) == sorted([*logins.mechanisms(), toy_login.NAME])
    assert told["kinds"]["kafka.toy_password"] == "secret, file:/path"
    assert told["findings"] == []


def test_a_password_is_nowhere_but_in_its_file(toy: dict[str, Any], secrets: Path) -> None:
    dumped = toy["whole"]["dump"]["kafka"]["toy_password"]
    assert dumped == f"<SECRET file:{secrets}/password>"
    assert CANARY not in repr(toy)


def test_the_default_login_has_no_settings_of_others() -> None:
    with pytest.raises(SettingsError, match=r"kafka.toy_password.*unknown setting"):
        kafka_settings(toy_password="file:/p")


def test_an_unknown_mechanism_is_refused_by_the_list_of_all(toy: dict[str, Any]) -> None:
    listed = " or ".join(sorted([*logins.mechanisms(), toy_login.NAME]))
    error = toy["another"]["error"]
    assert f"must be {listed}: no other mechanism of SASL is supported" in error


def test_a_user_that_cannot_stand_in_kafkas_properties_is_a_problem_before_the_start(
    toy: dict[str, Any],
) -> None:
    [(kind, text)] = toy["user"]["findings"]
    assert kind == "kafka-login-unusable"
    assert text.startswith("kafka.toy_user")
    assert "holds ${" in text


def test_what_cannot_stand_in_kafkas_properties_is_told_by_its_own_setting(
    secrets: Path, tmp_path: Path
) -> None:
    strange = tmp_path / "a${b}"
    strange.touch(mode=0o600)
    strange.write_text(CANARY)
    for user, password, setting in (
        ("me", strange, "kafka.password"),
        ("me${env:HOME}", secrets / "password", "kafka.username"),
    ):
        settings = kafka_settings(
            sasl_mechanism="PLAIN", username=user, password=f"file:{password}"
        )
        (found,) = check_files(settings, sections={"kafka"})
        assert (found.id, found.where.setting) == ("kafka-login-unusable", setting)
        assert found.why.startswith(f"{setting} holds ${{")


@pytest.mark.parametrize(
    ("more", "setting", "who"),
    [
        ({}, "kerberos.principal", "flink@EXAMPLE.COM"),
        ({"security_protocol": "PLAINTEXT"}, "kafka.security_protocol", "a client without a login"),
        (
            {"security_protocol": "SSL", "client_cert": "/c.pem", "client_key": "file:/k.pem"},
            "kafka.client_cert",
            "the subject of the job's certificate",
        ),
    ],
)
def test_rights_that_are_missing_on_a_topic_are_those_of_the_login_in_use(
    more: dict[str, str], setting: str, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "client_properties", lambda _: {"bootstrap.servers": "a:1"})
    monkeypatch.setattr(rights, "_allowed", lambda *_: {"DESCRIBE"})
    (found,) = rights.of_topic(kafka_settings(**more), Wanted(reads=("t",)), "t").findings
    assert (found.where.setting, found.why) == (setting, f"{who} lacks READ on the topic t")


def test_what_a_login_cannot_do_without_is_a_problem_of_the_settings(toy: dict[str, Any]) -> None:
    error = toy["no password"]["error"]
    assert error.startswith("kafka.toy_password (argument): is missing, and the toy needs it")


def test_a_password_that_cannot_be_read_is_a_problem_before_the_start(
    toy: dict[str, Any],
) -> None:
    [(kind, text)] = toy["bytes"]["findings"]
    assert kind == "secret-unusable"
    assert "kafka.toy_password" in text
    assert "is not UTF-8 text" in text


def test_a_line_break_after_a_password_is_no_part_of_it_but_for_kafkas_own_clients(
    toy: dict[str, Any],
) -> None:
    assert toy["line"]["findings"] == []
    assert toy["line"]["plain"] is None
    assert toy["whole"]["plain"]["sasl.jaas.config"].startswith(
        "org.apache.kafka.common.security.plain.PlainLoginModule required "
    )
