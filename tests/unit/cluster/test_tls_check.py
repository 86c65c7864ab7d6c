# SPDX-License-Identifier: Apache-2.0
"""The stores of Flink's TLS are looked into before Flink says something else about them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from flinksec_jobs.certs.create import Request, create
from flinksec_jobs.certs.issue import Making
from flinksec_jobs.cluster.tls_check import checked_password
from flinksec_jobs.errors import CertificateError, FlinkSecError, SettingsError
from flinksec_jobs.private_files import write_private
from flinksec_jobs.sandbox.test_ca import Authority
from flinksec_jobs.settings.cluster_tls import CIPHER_SUITES

TLS_1_3, TLS_1_2 = CIPHER_SUITES["TLSv1.3"], CIPHER_SUITES["TLSv1.2"]
RSA_ONLY, EC_ONLY = TLS_1_2[:2], TLS_1_2[2:]
PASSWORD = "hunter2"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("certs") / "tls"
    create(directory, Request(names=("localhost",), making=Making(key_bits=2048)))
    return directory


def elliptic(directory: Path, *, trusted: bool = True) -> Path:
    """Stores as someone with an EC key has them."""
    authority = Authority.create("ca")
    write_private(directory / "keystore.p12", authority.server().pkcs12(PASSWORD))
    other = authority if trusted else Authority.create("another")
    write_private(directory / "truststore.p12", other.truststore(PASSWORD))
    write_private(directory / "password", PASSWORD + "\n")
    return directory


def ask(directory: Path, suites: tuple[str, ...] = TLS_1_3, **options: object) -> str:
    now = options.pop("now", None)
    assert now is None or isinstance(now, datetime)
    return checked_password(
        directory,
        "cluster.tls.internal",
        suites=suites,
        trusts_itself=bool(options.get("trusts_itself", True)),
        now=now,
    )


def test_the_password_of_fitting_stores_is_returned(made: Path) -> None:
    internal, rest = made / "internal", made / "rest"
    assert ask(internal) == (internal / "password").read_text().strip()
    assert ask(rest, trusts_itself=False) == (rest / "password").read_text().strip()


@pytest.mark.parametrize("suites", [TLS_1_3, TLS_1_2, RSA_ONLY])
def test_an_rsa_key_fits_its_suites(made: Path, suites: tuple[str, ...]) -> None:
    assert ask(made / "internal", suites)


def test_an_rsa_key_does_not_fit_suites_for_ec(made: Path) -> None:
    with pytest.raises(SettingsError, match="holds an RSA key, and none of the cipher suites"):
        ask(made / "internal", EC_ONLY)


@pytest.mark.parametrize("suites", [TLS_1_3, TLS_1_2, EC_ONLY])
def test_an_ec_key_fits_its_suites(tmp_path: Path, suites: tuple[str, ...]) -> None:
    assert ask(elliptic(tmp_path), suites) == PASSWORD


def test_an_ec_key_does_not_fit_suites_for_rsa(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="holds an ECDSA key, and none of the cipher suites"):
        ask(elliptic(tmp_path), RSA_ONLY)


def test_processes_that_would_not_trust_each_other_are_refused(tmp_path: Path) -> None:
    directory = elliptic(tmp_path, trusted=False)
    with pytest.raises(SettingsError, match="does not trust the certificate CN=localhost"):
        ask(directory)
    assert ask(directory, trusts_itself=False) == PASSWORD


@pytest.mark.parametrize("days", [-2, 4000])
def test_a_certificate_that_is_not_valid_now_is_refused(made: Path, days: int) -> None:
    with pytest.raises(SettingsError, match=r"is valid from .* not now"):
        ask(made / "internal", now=datetime.now(UTC) + timedelta(days=days))


def test_a_trust_store_that_trusts_nobody_is_refused(tmp_path: Path) -> None:
    directory = elliptic(tmp_path)
    # Without Java's mark of trust a certificate is none to Java.
    encryption = serialization.BestAvailableEncryption(PASSWORD.encode())
    key_only = pkcs12.load_pkcs12((directory / "keystore.p12").read_bytes(), PASSWORD.encode())
    assert key_only.cert
    empty = pkcs12.serialize_key_and_certificates(
        None, None, key_only.cert.certificate, None, encryption
    )
    write_private(directory / "truststore.p12", empty)
    with pytest.raises(SettingsError, match="trusts nobody"):
        ask(directory)


def test_a_key_store_without_a_key_is_refused(tmp_path: Path) -> None:
    directory = elliptic(tmp_path)
    write_private(directory / "keystore.p12", (directory / "truststore.p12").read_bytes())
    with pytest.raises(SettingsError, match="holds no key"):
        ask(directory)


def test_a_wrong_password_is_told_without_the_password(tmp_path: Path) -> None:
    directory = elliptic(tmp_path)
    write_private(directory / "password", "another-secret")
    with pytest.raises(CertificateError) as caught:
        ask(directory)
    assert "is not opened by its password" in caught.value.message
    assert "another-secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["keystore.p12", "truststore.p12", "password"])
def test_each_file_must_be_there_and_private(tmp_path: Path, name: str) -> None:
    directory = elliptic(tmp_path)
    (directory / name).chmod(0o644)
    with pytest.raises(FlinkSecError, match="too widely open"):
        ask(directory)
    (directory / name).unlink()
    with pytest.raises(FlinkSecError, match="cannot be read"):
        ask(directory)
