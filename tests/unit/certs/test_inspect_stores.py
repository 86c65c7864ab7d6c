# SPDX-License-Identifier: Apache-2.0
"""What ``flinksec certs inspect`` finds of stores: modes, passwords, kinds, and what Java reads."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from click.testing import Result
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from flinksec_jobs.certificates import Identity
from flinksec_jobs.certs.bags import read_bags
from flinksec_jobs.certs.inspection import inspect
from tests import certificates as make
from tests.unit.certs.inspected import ids, replaced

Flinksec = Callable[..., Result]


def test_modes_of_files(internal: Path) -> None:
    key_store = internal / "keystore.p12"
    for mode, expected in (
        (0o600, []),
        (0o400, []),
        (0o640, ["store-group-readable"]),
        (0o660, ["store-exposed"]),
        (0o604, ["store-exposed"]),
        (0o602, ["store-exposed"]),
    ):
        key_store.chmod(mode)
        assert ids(internal) == expected
    # Certificates are no secret; but nobody else may say whom the cluster trusts.
    key_store.chmod(0o600)
    (internal / "truststore.p12").chmod(0o644)
    assert ids(internal) == []
    (internal / "truststore.p12").chmod(0o646)
    assert ids(internal) == ["store-exposed"]


def test_the_group_may_read_a_mounted_secret(internal: Path) -> None:
    (internal / "..data").symlink_to(".")
    for path in internal.glob("[a-z]*"):
        path.chmod(0o440)
    assert ids(internal) == []


def test_the_wrong_password_is_told(internal: Path) -> None:
    replaced(internal, "password", b"another-password")
    found = inspect([internal]).findings
    assert [finding.id for finding in found] == ["store-password-mismatch"] * 2
    assert found[0].why == f"{internal / 'keystore.p12'} does not open with its password"


def test_a_missing_password_is_told_and_taken_from_elsewhere(
    internal: Path, flinksec: Flinksec
) -> None:
    elsewhere = (internal / "password").rename(internal.parent / "elsewhere")
    assert ids(internal) == ["store-without-password"]
    assert ids(internal, password_file=elsewhere) == []
    result = flinksec("inspect", internal, "--password-file", elsewhere)
    assert result.exit_code == 0


def test_a_store_of_the_old_type_is_told(internal: Path) -> None:
    replaced(internal, "keystore.p12", b"\xfe\xed\xfe\xed\0\0\0\2" + bytes(40))
    (finding,) = inspect([internal]).findings
    assert finding.id == "store-type"
    assert "JKS" in finding.why
    assert "keytool -importkeystore" in finding.fix


def test_a_pem_file_in_the_place_of_a_store_is_told(internal: Path) -> None:
    replaced(internal, "keystore.p12", make.self_signed().certificate_pem)
    assert ids(internal) == ["store-type"]


def test_a_key_store_without_a_key_is_told(internal: Path) -> None:
    (internal / "keystore.p12").write_bytes((internal / "truststore.p12").read_bytes())
    assert ids(internal) == ["keystore-without-key"]


def test_a_trust_store_with_a_key_is_told(internal: Path) -> None:
    (internal / "truststore.p12").write_bytes((internal / "keystore.p12").read_bytes())
    assert ids(internal) == ["key-in-truststore"]


def test_a_key_of_another_certificate_is_told(tmp_path: Path) -> None:
    ca = make.authority()
    path = make.write_cert_manager(tmp_path / "cli", make.signed(ca), ca.certificate)
    replaced(path, "tls.key", make.self_signed(key=make.keys()[3]).key_pem)
    assert "key-mismatch" in ids(path)


def test_pem_files_that_differ_from_the_store_are_told(certs: Path) -> None:
    for name in ("tls.crt", "tls.key"):
        content = (certs / "deployer" / name).read_bytes()
        replaced(certs / "cli", name, content)
    assert ids(certs) == ["pem-differs"]


def openssl_store(tmp_path: Path, identity: Identity, *options: str) -> bytes:
    source = make.write_cert_manager(tmp_path / "source", identity, None)
    command = ["openssl", "pkcs12", "-export", "-in", f"{source}/tls.crt", *options]
    command += ["-inkey", f"{source}/tls.key"] if "-nokeys" not in options else []
    command += ["-passout", f"pass:{make.PASSWORD}"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def test_a_trust_store_that_java_finds_empty_is_a_problem(internal: Path, tmp_path: Path) -> None:
    store = openssl_store(tmp_path, make.self_signed(), "-nokeys")
    replaced(internal, "truststore.p12", store)
    found = [one for one in inspect([internal]).findings if one.id[:3] == "not"]
    assert {one.id for one in found} >= {"not-trusted-by-java"}
    assert any("Java takes 0 of its 1 certificates as trusted" in one.why for one in found)


def test_a_store_with_encryption_of_old_is_warned_about(internal: Path, tmp_path: Path) -> None:
    """As cert-manager's default profile makes it."""
    identity = make.self_signed()
    store = pkcs12.serialize_java_truststore(
        [pkcs12.PKCS12Certificate(identity.certificate, b"a")],
        serialization.PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(2048)
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(hashes.SHA1())
        .build(make.PASSWORD.encode()),
    )
    replaced(internal, "truststore.p12", store)
    assert "legacy-encryption" in ids(internal)


def test_what_java_trusts_is_read_from_every_modern_encryption() -> None:
    certificate = make.self_signed().certificate
    entries = [pkcs12.PKCS12Certificate(certificate, b"a")]
    for algorithm in (serialization.NoEncryption(), modern()):
        marked = pkcs12.serialize_java_truststore(entries, algorithm)
        bags = read_bags(marked, make.PASSWORD)
        assert bags
        assert (bags.certificates, bags.trusted, bags.is_legacy) == (1, 1, False)
        unmarked = pkcs12.serialize_key_and_certificates(None, None, None, [certificate], algorithm)
        bags = read_bags(unmarked, make.PASSWORD)
        assert bags
        assert (bags.certificates, bags.trusted) == (1, 0)


def modern() -> serialization.KeySerializationEncryption:
    return serialization.BestAvailableEncryption(make.PASSWORD.encode())
