# SPDX-License-Identifier: Apache-2.0
"""``flinksec certs create`` with keys and certificates that are there already."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from cryptography.hazmat.primitives import hashes

from flinksec_jobs.certificates import pem
from flinksec_jobs.certs.anchors import anchors_of
from flinksec_jobs.certs.create import Request, create
from flinksec_jobs.certs.sources import Source
from flinksec_jobs.certs.stores import read_parties
from flinksec_jobs.errors import CertificateError, FlinkSecError
from tests import certificates as make

STORES = ["keystore.p12", "password", "truststore.p12"]
Flinksec = Callable[..., Result]


def test_a_self_signed_pem_certificate_is_taken_for_internal_connections(tmp_path: Path) -> None:
    identity = make.self_signed()
    source = make.write_cert_manager(tmp_path / "source", identity, None)
    request = Request(make.SERVICES, internal=Source.read(source))
    internal = create(tmp_path / "certs", request)["internal"]
    assert internal.identity.certificate == identity.certificate
    assert internal.trusted == (identity.certificate,)


def test_a_certificate_of_cert_manager_brings_its_ca_and_a_pin(
    tmp_path: Path, flinksec: Flinksec
) -> None:
    ca = make.authority()
    identity = make.signed(ca)
    source = make.write_cert_manager(tmp_path / "source", identity, ca.certificate)
    options = ["--namespace", "flights", "--internal-from", source]
    result = flinksec("create", tmp_path / "certs", *options)
    assert result.exit_code == 0, result.output
    internal = read_parties(tmp_path / "certs")["internal"]
    assert internal.identity.certificate == identity.certificate
    assert internal.trusted == (ca.certificate,)
    sha1 = identity.certificate.fingerprint(hashes.SHA1()).hex(":").upper()
    assert f"security.ssl.internal.cert.fingerprint: {sha1}" in result.stdout


def test_stores_of_cert_manager_are_taken_with_their_password_from_elsewhere(
    tmp_path: Path, flinksec: Flinksec
) -> None:
    ca = make.authority()
    identity = make.signed(ca)
    source = make.write(tmp_path / "source", make.party(identity, ca.certificate))
    password = (source / "password").rename(tmp_path / "password")
    options = ["--name", "localhost", "--internal-from", source]
    result = flinksec("create", tmp_path / "certs", *options)
    assert result.exit_code == 1
    assert "password" in result.stderr
    result = flinksec("create", tmp_path / "certs", *options, "--password-file", password)
    assert result.exit_code == 0, result.output
    internal = read_parties(tmp_path / "certs")["internal"]
    assert (internal.identity.certificate, internal.trusted) == (
        identity.certificate,
        (ca.certificate,),
    )
    assert internal.password != make.PASSWORD


def test_an_existing_rest_certificate_is_trusted_by_the_clients_and_vouches_for_none(
    tmp_path: Path,
) -> None:
    ca = make.authority()
    identity = make.signed(ca, purposes=("server",))
    source = make.write_cert_manager(tmp_path / "source", identity, ca.certificate)
    parties = create(tmp_path / "certs", Request(rest=Source.read(source)))
    assert parties["rest"].identity.certificate == identity.certificate
    assert parties["cli"].trusted == (ca.certificate,)
    (client_ca,) = parties["rest"].trusted
    assert client_ca != ca.certificate
    assert anchors_of([parties["cli"].identity.certificate], [client_ca])


def test_sources_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    ca, other = make.authority(), make.authority("another", 15)
    identity = make.signed(ca)
    cases: list[tuple[Callable[[Path], object], str]] = [
        (lambda path: (path / "tls.key").write_bytes(make.self_signed().key_pem), "not the key of"),
        (
            lambda path: (path / "ca.crt").write_bytes(pem(other.certificate)),
            "was not issued by its CA",
        ),
        (lambda path: (path / "tls.crt").write_text("nothing"), "holds no PEM certificate"),
        (lambda path: (path / "tls.key").write_text("nothing"), "holds no PEM private key"),
        (lambda path: (path / "tls.key").unlink(), "cannot be read"),
        (lambda path: (path / "tls.key").chmod(0o644), "too widely open"),
        (lambda path: (path / "tls.crt").unlink(), "holds neither tls.crt nor keystore.p12"),
    ]
    for number, (spoil, message) in enumerate(cases):
        path = make.write_cert_manager(tmp_path / str(number), identity, ca.certificate)
        spoil(path)
        with pytest.raises(FlinkSecError, match=message):
            Source.read(path)


def test_a_certificate_of_a_ca_without_the_ca_is_refused(tmp_path: Path) -> None:
    source = make.write_cert_manager(tmp_path / "source", make.signed(make.authority()), None)
    with pytest.raises(CertificateError, match="but not the CA"):
        create(tmp_path / "certs", Request(make.SERVICES, internal=Source.read(source)))
    assert not (tmp_path / "certs" / "internal").exists()


def test_names_are_refused_where_the_certificate_brings_its_own(tmp_path: Path) -> None:
    source = Source.read(make.write_cert_manager(tmp_path / "s", make.self_signed(), None))
    for request in (
        Request(make.SERVICES, wildcard=True, internal=source),
        Request(make.SERVICES, names=("a",), rest=source),
    ):
        with pytest.raises(CertificateError, match="others cannot be added"):
            create(tmp_path / "certs", request)
