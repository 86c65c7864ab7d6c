# SPDX-License-Identifier: Apache-2.0
"""What ``flinksec certs create`` makes, and what it leaves alone."""

from __future__ import annotations

import base64
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from ruamel.yaml import YAML

from flinksec_jobs import tls
from flinksec_jobs.certs.anchors import anchors_of, is_authority, names_of, serves
from flinksec_jobs.certs.create import Request, create
from flinksec_jobs.certs.issue import Making, Services
from flinksec_jobs.certs.stores import Party, read_parties
from flinksec_jobs.errors import CertificateError
from tests import certificates as make

STORES = ["keystore.p12", "password", "truststore.p12"]
Flinksec = Callable[..., Result]


def secrets_of(directory: Path) -> list[str]:
    """What must be in no output: passwords, and lines of keys."""
    found = [path.read_text() for path in directory.glob("*/password")]
    for key in directory.glob("*/tls.key"):
        found += key.read_text().splitlines()[1:-1]
    return found


def test_the_directory_holds_what_the_cluster_mounts(certs: Path) -> None:
    listed = {
        path.name: sorted(file.name for file in path.iterdir())
        for path in certs.iterdir()
        if not path.name.startswith(".")
    }
    all_files = sorted(["ca.crt", "tls.crt", "tls.key", *STORES])
    assert listed == {"internal": STORES, "rest": STORES, "cli": all_files, "deployer": all_files}


def test_directories_and_files_are_private(certs: Path) -> None:
    entries = [certs, *certs.rglob("*"), *certs.resolve().glob(".generation-*/**/*")]
    modes = (
        {stat.S_IMODE(path.stat().st_mode) for path in entries if path.is_file()},
        {stat.S_IMODE(path.stat().st_mode) for path in entries if path.is_dir()},
    )
    assert modes == ({0o600}, {0o700})


def test_internal_connections_have_one_key_that_trusts_nothing_but_itself(certs: Path) -> None:
    internal = read_parties(certs)["internal"]
    certificate = internal.identity.certificate
    assert internal.trusted == (certificate,)
    assert certificate.issuer == certificate.subject
    assert not is_authority(certificate)
    assert serves(certificate, "server")
    assert serves(certificate, "client")
    assert names_of(certificate) == ()


def test_the_rest_server_and_its_clients_have_a_ca_of_their_own(certs: Path) -> None:
    parties = read_parties(certs)
    (ca,) = parties["rest"].trusted
    assert is_authority(ca)
    for name, purpose, other in (
        ("rest", "server", "client"),
        ("cli", "client", "server"),
        ("deployer", "client", "server"),
    ):
        certificate = parties[name].identity.certificate
        assert anchors_of([certificate], [ca]) == (ca,)
        assert (serves(certificate, purpose), serves(certificate, other)) == (True, False)  # type: ignore[arg-type]
        assert parties[name].trusted == (ca,)
    assert names_of(parties["rest"].identity.certificate) == (
        "flink-jobmanager",
        "flink-jobmanager.flights",
        "flink-jobmanager.flights.svc",
        "flink-jobmanager.flights.svc.cluster.local",
    )


def test_the_key_of_the_rest_ca_is_kept_nowhere(certs: Path) -> None:
    parties = read_parties(certs)
    (ca,) = parties["rest"].trusted
    assert not any(tls.belongs_to(party.identity.key, ca) for party in parties.values())
    files = [path for path in certs.rglob("*") if path.is_file()]
    assert sum(b"PRIVATE KEY" in path.read_bytes() for path in files) == 2


def test_every_party_has_its_own_password_and_key(certs: Path) -> None:
    parties = read_parties(certs).values()
    assert len({party.password for party in parties}) == len(parties)
    assert all(len(party.password) >= 43 for party in parties)
    numbers = {party.identity.certificate.serial_number for party in parties}
    assert len(numbers) == len(parties)


def test_keys_are_rsa_of_4096_bits_if_nothing_else_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes = []
    with make.real_keys():
        monkeypatch.setattr(
            rsa, "generate_private_key", lambda public_exponent, key_size: sizes.append(key_size)
        )
        Making().key()
        Making(key_bits=3072).key()
    assert sizes == [4096, 3072]


def test_the_validity_begins_an_hour_ago_and_ends_after_the_days() -> None:
    now = datetime(2030, 1, 1, 12, tzinfo=UTC)
    validity = Making(days=90, now=now).validity
    assert validity.begins == datetime(2030, 1, 1, 11, tzinfo=UTC)
    assert validity.ends == now + timedelta(days=90)


def test_the_wildcard_variant_names_jobmanager_and_taskmanagers(tmp_path: Path) -> None:
    services = Services("flights", "jm", "tm", "example.internal")
    parties = create(tmp_path / "certs", Request(services, wildcard=True))
    assert names_of(parties["internal"].identity.certificate) == (
        "*.tm.flights.svc.example.internal",
        "jm",
        "jm.flights",
        "jm.flights.svc",
        "jm.flights.svc.example.internal",
    )


def test_further_names_and_clients_are_taken(tmp_path: Path) -> None:
    names = ("flink.example.com", "127.0.0.1", "*.flink.example.com", "::1")
    parties = create(tmp_path / "certs", Request(names=names, clients=("cli", "proxy")))
    assert set(names_of(parties["rest"].identity.certificate)) == set(names)
    assert sorted(parties) == ["cli", "internal", "proxy", "rest"]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request(), "would have no name"),
        (Request(names=("a",), wildcard=True), "--wildcard needs the namespace"),
        (Request(names=("a b",)), "--name 'a b' is neither a DNS name"),
        (Request(names=("a.*.b",)), "is neither a DNS name"),
        (Request(names=("ä",)), "is neither a DNS name"),
        (Request(names=("a",), clients=("../cli",)), "--client '../cli' is not a DNS label"),
        (Request(names=("a",), clients=("rest",)), "--client rest is a name of the cluster's own"),
    ],
)
def test_what_cannot_be_made_is_refused_before_anything_is_written(
    tmp_path: Path, request_: Request, message: str
) -> None:
    with pytest.raises(CertificateError, match=message):
        create(tmp_path / "certs", request_)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("namespace", ["", "A", "a.b", "-a", "a" * 64, "a\n"])
def test_a_namespace_is_a_dns_label(namespace: str) -> None:
    with pytest.raises(CertificateError, match="--namespace"):
        Services(namespace)


def test_nothing_secret_is_printed_and_kubectl_is_told_the_files(
    tmp_path: Path, flinksec: Flinksec
) -> None:
    certs = tmp_path / "with space"
    result = flinksec("create", certs, "--namespace", "flights")
    assert result.exit_code == 0
    for secret in secrets_of(certs):
        assert secret not in result.output
    lines = [line.strip() for line in result.stdout.splitlines() if "kubectl" in line]
    names = [line.split()[4] for line in lines]
    assert names == ["flink-internal-tls", "flink-rest-tls", "flink-deployer-rest-client"]
    assert lines[0] == (
        "kubectl create secret generic flink-internal-tls --namespace flights "
        f"'--from-file={certs}/internal/keystore.p12' "
        f"'--from-file={certs}/internal/truststore.p12' "
        f"'--from-file={certs}/internal/password' --dry-run=client -o yaml | "
        "kubectl apply --server-side --namespace flights -f -"
    )


def test_secrets_are_written_as_yaml_into_a_private_file(
    tmp_path: Path, flinksec: Flinksec
) -> None:
    manifest = tmp_path / "secrets.yaml"
    certs = tmp_path / "certs"
    options = ["--namespace", "flights", "--kubernetes", manifest]
    assert flinksec("create", certs, *options).exit_code == 0
    assert stat.S_IMODE(manifest.stat().st_mode) == 0o600
    documents: list[dict[str, Any]] = list(YAML(typ="safe").load_all(manifest))
    found = {one["metadata"]["name"]: one for one in documents}
    assert sorted(found) == ["flink-deployer-rest-client", "flink-internal-tls", "flink-rest-tls"]
    for name, party in (
        ("flink-internal-tls", "internal"),
        ("flink-rest-tls", "rest"),
        ("flink-deployer-rest-client", "deployer"),
    ):
        assert (found[name]["kind"], found[name]["metadata"]["namespace"]) == ("Secret", "flights")
        # Encrypted anew, so of other bytes: what is in them is compared.
        mounted = tmp_path / "mounted" / name
        mounted.mkdir(parents=True)
        for file, text in found[name]["data"].items():
            (mounted / file).write_bytes(base64.b64decode(text))
            (mounted / file).chmod(0o600)
        assert {file.name for file in mounted.iterdir()} == {
            file.name for file in (certs / party).iterdir()
        }
    from_files, from_secrets = read_parties(certs), read_parties(tmp_path / "mounted")
    assert content_of(from_files["internal"]) == content_of(from_secrets["flink-internal-tls"])


def content_of(party: Party) -> tuple[x509.Certificate, tuple[x509.Certificate, ...], str]:
    return party.identity.certificate, party.trusted, party.password


def test_a_file_of_secrets_is_not_overwritten_and_then_nothing_is_made(
    tmp_path: Path, flinksec: Flinksec
) -> None:
    manifest = tmp_path / "secrets.yaml"
    manifest.write_text("mine")
    options = ["--namespace", "flights", "--kubernetes", manifest]
    result = flinksec("create", tmp_path / "certs", *options)
    assert result.exit_code == 1
    assert f"--kubernetes {manifest} exists already" in result.stderr
    assert manifest.read_text() == "mine"
    assert not (tmp_path / "certs").exists()
