# SPDX-License-Identifier: Apache-2.0
"""The certificates of metrics, as another program judges them."""

import ssl
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from flinksec_jobs.certs import metrics_pair
from flinksec_jobs.certs.issue import Making
from flinksec_jobs.cli import main
from flinksec_jobs.errors import CertificateError

QUICK = Making(key_bits=2048)
# Those of this directory's tests are made short, to be made quickly.
SHORT_KEYS = "DEFAULT:@SECLEVEL=0"


def test_both_sides_accept_each_other_by_the_one_name_and_nobody_else(tmp_path: Path) -> None:
    directory = tmp_path / "pair"
    metrics_pair.write(directory, metrics_pair.make(QUICK, ("flink.example.com",)))
    assert shake_hands(directory, directory, "flink-metrics")
    assert shake_hands(directory, directory, "flink.example.com")
    assert not shake_hands(directory, directory, "localhost")
    other = tmp_path / "other"
    metrics_pair.write(other, metrics_pair.make(QUICK))
    assert not shake_hands(directory, other, "flink-metrics")
    assert not shake_hands(other, directory, "flink-metrics")


def shake_hands(server: Path, client: Path, name: str) -> bool:
    """Whether the TLS of Python gets through, in memory."""
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.verify_mode = ssl.CERT_REQUIRED
    theirs.set_ciphers(SHORT_KEYS)
    theirs.load_cert_chain(server / "metrics" / "tls.crt", server / "metrics" / "tls.key")
    theirs.load_verify_locations(server / "metrics" / "ca.crt")
    ours = ssl.create_default_context(cafile=str(client / "prometheus" / "ca.crt"))
    ours.set_ciphers(SHORT_KEYS)
    ours.load_cert_chain(client / "prometheus" / "tls.crt", client / "prometheus" / "tls.key")
    one, other = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        ours.wrap_bio(one, other, server_hostname=name),
        theirs.wrap_bio(other, one, server_side=True),
    ]
    try:
        for turn in range(20):
            side = sides[turn % 2]
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
        sides[0].write(b"x")
        return sides[1].read(1) == b"x"
    except (ssl.SSLError, ssl.CertificateError):
        return False


def test_files_are_private_and_never_overwritten(tmp_path: Path) -> None:
    directory = tmp_path / "pair"
    metrics_pair.write(directory, metrics_pair.make(QUICK))
    for path in directory.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    with pytest.raises(CertificateError, match="exists already"):
        metrics_pair.write(directory, metrics_pair.make(QUICK))
    assert list(tmp_path.iterdir()) == [directory]


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(CertificateError, match="--name"):
        metrics_pair.make(QUICK, ("no name",))


def test_the_command_prints_how_to_make_both_secrets(tmp_path: Path) -> None:
    directory = tmp_path / "pair"
    arguments = ["certs", "metrics", str(directory), "--key-bits", "2048", "--namespace", "flights"]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    for name, party in metrics_pair.SECRETS.items():
        assert f"generic {party} --namespace flights" in done.output
        assert f"--from-file={directory / name / 'ca.crt'}" in done.output
