# SPDX-License-Identifier: Apache-2.0
"""The stores of Flink's TLS are looked into before Flink says something else about them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from flinksec_jobs.certs.create import Request, create
from flinksec_jobs.certs.issue import Making
from flinksec_jobs.cluster.tls_check import check_tls
from flinksec_jobs.private_files import write_private
from flinksec_jobs.sandbox.test_ca import Authority
from flinksec_jobs.settings import load_settings
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


def ask(
    directory: Path, suites: tuple[str, ...] = TLS_1_3, now: datetime | None = None
) -> set[str]:
    """The problems of the internal stores."""
    protocol = "TLSv1.3" if suites == TLS_1_3 else "TLSv1.2"
    tls = {"internal": directory, "protocol": protocol, "cipher_suites": suites}
    settings = load_settings(overrides={"cluster": {"tls": tls}}, environ={})
    found = list(check_tls(settings, "taskmanager", now))
    assert all(one.where.setting == "cluster.tls.internal" for one in found)
    assert all(one.where.file and one.fix for one in found)
    assert PASSWORD not in "".join(map(str, found))
    return {one.id for one in found if one.severity == "problem"}


def test_stores_that_fit_each_other_have_no_problem(made: Path) -> None:
    tls = {"internal": made / "internal", "rest": made / "rest"}
    settings = load_settings(overrides={"cluster": {"tls": tls}}, environ={})
    assert list(check_tls(settings, "jobmanager")) == []


def test_a_task_manager_opens_no_stores_of_rest(made: Path, tmp_path: Path) -> None:
    tls = {"internal": made / "internal", "rest": tmp_path / "absent"}
    settings = load_settings(overrides={"cluster": {"tls": tls}}, environ={})
    assert list(check_tls(settings, "taskmanager")) == []
    (found,) = check_tls(settings, "jobmanager")
    assert (found.id, found.where.setting) == ("stores-unreadable", "cluster.tls.rest")


@pytest.mark.parametrize("suites", [TLS_1_3, TLS_1_2, RSA_ONLY])
def test_an_rsa_key_fits_its_suites(made: Path, suites: tuple[str, ...]) -> None:
    assert ask(made / "internal", suites) == set()


def test_an_rsa_key_does_not_fit_suites_for_ec(made: Path) -> None:
    assert ask(made / "internal", EC_ONLY) == {"no-suite-for-key"}


@pytest.mark.parametrize("suites", [TLS_1_3, TLS_1_2, EC_ONLY])
def test_an_ec_key_fits_its_suites(tmp_path: Path, suites: tuple[str, ...]) -> None:
    assert ask(elliptic(tmp_path), suites) == set()


def test_an_ec_key_does_not_fit_suites_for_rsa(tmp_path: Path) -> None:
    assert ask(elliptic(tmp_path), RSA_ONLY) == {"no-suite-for-key"}


def test_processes_that_would_not_trust_each_other_are_a_problem(tmp_path: Path) -> None:
    assert ask(elliptic(tmp_path, trusted=False)) == {"certificate-not-trusted"}


@pytest.mark.parametrize(
    ("days", "told"), [(-2, "certificate-not-yet-valid"), (4000, "certificate-expired")]
)
def test_a_certificate_that_is_not_valid_now_is_a_problem(made: Path, days: int, told: str) -> None:
    assert ask(made / "internal", now=datetime.now(UTC) + timedelta(days=days)) == {told}


def test_a_trust_store_that_trusts_nobody_is_a_problem(tmp_path: Path) -> None:
    directory = elliptic(tmp_path)
    # Without Java's mark of trust a certificate is none to Java.
    encryption = serialization.BestAvailableEncryption(PASSWORD.encode())
    key_only = pkcs12.load_pkcs12((directory / "keystore.p12").read_bytes(), PASSWORD.encode())
    assert key_only.cert
    empty = pkcs12.serialize_key_and_certificates(
        None, None, key_only.cert.certificate, None, encryption
    )
    write_private(directory / "truststore.p12", empty)
    assert ask(directory) == {"not-trusted-by-java"}


def test_a_key_store_without_a_key_is_a_problem(tmp_path: Path) -> None:
    directory = elliptic(tmp_path)
    write_private(directory / "keystore.p12", (directory / "truststore.p12").read_bytes())
    assert ask(directory) == {"keystore-without-key"}


def test_a_wrong_password_is_told_without_the_password(tmp_path: Path) -> None:
    directory = elliptic(tmp_path)
    write_private(directory / "password", PASSWORD.upper())
    assert ask(directory) == {"store-password-mismatch"}


@pytest.mark.parametrize("name", ["keystore.p12", "truststore.p12", "password"])
def test_each_file_must_be_there_and_nobody_else_s_to_change(tmp_path: Path, name: str) -> None:
    directory = elliptic(tmp_path)
    (directory / name).chmod(0o662)
    assert ask(directory) == {"store-exposed"}
    (directory / name).unlink()
    assert ask(directory) & {"store-not-there", "store-without-password"}


def test_key_and_password_must_be_nobody_else_s_to_read(tmp_path: Path) -> None:
    directory = elliptic(tmp_path)
    for name in ("keystore.p12", "password"):
        (directory / name).chmod(0o644)
        assert ask(directory) == {"store-exposed"}
        (directory / name).chmod(0o600)
