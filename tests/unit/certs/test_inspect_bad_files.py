# SPDX-License-Identifier: Apache-2.0
"""Bad files of every kind: ``flinksec certs inspect`` answers, and no parser is led astray."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flinksec_jobs.certificates import truststore
from flinksec_jobs.certs.bags import read_bags
from flinksec_jobs.certs.inspection import inspect
from flinksec_jobs.certs.stores import read_parties
from flinksec_jobs.errors import CertificateError, FlinkSecError
from tests import certificates as make

Flinksec = Callable[..., Result]


GOOD = make.party(make.self_signed(), make.self_signed().certificate, has_pem=True).files()


def test_a_password_with_a_nul_opens_no_store(certs: Path) -> None:
    (certs / "internal" / "password").write_text("a\0b")
    found = [f.why for f in inspect([certs]).findings]
    assert any("does not open with its password" in message for message in found)


@pytest.mark.slow
@settings(max_examples=100, derandomize=True, suppress_health_check=list(HealthCheck))
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


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_bags_of_any_bytes_are_refused_quietly(content: bytes) -> None:
    assert read_bags(content, "password") is None or content


@settings(max_examples=100)
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
