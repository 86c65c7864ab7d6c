# SPDX-License-Identifier: Apache-2.0
"""What ``flinksec certs inspect`` finds of dates, keys, and who trusts whom."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from click.testing import Result
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from flinksec_jobs.certificates import Identity
from flinksec_jobs.certs.inspection import inspect
from flinksec_jobs.certs.stores import read_parties
from tests import certificates as make
from tests.unit.certs.inspected import ids

Flinksec = Callable[..., Result]


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
