# SPDX-License-Identifier: Apache-2.0
"""What ``flinksec certs inspect`` shows, and everything that it finds fault with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from cryptography.hazmat.primitives import hashes

from flinksec_jobs import certificates
from flinksec_jobs.certificates import pem
from flinksec_jobs.certs.inspection import inspect
from flinksec_jobs.certs.rotate import Step, rotate
from flinksec_jobs.certs.stores import read_parties
from tests import certificates as make
from tests.unit.certs.inspected import ids

Flinksec = Callable[..., Result]


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
