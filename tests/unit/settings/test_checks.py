# SPDX-License-Identifier: Apache-2.0
"""Every file that the settings name is opened before a job starts, and weak choices are named."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import PrivateFormat

from flinksec_jobs.errors import SecretError, SettingsError
from flinksec_jobs.settings import Settings, load
from flinksec_jobs.settings.checks import check_files, weaknesses

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
    return load(overrides=sections, environ={})


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


def test_nothing_is_opened_for_sections_that_are_not_there() -> None:
    assert check_files(loaded()) == []


def test_one_problem_keeps_its_class_and_names_the_setting_and_where_it_was_set(
    kerberos: dict[str, Any], write_toml: Callable[[str], Path]
) -> None:
    path = write_toml(f'[kerberos]\nprincipal = "a@R"\nkeytab = "file:/absent"\n'
                      f'krb5_conf = "{kerberos["krb5_conf"]}"')  # fmt: skip
    with pytest.raises(SecretError) as caught:
        check_files(load(path, environ={}))
    assert caught.value.message == (
        f"kerberos.keytab (file:/absent) cannot be read: no such file or directory (set by {path})"
    )
    assert caught.value.hint


def test_all_problems_are_told_at_once(kerberos: dict[str, Any], now: datetime) -> None:
    settings = loaded(
        kerberos={**kerberos, "principal": "other@EXAMPLE.COM", "krb5_conf": "/absent/krb5.conf"},
        kafka={**KAFKA, "ca_certs": "/absent/ca.pem"},
        elasticsearch={**ELASTICSEARCH, "username": "u", "password": "file:/absent/password"},
        hdfs={"uri": "hdfs://name", "conf_dir": "/absent/conf"},
        state={"directory": "/mnt/state", "keys": "/absent/keys"},
    )
    with pytest.raises(SettingsError) as caught:
        check_files(settings, now=now)
    first, *lines = caught.value.message.splitlines()
    assert first == "6 settings cannot be used:"
    starts = [
        "  kerberos.krb5_conf /absent/krb5.conf cannot be read",
        "  kerberos.principal other@EXAMPLE.COM has no key in kerberos.keytab",
        "  kafka.ca_certs /absent/ca.pem cannot be read",
        "  elasticsearch.password (file:/absent/password) cannot be read",
        "  hdfs.conf_dir /absent/conf cannot be read",
        "  state.keys /absent/keys cannot be read",
    ]
    assert [line[: len(start)] for line, start in zip(lines, starts, strict=True)] == starts
    assert all("(set by argument)" in line for line in lines)


@pytest.mark.parametrize("section", [("kafka", KAFKA), ("elasticsearch", ELASTICSEARCH)])
def test_an_expired_certificate_is_refused_and_one_that_ends_soon_is_noted(
    section: tuple[str, dict[str, Any]], make_identity: Callable[..., Any], now: datetime
) -> None:
    name, given = section
    given = {**given, "security_protocol": "SSL"} if name == "kafka" else given

    def check(ends: timedelta, begins: timedelta = timedelta(days=-30)) -> list[str]:
        identity = make_identity(begins=now + begins, ends=now + ends)
        return check_files(loaded(**{name: {**given, "ca_certs": identity.cert_file}}), now=now)

    assert check(timedelta(days=15)) == []
    (note,) = check(timedelta(days=13))
    assert f"{name}.ca_certs" in note
    assert "CN=localhost ends on 2030-06-14" in note
    with pytest.raises(SettingsError, match=f"{name}.ca_certs .* ended on 2030-05-31 00:00 UTC"):
        check(timedelta(days=-1))
    with pytest.raises(SettingsError, match=f"{name}.ca_certs .* begins only on 2030-06-02"):
        check(timedelta(days=9), begins=timedelta(days=1))


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
    with pytest.raises(SettingsError, match=r"elasticsearch.client_cert .* ended on"):
        check_files(settings, now=now)


def test_a_key_must_fit_its_certificate(make_identity: Callable[..., Any], now: datetime) -> None:
    one, other = make_identity(), make_identity()
    settings = loaded(
        elasticsearch={**ELASTICSEARCH, "client_cert": one.cert_file, "client_key": other.key_file}
    )
    with pytest.raises(SettingsError, match=r"elasticsearch.client_key .*is not the key of"):
        check_files(settings, now=now)


def test_a_combined_file_for_kafka_must_be_in_the_form_that_kafka_reads(
    make_identity: Callable[..., Any], secret_file: Callable[..., Path], now: datetime
) -> None:
    for key_format, fits in (
        (PrivateFormat.PKCS8, True),
        (PrivateFormat.TraditionalOpenSSL, False),
    ):
        identity = make_identity(key_format=key_format)
        both = secret_file(identity.cert_file.read_bytes() + identity.key_file.read_bytes())
        settings = loaded(
            kafka={**KAFKA, "security_protocol": "SSL", "client_cert": both, "client_key": both}
        )
        if fits:
            assert check_files(settings, now=now) == []
        else:
            with pytest.raises(SettingsError, match=r"kafka.client_key .*PKCS#8"):
                check_files(settings, now=now)


def test_files_that_the_protocol_does_not_use_are_left_alone(now: datetime) -> None:
    settings = loaded(
        kafka={**KAFKA, "security_protocol": "PLAINTEXT", "ca_certs": "/absent"},
        elasticsearch={**ELASTICSEARCH, "verification": "none", "ca_certs": "/absent"},
        state={"directory": "/mnt/state", "sealed": False, "keys": "/absent"},
    )
    assert check_files(settings, now=now) == []


def test_a_key_ring_must_hold_its_primary_key(key_ring: Path, tmp_path: Path) -> None:
    settings = loaded(state={"directory": str(tmp_path / "state"), "keys": key_ring})
    check_files(settings)
    write(key_ring / "2030-01", bytes(31))
    with pytest.raises(SecretError, match=r"state.keys .*is not a key of 32 bytes"):
        check_files(settings)
    write(key_ring / "2030-01", bytes(32), 0o644)
    with pytest.raises(SecretError, match=r"state.keys .*too widely open"):
        check_files(settings)
    (key_ring / "2030-01").unlink()
    with pytest.raises(SecretError, match=r"state.keys .*2030-01.* cannot be read"):
        check_files(settings)
    for name in ("", "../x", ".hidden", "a/b"):
        write(key_ring / "primary", name.encode())
        with pytest.raises(SettingsError, match=r"state.keys .*does not name a key"):
            check_files(settings)
    (key_ring / "primary").unlink()
    with pytest.raises(SettingsError, match=r"state.keys .*primary cannot be read"):
        check_files(settings)


def test_a_state_directory_that_is_a_file_is_refused(key_ring: Path, tmp_path: Path) -> None:
    (tmp_path / "a b").write_text("")
    settings = loaded(state={"directory": str(tmp_path / "a b"), "keys": key_ring})
    with pytest.raises(SettingsError, match=r"state.directory .*/a b cannot be written"):
        check_files(settings)


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
    ("sections", "expected"),
    [
        (
            {"kafka": {**KAFKA, "security_protocol": "PLAINTEXT"}},
            "Kafka at kafka-0:9092,kafka-1:9092 is neither encrypted nor authenticated: "
            "kafka.security_protocol = PLAINTEXT (set by argument)",
        ),
        (
            {"kafka": {**KAFKA, "security_protocol": "SASL_PLAINTEXT"}},
            "Kafka at kafka-0:9092,kafka-1:9092 is not encrypted: "
            "kafka.security_protocol = SASL_PLAINTEXT (set by argument)",
        ),
        (
            {"kafka": {**KAFKA, "security_protocol": "SSL"}},
            "Kafka at kafka-0:9092,kafka-1:9092 does not know who the job is: "
            "kafka.security_protocol = SSL (set by argument) without kafka.client_cert",
        ),
        (
            {"kafka": {**KAFKA, "properties": {"ssl.endpoint.identification.algorithm": ""}}},
            "Kafka at kafka-0:9092,kafka-1:9092 may have any host name: "
            "kafka.properties.ssl.endpoint.identification.algorithm = '' (set by argument)",
        ),
        (
            {"elasticsearch": {**ELASTICSEARCH, "verification": "none", "api_key": "file:/a"}},
            "Elasticsearch at https://search:9200 may be anyone, its certificate is not checked: "
            "elasticsearch.verification = none (set by argument)",
        ),
        (
            {"elasticsearch": {**ELASTICSEARCH, "verification": "certificate",
                               "api_key": "file:/a"}},
            "Elasticsearch at https://search:9200 may have any host name: "
            "elasticsearch.verification = certificate (set by argument)",
        ),
        (
            {"elasticsearch": {"hosts": ["http://a:1"], "verification": "none",
                               "api_key": "file:/a"}},
            "Elasticsearch at http://a:1 is not encrypted, credentials included: http:// in "
            "elasticsearch.hosts",
        ),
        (
            {"elasticsearch": ELASTICSEARCH},
            "Elasticsearch at https://search:9200 does not know who the job is: neither "
            "username, api_key nor client_cert",
        ),
        (
            {"hdfs": {"uri": "hdfs://name", "rpc_protection": "integrity"}},
            "HDFS at hdfs://name is not encrypted: hdfs.rpc_protection = integrity "
            "(set by argument)",
        ),
        (
            {"state": {"directory": "/s", "sealed": False}},
            "state in file:///s is neither encrypted nor authenticated: state.sealed = false "
            "(set by argument)",
        ),
    ],
)  # fmt: skip
def test_every_weaker_choice_is_told_in_one_line_that_names_the_endpoint(
    kerberos: dict[str, Any], sections: dict[str, Any], expected: str
) -> None:
    assert weaknesses(loaded(kerberos=kerberos, **sections)) == [expected]
