# SPDX-License-Identifier: Apache-2.0
"""``flinksec certs create`` where there is something already: nothing is overwritten."""

from __future__ import annotations

import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from flinksec_jobs.certs.create import Request, create
from flinksec_jobs.certs.generations import Generations
from flinksec_jobs.certs.issue import Making
from flinksec_jobs.certs.stores import read_parties
from flinksec_jobs.errors import CertificateError
from tests import certificates as make

Flinksec = Callable[..., Result]


def content(directory: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_certificates_are_never_overwritten(certs: Path, flinksec: Flinksec) -> None:
    before = content(certs)
    result = flinksec("create", certs, "--namespace", "flights")
    assert result.exit_code == 1
    assert f"{certs} holds certificates already, which are never overwritten" in result.stderr
    assert f"flinksec certs rotate {certs}" in result.stderr
    assert content(certs) == before


def test_a_directory_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(CertificateError, match="is not empty"):
        create(tmp_path, Request(make.SERVICES))
    assert [path.name for path in tmp_path.iterdir()] == ["notes"]


def test_an_empty_directory_is_taken_and_made_private(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    create(tmp_path, Request(make.SERVICES))
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CertificateError, match="cannot be used: not a directory"):
        create(tmp_path / "file" / "certs", Request(make.SERVICES))


def test_two_at_once_do_not_mix(tmp_path: Path) -> None:
    with (
        Generations(tmp_path).locked(),
        pytest.raises(CertificateError, match="another flinksec certs"),
    ):
        create(tmp_path, Request(make.SERVICES))


def test_if_missing_accepts_what_is_there_and_right(certs: Path, flinksec: Flinksec) -> None:
    before = content(certs)
    result = flinksec("create", certs, "--namespace", "flights", "--if-missing")
    assert (result.exit_code, result.stdout) == (0, f"{certs} has all that is asked for\n")
    assert content(certs) == before


def test_if_missing_makes_what_is_not_there(tmp_path: Path, flinksec: Flinksec) -> None:
    result = flinksec("create", tmp_path / "c", "--name", "localhost", "--if-missing")
    assert result.exit_code == 0
    assert sorted(read_parties(tmp_path / "c")) == ["cli", "deployer", "internal", "rest"]


@pytest.mark.parametrize(
    ("options", "lacking"),
    [
        (["--namespace", "other"], "the certificate of rest lacks the name flink-jobmanager.other"),
        (["--namespace", "flights", "--wildcard"], "the certificate of internal lacks the name"),
        (["--namespace", "flights", "--client", "proxy"], "it has no proxy"),
    ],
)
def test_if_missing_refuses_what_is_there_and_not_right(
    certs: Path, flinksec: Flinksec, options: list[str], lacking: str
) -> None:
    result = flinksec("create", certs, "--if-missing", *options)
    assert result.exit_code == 1
    assert lacking in result.stderr


def test_if_missing_refuses_what_has_expired(tmp_path: Path, flinksec: Flinksec) -> None:
    past = datetime.now(UTC) - timedelta(days=400)
    create(tmp_path / "c", Request(make.SERVICES, making=Making(now=past)))
    result = flinksec("create", tmp_path / "c", "--namespace", "flights", "--if-missing")
    assert result.exit_code == 1
    assert "the certificate of internal is not valid" in result.stderr
