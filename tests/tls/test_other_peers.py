# SPDX-License-Identifier: Apache-2.0
"""Python's OpenSSL as a client and a server of REST, and the matrix of ``inspect`` beside Java."""

from __future__ import annotations

import itertools
import socket
import ssl
import threading
from pathlib import Path

import pytest

from flinksec_jobs.certs.inspection import inspect
from flinksec_jobs.certs.stores import Party
from tests import certificates as make
from tests.patience import PATIENCE
from tests.tls.conftest import Peers, Rotation

STEPS = range(4)


def client_context(directory: Path, *, shows: bool = True) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=directory / "ca.crt")
    if shows:
        context.load_cert_chain(directory / "tls.crt", directory / "tls.key")
    return context


def ask(port: int, context: ssl.SSLContext, name: str = "localhost") -> bytes:
    with (
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname=name) as connection,
    ):
        connection.sendall(b"hello")
        return connection.recv(5)


def test_a_python_client_one_step_apart_talks_to_flinks_rest_server_and_no_other_does(
    peers: Peers, rotation: Rotation
) -> None:
    ports = [int(peers.tell("serve", rotation.at(step, "rest"))) for step in STEPS]
    for server, client in itertools.product(STEPS, STEPS):
        context = client_context(rotation.at(client, "cli"))
        if abs(server - client) <= 1:
            assert ask(ports[server], context) == b"hello", (server, client)
        else:
            # With TLS 1.3 a client hears only afterwards that its certificate was refused.
            with pytest.raises((ssl.SSLError, ConnectionError)):
                assert ask(ports[server], context) == b"", (server, client)
                raise ssl.SSLError("closed")


def test_a_python_client_checks_the_name_of_flinks_rest_server(
    peers: Peers, rotation: Rotation
) -> None:
    port = int(peers.tell("serve", rotation.at(0, "rest")))
    context = client_context(rotation.at(0, "cli"))
    assert ask(port, context, "flink-jobmanager.flights.svc.cluster.local") == b"hello"
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        ask(port, context, "flink-jobmanager.other.svc.cluster.local")


def test_flinks_rest_server_refuses_a_python_client_without_a_certificate(
    peers: Peers, rotation: Rotation
) -> None:
    port = int(peers.tell("serve", rotation.at(0, "rest")))
    with pytest.raises((ssl.SSLError, ConnectionError)):
        ask(port, client_context(rotation.at(0, "cli"), shows=False))


def test_flinks_rest_client_talks_to_a_server_of_openssl_that_wants_certificates(
    peers: Peers, rotation: Rotation, tmp_path: Path
) -> None:
    """A proxy in front of REST is one."""
    parties = rotation.parties(0)
    directory = make.write(
        tmp_path / "server",
        make.party(parties["rest"].identity, *parties["rest"].trusted, has_pem=True),
    )
    context = ssl.create_default_context(
        ssl.Purpose.CLIENT_AUTH, cafile=rotation.at(0, "cli") / "ca.crt"
    )
    context.load_cert_chain(directory / "tls.crt", directory / "tls.key")
    context.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)

        def serve() -> None:
            for _ in range(2):
                plain, _ = listening.accept()
                with plain:
                    try:
                        with context.wrap_socket(plain, server_side=True) as connection:
                            connection.sendall(connection.recv(5))
                    except OSError:
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        port = listening.getsockname()[1]
        answers = [peers.tell("ask", rotation.at(step, "cli"), port) for step in (0, 3)]
        thread.join(20)
    assert answers[0].startswith("hello TLSv1.3 ")
    assert answers[1].startswith("refused: ")


@pytest.mark.parametrize("step", STEPS)
def test_the_matrix_of_inspect_is_what_flink_does(
    peers: Peers, rotation: Rotation, tmp_path: Path, step: int
) -> None:
    parties = rotation.parties(step)
    answers = {
        (cell.shows, cell.trusts): cell.answer
        for cell in inspect([rotation.directories[step]]).cells
    }
    assert len(answers) == len(parties) ** 2
    for (shown, judge), answer in answers.items():
        handshake = let_in(peers, parties[shown], parties[judge], judge, tmp_path / shown / judge)
        assert handshake.startswith("hello ") == (answer == "yes"), (shown, judge, handshake)


def let_in(peers: Peers, shown: Party, judge: Party, name: str, directory: Path) -> str:
    """Let a party judge what another shows, which itself trusts the judge."""
    judging = make.write(directory / "judge", judge)
    showing = make.write(
        directory / "shown", make.with_trust(shown, judge.identity.certificate, *judge.trusted)
    )
    if name == "internal":
        return peers.internal(judging, showing)
    if name == "rest":
        return peers.rest(judging, showing)
    # A client judges a server, and has to be let in by it.
    return peers.rest(showing, judging)
