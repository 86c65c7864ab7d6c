# SPDX-License-Identifier: Apache-2.0
"""Every file that the settings name is opened before a job starts, and weak choices are named."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.file_checks import check_files
from flinksec_jobs.findings import Finding, refuse
from flinksec_jobs.settings import Settings, load_settings
from flinksec_jobs.settings.weak import weaknesses

KAFKA = {"bootstrap_servers": ["kafka-0:9092", "kafka-1:9092"]}
ELASTICSEARCH = {"hosts": ["https://search:9200"]}


@pytest.fixture
def kerberos(keytab: Path, tmp_path: Path) -> dict[str, Any]:
    krb5_conf = tmp_path / "krb5.conf"
    krb5_conf.write_text("[libdefaults]")
    return {"principal": "flink@EXAMPLE.COM", "keytab": keytab, "krb5_conf": krb5_conf}


@pytest.fixture
def key_ring(tmp_path: Path) -> Path:
    ring = tmp_path / "keys"
    ring.mkdir()
    write(ring / "2030-01", bytes(32))
    write(ring / "primary", b"2030-01\n", 0o644)
    return ring


def write(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def loaded(**sections: Any) -> Settings:
    return load_settings(overrides=sections, environ={})


def test_good_files_pass(
    kerberos: dict[str, Any],
    key_ring: Path,
    make_identity: Callable[..., Any],
    tmp_path: Path,
    now: datetime,
) -> None:
    identity = make_identity()
    api_key = write(tmp_path / "api-key", b"key")
    (tmp_path / "core-site.xml").write_text("<configuration/>")
    tls = {
        "ca_certs": identity.cert_file,
        "client_cert": identity.cert_file,
        "client_key": identity.key_file,
    }
    settings = loaded(
        kerberos=kerberos,
        kafka={**KAFKA, **tls},
        elasticsearch={**ELASTICSEARCH, **tls, "api_key": api_key},
        hdfs={"uri": "hdfs://name", "conf_dir": tmp_path},
        state={"directory": str(tmp_path / "not-yet-there"), "keys": key_ring},
    )
    assert check_files(settings, now=now) == []


def test_the_cas_of_a_kms_are_opened_too(
    kerberos: dict[str, Any], tmp_path: Path, now: datetime
) -> None:
    (tmp_path / "none.pem").write_text("no certificate")
    for file, why in (("absent.pem", "no such file"), ("none.pem", "holds no PEM certificate")):
        settings = loaded(
            kerberos=kerberos,
            hdfs={
                "uri": "hdfs://name",
                "kms_urls": ["https://kms:9600/kms"],
                "ca_certs": tmp_path / file,
            },
        )
        (found,) = check_files(settings, now=now)
        assert (found.id, found.where.setting) == ("ca-certs-unusable", "hdfs.ca_certs")
        assert why in str(found)


def test_no_name_of_a_directory_is_too_odd_to_be_looked_at(
    kerberos: dict[str, Any], now: datetime
) -> None:
    settings = loaded(kerberos=kerberos, hdfs={"uri": "hdfs://name", "conf_dir": "/conf\0"})
    (found,) = check_files(settings, now=now)
    assert found.id == "hadoop-conf-unusable"
    assert "is no name that a directory can have" in str(found)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("password", b"\n", "is empty"),
        ("password", b"\xe4CANARY", "is not UTF-8 text"),
        ("password", b"CANARY" * 200_000, "holds more than 1 MiB"),
        ("password", b"CANARY\nsecond", "holds several lines"),
        ("password", "\ufeffCANARY".encode(), "byte order mark"),
        ("api_key", b"CANARY second", "holds something else than one word"),
        ("token", b"Bearer CANARY", "holds something else than one word"),
        ("token", "CANÁRY".encode(), "holds something else than one word"),
    ],
)
def test_credentials_are_read_as_they_will_be_sent(
    tmp_path: Path, name: str, content: bytes, problem: str
) -> None:
    secret = write(tmp_path / "secret", content)
    who = {name: secret, **({"username": "u"} if name == "password" else {})}
    (found,) = check_files(loaded(elasticsearch=ELASTICSEARCH | who))
    assert (found.id, found.where.setting) == ("secret-unusable", f"elasticsearch.{name}")
    assert problem in str(found)
    assert not re.search("CAN[AÁ]RY", str(found))


def test_a_password_may_have_spaces_and_letters_of_any_alphabet(tmp_path: Path) -> None:
    secret = write(tmp_path / "secret", " pässwörd \u00a0密码 \r\n".encode())
    settings = loaded(elasticsearch=ELASTICSEARCH | {"username": "u", "password": secret})
    assert check_files(settings) == []


def test_nothing_is_opened_for_sections_that_are_not_there() -> None:
    assert check_files(loaded()) == []


def test_a_problem_names_the_setting_the_file_and_where_it_was_set(
    kerberos: dict[str, Any], write_toml: Callable[[str], Path]
) -> None:
    path = write_toml(f'[kerberos]\nprincipal = "a@R"\nkeytab = "file:/absent"\n'
                      f'krb5_conf = "{kerberos["krb5_conf"]}"')  # fmt: skip
    (found,) = check_files(load_settings(path, environ={}))
    assert found.as_dict() == {
        "id": "keytab-unusable",
        "severity": "problem",
        "where": {"setting": "kerberos.keytab", "file": "/absent", "origin": str(path)},
        "why": "kerberos.keytab (file:/absent) cannot be read: no such file or directory",
        "fix": found.fix,
    }
    assert "the regular file that holds the secret" in found.fix
    assert str(found) == (
        f"kerberos.keytab (file:/absent) cannot be read: no such file or directory (set by {path})"
    )


def test_all_problems_are_told_at_once(kerberos: dict[str, Any], now: datetime) -> None:
    settings = loaded(
        kerberos={**kerberos, "principal": "other@EXAMPLE.COM", "krb5_conf": "/absent/krb5.conf"},
        kafka={**KAFKA, "ca_certs": "/absent/ca.pem"},
        elasticsearch={**ELASTICSEARCH, "username": "u", "password": "file:/absent/password"},
        hdfs={"uri": "hdfs://name", "conf_dir": "/absent/conf"},
        state={"directory": "/mnt/state", "keys": "/absent/keys"},
    )
    found = check_files(settings, now=now)
    assert [(one.id, one.where.setting) for one in found] == [
        ("krb5-conf-unusable", "kerberos.krb5_conf"),
        ("principal-not-in-keytab", "kerberos.principal"),
        ("ca-certs-unusable", "kafka.ca_certs"),
        ("secret-unusable", "elasticsearch.password"),
        ("hadoop-conf-unusable", "hdfs.conf_dir"),
        ("key-ring-unusable", "state.keys"),
    ]
    assert {one.where.origin for one in found} == {"argument"}
    with pytest.raises(SettingsError) as caught:
        refuse(found)
    first, *lines = caught.value.message.splitlines()
    assert first == "6 settings cannot be used:"
    assert all("(set by argument)" in line for line in lines)
    assert all(one.fix and one.fix in caught.value.message for one in found)


@pytest.mark.parametrize(
    ("content", "why"), [(None, "cannot be read"), (b"0\x82", "holds no PEM certificate")]
)
def test_the_cas_of_a_token_endpoint_are_opened_too(
    content: bytes | None, why: str, tmp_path: Path, now: datetime
) -> None:
    authorities, secret = tmp_path / "ca.pem", write(tmp_path / "secret", b"s")
    if content is not None:
        authorities.write_bytes(content)
    kafka = {
        "bootstrap_servers": ["a:1"],
        "sasl_mechanism": "OAUTHBEARER",
        "oauth_token_endpoint": "https://login.test/token",
        "oauth_client_id": "flights",
        "oauth_client_secret": f"file:{secret}",
        "oauth_ca_certs": authorities,
    }
    (found,) = check_files(loaded(kafka=kafka), now=now)
    assert (found.id, found.where.setting) == ("ca-certs-unusable", "kafka.oauth_ca_certs")
    assert why in found.why


@pytest.mark.parametrize("section", [("kafka", KAFKA), ("elasticsearch", ELASTICSEARCH)])
def test_an_expired_certificate_is_a_problem_and_one_that_ends_soon_a_warning(
    section: tuple[str, dict[str, Any]], make_identity: Callable[..., Any], now: datetime
) -> None:
    name, given = section
    given = {**given, "security_protocol": "SSL"} if name == "kafka" else given

    def check(ends: timedelta, begins: timedelta = timedelta(days=-30)) -> list[Finding]:
        identity = make_identity(begins=now + begins, ends=now + ends)
        settings = loaded(**{name: {**given, "ca_certs": identity.cert_file}})
        return [one for one in check_files(settings, now=now) if one.where.setting]

    assert check(timedelta(days=15)) == []
    (soon,) = check(timedelta(days=13))
    assert (soon.id, soon.severity) == ("certificate-ends-soon", "warning")
    assert soon.where.setting == f"{name}.ca_certs"
    assert soon.why == "the certificate CN=localhost ends on 2030-06-14, in 13 days"
    (ended,) = check(timedelta(days=-1))
    assert (ended.id, ended.severity) == ("certificate-expired", "problem")
    assert "ended on 2030-05-31 00:00 UTC" in ended.why
    (early,) = check(timedelta(days=9), begins=timedelta(days=1))
    assert early.id == "certificate-not-yet-valid"
    assert "begins only on 2030-06-02" in early.why


def test_an_old_authority_among_valid_ones_does_no_harm(
    make_identity: Callable[..., Any], tmp_path: Path, now: datetime
) -> None:
    old, valid = make_identity(ends=now - timedelta(hours=1)), make_identity()
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(old.cert_file.read_bytes() + valid.cert_file.read_bytes())
    settings = loaded(elasticsearch={**ELASTICSEARCH, "ca_certs": bundle})
    assert check_files(settings, now=now) == []


def test_an_expired_client_certificate_is_refused(
    make_identity: Callable[..., Any], now: datetime
) -> None:
    old = make_identity(ends=now - timedelta(hours=1))
    settings = loaded(
        elasticsearch={**ELASTICSEARCH, "client_cert": old.cert_file, "client_key": old.key_file}
    )
    (found,) = check_files(settings, now=now)
    assert (found.id, found.where.setting) == ("certificate-expired", "elasticsearch.client_cert")


def test_a_key_must_fit_its_certificate(make_identity: Callable[..., Any], now: datetime) -> None:
    one, other = make_identity(), make_identity()
    settings = loaded(
        elasticsearch={**ELASTICSEARCH, "client_cert": one.cert_file, "client_key": other.key_file}
    )
    (found,) = check_files(settings, now=now)
    assert found.id == "client-key-mismatch"
    assert str(found) == (
        f"elasticsearch.client_key {other.key_file} (set by argument): it is not the key of "
        "elasticsearch.client_cert"
    )


def test_files_that_the_protocol_does_not_use_are_left_alone(now: datetime) -> None:
    settings = loaded(
        kafka={**KAFKA, "security_protocol": "PLAINTEXT", "ca_certs": "/absent"},
        elasticsearch={**ELASTICSEARCH, "verification": "none", "ca_certs": "/absent"},
        state={"directory": "/mnt/state", "sealed": False, "keys": "/absent"},
    )
    assert check_files(settings, now=now) == []


def test_a_key_ring_must_open(key_ring: Path, tmp_path: Path) -> None:
    settings = loaded(state={"directory": str(tmp_path / "state"), "keys": key_ring})

    def told() -> str:
        (found,) = check_files(settings)
        assert (found.id, found.where.setting) == ("key-ring-unusable", "state.keys")
        assert found.fix
        return found.why

    assert check_files(settings) == []
    write(key_ring / "2030-01", bytes(31))
    assert "32 bytes" in told()
    write(key_ring / "2030-01", bytes(32), 0o644)
    assert "mode 0644" in told()
    (key_ring / "2030-01").unlink()
    assert "'2030-01', which is not there" in told()
    for name in ("", "../x", ".hidden", "a/b"):
        write(key_ring / "primary", name.encode())
        assert "primary" in told()
    (key_ring / "primary").unlink()
    assert "primary" in told()


def test_a_state_directory_that_is_a_file_is_a_problem(key_ring: Path, tmp_path: Path) -> None:
    (tmp_path / "a b").write_text("")
    settings = loaded(state={"directory": str(tmp_path / "a b"), "keys": key_ring})
    (found,) = check_files(settings)
    assert found.id == "state-directory-not-writable"
    assert (found.where.file, found.why) == (f"{tmp_path}/a b", "it cannot be written")


def test_the_secure_way_has_no_weakness(kerberos: dict[str, Any]) -> None:
    settings = loaded(
        kerberos=kerberos,
        kafka=KAFKA,
        elasticsearch={**ELASTICSEARCH, "api_key": "file:/a"},
        hdfs={"uri": "hdfs://name"},
        state={"directory": "/s", "keys": "/k"},
    )
    assert weaknesses(settings) == []


@pytest.mark.parametrize(
    ("sections", "name", "expected"),
    [
        (
            {"kafka": {**KAFKA, "security_protocol": "PLAINTEXT"}},
            "kafka-open",
            "kafka.security_protocol (set by argument): with PLAINTEXT, Kafka at "
            "kafka-0:9092,kafka-1:9092 is neither encrypted nor authenticated",
        ),
        (
            {"kafka": {**KAFKA, "security_protocol": "SASL_PLAINTEXT"}},
            "kafka-not-encrypted",
            "kafka.security_protocol (set by argument): with SASL_PLAINTEXT, Kafka at "
            "kafka-0:9092,kafka-1:9092 is not encrypted",
        ),
        (
            {"kafka": {**KAFKA, "security_protocol": "SSL"}},
            "kafka-anonymous",
            "kafka.security_protocol (set by argument): with SSL, and without kafka.client_cert, "
            "Kafka at kafka-0:9092,kafka-1:9092 does not know who the job is",
        ),
        (
            {"kafka": {**KAFKA, "properties": {"ssl.endpoint.identification.algorithm": ""}}},
            "kafka-any-host-name",
            "kafka.properties.ssl.endpoint.identification.algorithm (set by argument): with '', "
            "Kafka at kafka-0:9092,kafka-1:9092 may have any host name",
        ),
        (
            {"elasticsearch": {**ELASTICSEARCH, "verification": "none", "api_key": "file:/a"}},
            "elasticsearch-unchecked",
            "elasticsearch.verification (set by argument): with none, Elasticsearch at "
            "https://search:9200 may be anyone, its certificate is not checked",
        ),
        (
            {"elasticsearch": {**ELASTICSEARCH, "verification": "certificate",
                               "api_key": "file:/a"}},
            "elasticsearch-any-host-name",
            "elasticsearch.verification (set by argument): with certificate, Elasticsearch at "
            "https://search:9200 may have any host name",
        ),
        (
            {"elasticsearch": {"hosts": ["http://a:1"], "verification": "none",
                               "api_key": "file:/a"}},
            "elasticsearch-not-encrypted",
            "elasticsearch.hosts (set by argument): with http://, Elasticsearch at http://a:1 is "
            "not encrypted, credentials included",
        ),
        (
            {"elasticsearch": ELASTICSEARCH},
            "elasticsearch-anonymous",
            "elasticsearch: with none of username, api_key, token, kerberos, client_cert, "
            "Elasticsearch at https://search:9200 does not know who the job is",
        ),
        (
            {"hdfs": {"uri": "hdfs://name", "rpc_protection": "integrity"}},
            "hdfs-not-encrypted",
            "hdfs.rpc_protection (set by argument): with integrity, HDFS at hdfs://name is not "
            "encrypted",
        ),
        (
            {"state": {"directory": "/s", "sealed": False}},
            "state-not-sealed",
            "state.sealed (set by argument): with false, state in file:///s is neither encrypted "
            "nor authenticated",
        ),
    ],
)  # fmt: skip
def test_every_weaker_choice_is_a_warning_that_names_the_endpoint(
    kerberos: dict[str, Any], sections: dict[str, Any], name: str, expected: str
) -> None:
    (found,) = weaknesses(loaded(kerberos=kerberos, **sections))
    assert (found.id, found.severity, str(found)) == (name, "warning", expected)
    assert found.fix
