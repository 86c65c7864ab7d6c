# SPDX-License-Identifier: Apache-2.0
"""Flink's own TLS code, in a JVM, with the stores of ``flinksec certs``."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from flinksec_jobs.certificates import fingerprint
from flinksec_jobs.certs.inspection import inspect
from tests import certificates as make
from tests.tls.conftest import NOBODY, Peers, Rotation

STEPS = range(4)
PROTOCOLS = ("TLSv1.2", "TLSv1.3")
# What says that a certificate was judged, in whichever half of the handshake.
NO_PATH = "unable to find valid certification path"
EMPTY = "Empty client certificate chain"


def sha256(one: x509.Certificate) -> str:
    return one.fingerprint(hashes.SHA256()).hex()


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", ["internal", "rest", "cli", "deployer"])
def test_java_finds_one_key_and_trusts_what_the_store_lists(
    peers: Peers, rotation: Rotation, step: int, name: str
) -> None:
    party = rotation.parties(step)[name]
    directory = rotation.at(step, name)
    keys = peers.tell("entries", directory / "keystore.p12", party.password)
    assert keys == f"key:{sha256(party.identity.certificate)}"
    trusted = peers.tell("entries", directory / "truststore.p12", party.password)
    assert sorted(trusted.split()) == sorted(f"trusted:{sha256(one)}" for one in party.trusted)
    assert len(party.trusted) == (2 if step in {1, 2} else 1)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_processes_one_step_apart_accept_each_other_and_no_others_do(
    peers: Peers, rotation: Rotation, protocol: str
) -> None:
    for server, client in itertools.product(STEPS, STEPS):
        directories = rotation.at(server, "internal"), rotation.at(client, "internal")
        answers = [peers.internal(*directories, protocol)]
        if protocol == "TLSv1.3":
            answers.append(peers.tell("socket", *directories, protocol, ""))
        for answer in answers:
            if abs(server - client) <= 1:
                assert answer.startswith(f"hello {protocol} "), (server, client, answer)
            else:
                assert NO_PATH in answer or "refused" in answer, (server, client, answer)
                assert "hello" not in answer


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_rest_server_and_its_clients_one_step_apart_accept_each_other(
    peers: Peers, rotation: Rotation, protocol: str
) -> None:
    for server, client, name in itertools.product(STEPS, STEPS, ("cli", "deployer")):
        answer = peers.rest(rotation.at(server, "rest"), rotation.at(client, name), protocol)
        if abs(server - client) <= 1:
            assert answer.startswith(f"hello {protocol} "), (server, client, answer)
        else:
            assert answer.startswith("refused: "), (server, client, answer)


@pytest.mark.parametrize("part", ["internal", "rest"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_client_without_a_certificate_is_refused(
    peers: Peers, rotation: Rotation, part: str, protocol: str
) -> None:
    answer = peers.tell("netty", part, rotation.at(0, part), NOBODY, protocol, "")
    assert answer.startswith("refused: server: ")
    assert EMPTY in answer


def test_a_client_with_a_foreign_certificate_is_refused_by_the_server(
    peers: Peers, rotation: Rotation, tmp_path: Path
) -> None:
    ours = rotation.parties(0)
    for part in ("internal", "rest"):
        # It trusts the server, so that it is the server that has to refuse.
        trusted = ours["internal"].trusted if part == "internal" else ours["cli"].trusted
        other_ca = make.authority(ours[part].trusted[0].subject.rfc4514_string())
        foreign = make.party(make.signed(other_ca), *trusted)
        directory = make.write(tmp_path / part, foreign)
        answer = peers.tell("netty", part, rotation.at(0, part), directory, "TLSv1.3", "")
        # Java's client shows nothing that the server did not ask for by its issuer.
        assert answer.startswith("refused: server: ")
        assert EMPTY in answer


def test_a_certificate_that_claims_the_right_issuer_is_refused(
    peers: Peers, rotation: Rotation, tmp_path: Path
) -> None:
    ours = rotation.parties(0)
    impostor = make.impostor_of(ours["rest"].trusted[0])
    directory = make.write(tmp_path / "x", make.party(impostor, *ours["cli"].trusted))
    answer = peers.rest(rotation.at(0, "rest"), directory)
    assert answer.startswith("refused: server: ")
    assert EMPTY not in answer
    assert "PKIX path" in answer


def test_no_certificate_serves_for_what_it_is_not_made_for(
    peers: Peers, rotation: Rotation, tmp_path: Path
) -> None:
    ours = rotation.parties(0)
    server_as_client = make.party(ours["rest"].identity, *ours["cli"].trusted)
    directory = make.write(tmp_path / "server-as-client", server_as_client)
    answer = peers.rest(rotation.at(0, "rest"), directory)
    assert "Extended key usage does not permit use for TLS client authentication" in answer

    client_as_server = make.party(ours["cli"].identity, *ours["rest"].trusted)
    directory = make.write(tmp_path / "client-as-server", client_as_server)
    answer = peers.rest(directory, rotation.at(0, "deployer"))
    assert "Extended key usage does not permit use for TLS server authentication" in answer

    for name in ("cli", "deployer", "rest"):
        intruder = make.party(ours[name].identity, *ours["internal"].trusted)
        directory = make.write(tmp_path / f"{name}-inside", intruder)
        assert peers.internal(rotation.at(0, "internal"), directory).startswith("refused: ")


def test_expired_certificates_of_the_rest_port_are_refused(peers: Peers, tmp_path: Path) -> None:
    ca = make.authority()
    server = make.signed(ca, "a server", purposes=("server",), key=make.keys()[0])
    client = make.signed(ca, "a client", purposes=("client",), key=make.keys()[1])
    old_server = make.signed(ca, purposes=("server",), valid=make.EXPIRED)
    old_client = make.signed(ca, purposes=("client",), valid=make.EXPIRED)
    directories = {
        name: make.write(tmp_path / name, make.party(identity, ca.certificate))
        for name, identity in (
            ("server", server),
            ("client", client),
            ("old-server", old_server),
            ("old-client", old_client),
        )
    }
    good = peers.rest(directories["server"], directories["client"])
    assert good.startswith("hello ")
    by_client = peers.rest(directories["old-server"], directories["client"])
    assert by_client.startswith("refused: client: ")
    assert "NotAfter" in by_client
    by_server = peers.rest(directories["server"], directories["old-client"])
    assert by_server.startswith("refused: server: ")
    assert "NotAfter" in by_server


def test_java_goes_on_with_an_expired_certificate_that_is_itself_trusted(
    peers: Peers, tmp_path: Path
) -> None:
    """So that nobody relies on expiry there: `inspect` and the start of a process refuse it."""
    old = make.self_signed(make.EXPIRED)
    directory = make.write(tmp_path / "internal", make.party(old, old.certificate))
    assert peers.internal(directory, directory).startswith("hello ")
    assert {finding.id for finding in inspect([directory]).findings} == {"certificate-expired"}


def test_with_a_ca_in_the_trust_store_only_the_pin_keeps_others_out(
    peers: Peers, tmp_path: Path
) -> None:
    ca = make.authority()
    ours = make.signed(ca, "flink", key=make.keys()[0])
    others = make.signed(ca, "something else")
    directory = make.write(tmp_path / "internal", make.party(ours, ca.certificate))
    intruder = make.write(tmp_path / "intruder", make.party(others, ca.certificate))
    assert peers.internal(directory, intruder).startswith("hello ")
    assert peers.internal(intruder, directory).startswith("hello ")
    pin = fingerprint(ours.certificate, hashes.SHA1())
    assert peers.internal(directory, directory, pin=pin).startswith("hello ")
    assert peers.internal(directory, intruder, pin=pin).startswith("refused: ")
    # In a rotation both are let in.
    both = f"{pin},{fingerprint(others.certificate, hashes.SHA1())}"
    assert peers.internal(directory, intruder, pin=both).startswith("hello ")


def test_a_certificate_of_a_ca_is_not_enough_in_the_trust_store(
    peers: Peers, tmp_path: Path
) -> None:
    """Why `create --internal-from` puts the CA there, with the pin, and not the certificate."""
    ca = make.authority()
    ours = make.signed(ca, "flink")
    directory = make.write(tmp_path / "internal", make.party(ours, ours.certificate))
    assert EMPTY in peers.internal(directory, directory)


def test_an_ec_key_fails_with_the_default_suites_and_works_with_tls_1_3(
    peers: Peers, tmp_path: Path
) -> None:
    identity = make.self_signed(key=make.ec_key())
    directory = make.write(tmp_path / "internal", make.party(identity, identity.certificate))
    assert peers.internal(directory, directory, "TLSv1.2").startswith("refused: ")
    assert peers.internal(directory, directory, "TLSv1.3").startswith("hello ")
    assert [finding.id for finding in inspect([directory]).findings] == ["key-not-rsa"]


def test_java_finds_nothing_in_a_trust_store_as_openssl_makes_it_and_inspect_says_so(
    peers: Peers, tmp_path: Path
) -> None:
    identity = make.self_signed()
    directory = make.write(tmp_path / "internal", make.party(identity, identity.certificate))
    encryption = serialization.BestAvailableEncryption(make.PASSWORD.encode())
    plain = pkcs12.serialize_key_and_certificates(
        None, None, None, [identity.certificate], encryption
    )
    (directory / "truststore.p12").write_bytes(plain)
    assert peers.tell("entries", directory / "truststore.p12", make.PASSWORD) == "nothing"
    (finding,) = inspect([directory]).findings
    assert finding.id == "not-trusted-by-java"
