# SPDX-License-Identifier: Apache-2.0
"""What ``flinksec certs inspect`` shows, and everything that it finds fault with."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flinksec_jobs import certificates
from flinksec_jobs.certificates import Identity, pem, truststore
from flinksec_jobs.certs.bags import read_bags
from flinksec_jobs.certs.inspection import inspect
from flinksec_jobs.certs.rotate import Step, rotate
from flinksec_jobs.certs.stores import read_parties
from flinksec_jobs.errors import CertificateError, FlinkSecError
from tests import certificates as make

Flinksec = Callable[..., Result]


def ids(*paths: Path, **options: Any) -> list[str]:
    return sorted(finding.id for finding in inspect(paths, **options).findings)


@pytest.fixture
def internal(tmp_path: Path) -> Path:
    """One self-signed internal identity, as it should be."""
    identity = make.self_signed()
    return make.write(tmp_path / "internal", make.party(identity, identity.certificate))


def replaced(directory: Path, name: str, content: bytes) -> Path:
    (directory / name).write_bytes(content)
    return directory


def test_what_was_just_made_is_fine(certs: Path, flinksec: Flinksec) -> None:
    result = flinksec("inspect", certs)
    assert result.exit_code == 0
    assert result.stdout.endswith("\nno problems\n")


def test_everything_about_a_certificate_is_shown(certs: Path, flinksec: Flinksec) -> None:
    shown = flinksec("inspect", certs).stdout
    certificate = read_parties(certs)["rest"].identity.certificate
    for text in (
        f"issuer   {certificates.describe_name(certificate.issuer)}",
        "names    flink-jobmanager, flink-jobmanager.flights, flink-jobmanager.flights.svc,",
        f"valid    {certificate.not_valid_before_utc:%Y-%m-%d} to ",
        "364 days left",
        "key      RSA 1024",
        # As `openssl x509 -fingerprint` and Flink's cert.fingerprint write them.
        "SHA-256  " + certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
        "SHA-1    " + certificate.fingerprint(hashes.SHA1()).hex(":").upper(),
    ):
        assert text in shown


def test_the_matrix_says_who_lets_in_whom(certs: Path, flinksec: Flinksec) -> None:
    lines = flinksec("inspect", certs).stdout.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("certificate of"))
    assert [line.split() for line in lines[start : start + 5]] == [
        ["certificate", "of", "/", "let", "in", "by", "cli", "deployer", "internal", "rest"],
        ["cli", "no", "no", "no", "yes"],
        ["deployer", "no", "no", "no", "yes"],
        ["internal", "no", "no", "yes", "no"],
        ["rest", "yes", "yes", "no", "no"],
    ]


def test_json_has_the_same(certs: Path, flinksec: Flinksec) -> None:
    rotate(certs, Step.TRUST_BOTH)
    result = flinksec("inspect", certs, "--json")
    assert result.exit_code == 0
    seen = json.loads(result.stdout)
    assert seen["rotation_step"] == 1
    assert {one["name"]: one["role"] for one in seen["parties"]} == {
        "internal": "internal",
        "rest": "rest",
        "cli": "client",
        "deployer": "client",
    }
    (key,) = [one for one in seen["parties"][2]["certificates"] if one["use"] == "key"]
    certificate = read_parties(certs)["internal"].identity.certificate
    assert key["sha256"] == certificate.fingerprint(hashes.SHA256()).hex(":").upper()
    assert key["not_after"] == certificate.not_valid_after_utc.isoformat()
    assert len(seen["trust"]) == 16
    assert [(one["id"], one["severity"]) for one in seen["findings"]] == [
        ("rotation-under-way", "warning")
    ]


def test_nothing_secret_is_shown(certs: Path, flinksec: Flinksec) -> None:
    output = flinksec("inspect", certs).output + flinksec("inspect", certs, "--json").output
    for path in certs.glob("*/password"):
        assert path.read_text() not in output


def test_warnings_do_not_fail_unless_they_are_to(certs: Path, flinksec: Flinksec) -> None:
    assert flinksec("inspect", certs, "--days", 400).exit_code == 0
    result = flinksec("inspect", certs, "--days", 400, "--strict")
    assert result.exit_code == 1
    assert "in 364 days [certificate-ends-soon]" in result.stdout


def test_a_problem_fails_and_says_how_to_mend_it(internal: Path, flinksec: Flinksec) -> None:
    (internal / "password").chmod(0o644)
    result = flinksec("inspect", internal)
    assert result.exit_code == 1
    assert (
        f"problem: {internal / 'password'}: others can use it (mode 0644) [store-exposed]\n"
        f"  hint: chmod 0600 {internal / 'password'}\n"
    ) in result.stdout


def test_dates_are_judged(internal: Path) -> None:
    now = datetime.now(UTC)
    assert ids(internal, now=now) == []  # it is valid for 89 days
    assert ids(internal, soon=timedelta(days=90)) == ["certificate-ends-soon"] * 2
    assert ids(internal, now=now + timedelta(days=100)) == [
        "certificate-expired",
        "certificate-expired",
    ]
    assert ids(internal, now=now - timedelta(days=40)) == [
        "certificate-not-yet-valid",
        "certificate-not-yet-valid",
    ]


def test_an_old_certificate_among_trusted_ones_is_a_warning(tmp_path: Path) -> None:
    identity = make.self_signed()
    old = make.self_signed(make.EXPIRED, key=make.keys()[5])
    party = make.party(identity, identity.certificate, old.certificate)
    path = make.write(tmp_path / "internal", party)
    found = {one.id: one.severity for one in inspect([path]).findings}
    assert found["trusted-certificate-not-valid"] == "warning"
    assert "certificate-expired" not in found


def test_an_ec_key_is_warned_about_where_the_default_suites_need_rsa(tmp_path: Path) -> None:
    identity = make.self_signed(key=make.ec_key())
    path = make.write(tmp_path / "internal", make.party(identity, identity.certificate))
    (finding,) = inspect([path]).findings
    assert (finding.id, finding.severity) == ("key-not-rsa", "warning")
    assert "EC secp256r1" in finding.why
    assert "security.ssl.protocol: TLSv1.3" in finding.fix


def test_a_small_key_is_a_problem(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 1024)
    identity = make.self_signed(key=key)
    path = make.write(tmp_path / "internal", make.party(identity, identity.certificate))
    with make.real_limit():
        assert set(ids(path)) == {"weak-key"}


def test_a_trust_store_with_more_than_the_one_certificate_is_warned_about(tmp_path: Path) -> None:
    identity, other = make.self_signed(), make.self_signed(key=make.keys()[5])
    party = make.party(identity, identity.certificate, other.certificate)
    assert ids(make.write(tmp_path / "internal", party)) == ["trusts-many"]


def test_a_ca_in_the_internal_trust_store_is_warned_about_with_the_pin(tmp_path: Path) -> None:
    ca = make.authority()
    identity = make.signed(ca)
    path = make.write_cert_manager(tmp_path / "flink-tls", identity, ca.certificate)
    (finding,) = inspect([path]).findings
    assert (finding.id, finding.severity) == ("trusts-ca", "warning")
    sha1 = identity.certificate.fingerprint(hashes.SHA1()).hex(":").upper()
    assert f"security.ssl.internal.cert.fingerprint: {sha1}" in finding.fix


def test_a_certificate_that_its_own_trust_store_does_not_let_in_is_a_problem(
    tmp_path: Path,
) -> None:
    other = make.self_signed(key=make.keys()[5])
    party = make.party(make.self_signed(), other.certificate)
    assert ids(make.write(tmp_path / "internal", party)) == ["certificate-not-trusted"]


def test_an_internal_certificate_for_servers_only_is_a_problem(tmp_path: Path) -> None:
    ca = make.authority()
    identity = make.signed(ca, purposes=("server",))
    path = make.write(tmp_path / "internal", make.party(identity, ca.certificate))
    assert ids(path) == ["certificate-purpose", "trusts-ca"]


def test_a_rest_server_without_a_trust_store_is_a_problem(certs: Path) -> None:
    (certs / "rest" / "truststore.p12").unlink()
    (finding,) = inspect([certs]).findings
    assert (finding.id, finding.severity) == ("no-truststore", "problem")
    assert "let everybody in without an error" in finding.why


def test_one_certificate_for_internal_connections_and_rest_is_a_problem(certs: Path) -> None:
    internal = read_parties(certs)["internal"]
    for path in (certs / "rest").iterdir():
        path.write_bytes((certs / "internal" / path.name).read_bytes())
    assert internal.trusted
    # The internal certificate has no names, as Flink asks for none there.
    assert set(ids(certs)) == {"foreign-trust", "certificate-not-trusted", "no-host-name"}


def test_two_clusters_with_one_key_are_a_problem(certs: Path, tmp_path: Path) -> None:
    identity = make.self_signed()
    party = make.party(identity, identity.certificate)
    first = make.write(tmp_path / "a" / "internal", party)
    second = make.write(tmp_path / "b" / "internal", party)
    assert ids(first.parent, second.parent) == ["foreign-trust", "foreign-trust"]
    assert ids(first.parent, certs) == []


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
    assert found[0].why == f"{internal / 'keystore.p12'} is not opened by its password"


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


def test_a_sha1_signature_is_told(tmp_path: Path) -> None:
    """By openssl, as `cryptography` makes none."""
    ca = make.write_cert_manager(
        tmp_path / "ca", Identity(make.authority().certificate, make.keys()[18]), None
    )
    csr, leaf = tmp_path / "csr", tmp_path / "leaf"
    leaf.mkdir()
    key = make.write_cert_manager(tmp_path / "key", make.self_signed(), None) / "tls.key"
    for command in (
        ["req", "-new", "-key", key, "-subj", "/CN=old", "-out", csr],
        [
            *("x509", "-req", "-in", csr, "-sha1", "-days", "60", "-set_serial", "7"),
            *("-CA", ca / "tls.crt", "-CAkey", ca / "tls.key", "-out", leaf / "tls.crt"),
        ],
    ):
        subprocess.run(["openssl", *map(str, command)], check=True, capture_output=True)
    (leaf / "ca.crt").write_bytes((ca / "tls.crt").read_bytes())
    assert "weak-signature" in ids(leaf)


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
    assert any("Java takes 0 of its 1 certificates for trusted" in one.why for one in found)


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


def test_single_files_are_shown(internal: Path, tmp_path: Path) -> None:
    assert ids(internal / "keystore.p12") == ["no-truststore"]
    assert ids(internal / "truststore.p12") == []
    file = tmp_path / "ca.pem"
    file.write_bytes(pem(make.authority().certificate, make.authority("b", 15).certificate))
    seen = inspect([file])
    assert [held.use for held in seen.places[0].held] == ["certificate"] * 2
    assert seen.findings == ()


@pytest.mark.parametrize("what", ["absent", "empty", "text"])
def test_what_is_nothing_to_look_at_is_told(tmp_path: Path, flinksec: Flinksec, what: str) -> None:
    path = tmp_path / what
    if what == "empty":
        path.mkdir()
    if what == "text":
        path.write_text("hello")
    result = flinksec("inspect", path)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {path} ")
    assert "hint: " in result.stderr


def test_a_directory_that_cannot_be_read_is_told(tmp_path: Path, flinksec: Flinksec) -> None:
    link = tmp_path / "internal" / "keystore.p12"
    link.parent.mkdir()
    link.symlink_to("nowhere")
    (tmp_path / "internal" / "password").write_text("x")
    (tmp_path / "internal" / "password").chmod(0o600)
    result = flinksec("inspect", tmp_path)
    assert result.exit_code == 1
    assert "[store-unreadable]" in result.stdout
    assert "cannot be read: no such file or directory" in result.stdout


# Bad files of every kind


GOOD = make.party(make.self_signed(), make.self_signed().certificate, has_pem=True).files()


def test_a_password_with_a_nul_opens_no_store(certs: Path) -> None:
    (certs / "internal" / "password").write_text("a\0b")
    found = [f.why for f in inspect([certs]).findings]
    assert any("is not opened by its password" in message for message in found)


@pytest.mark.slow
@settings(
    max_examples=100, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(data=st.data(), name=st.sampled_from(sorted(GOOD)))
def test_whatever_a_file_holds_inspect_answers_and_names_it(
    data: st.DataObject, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    good = GOOD[name]
    kind = data.draw(st.sampled_from(["cut", "flipped", "random", "extended", "garbled PEM"]))
    if kind == "cut":
        content = good[: data.draw(st.integers(0, len(good) - 1))]
    elif kind == "flipped":
        at = data.draw(st.integers(0, len(good) - 1))
        content = good[:at] + bytes([good[at] ^ data.draw(st.integers(1, 255))]) + good[at + 1 :]
    elif kind == "random":
        content = data.draw(st.binary(max_size=300))
    elif kind == "extended":
        content = good + data.draw(st.binary(min_size=1, max_size=50))
    else:
        content = b"-----BEGIN CERTIFICATE-----\n" + data.draw(st.binary(max_size=100))
    directory = tmp_path_factory.mktemp("bad") / "internal"
    directory.mkdir()
    for file, text in {**GOOD, name: content}.items():
        (directory / file).write_bytes(text)
        (directory / file).chmod(0o600)
    found = inspect([directory]).findings
    for finding in found:
        assert finding.why
        assert finding.fix, finding
        assert make.PASSWORD not in finding.why
    if kind in {"cut", "random"} and name.endswith(".p12"):
        told = {finding.id for finding in found if finding.where.file == str(directory / name)}
        assert told & {"store-unreadable", "store-password-mismatch", "store-type"}, found


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_bags_of_any_bytes_are_refused_quietly(content: bytes) -> None:
    assert read_bags(content, "password") is None or content


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_bags_of_damaged_stores_are_refused_quietly(data: st.DataObject) -> None:
    store = bytearray(GOOD["truststore.p12"])
    store[data.draw(st.integers(0, len(store) - 1))] ^= data.draw(st.integers(1, 255))
    bags = read_bags(bytes(store), make.PASSWORD)
    assert bags is None or bags.trusted <= bags.certificates <= 1


def test_the_store_that_java_reads_is_the_one_that_was_written() -> None:
    certificate = make.self_signed().certificate
    bags = read_bags(truststore([certificate, certificate], "pw"), "pw")
    assert bags
    assert (bags.certificates, bags.trusted) == (2, 2)


def test_errors_of_reading_are_ours(tmp_path: Path) -> None:
    identity = make.self_signed()
    party = make.write(tmp_path / "x", make.party(identity, identity.certificate))
    (party / "password").write_text("no")
    with pytest.raises(FlinkSecError) as told:
        read_parties(tmp_path)
    assert isinstance(told.value, CertificateError)
    assert told.value.__cause__ is None
    assert os.fspath(party / "keystore.p12") in told.value.message
