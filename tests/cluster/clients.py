# SPDX-License-Identifier: Apache-2.0
"""Clients that try to get into a port: none, wrong and right certificates."""

import contextlib
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

import psutil
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

HOST = "127.0.0.1"
IN = "in"
# How long a server may take to refuse; one that says nothing for so long has let us in.
_SECONDS = 15
_TLS_ALERT = 0x15


@dataclass(frozen=True)
class Identity:
    """A certificate with its key in PEM files."""

    certificate: Path
    key: Path

    @classmethod
    def of_store(cls, directory: Path, target: Path) -> "Identity":
        """Take the certificate and the key out of ``keystore.p12``."""
        password = (directory / "password").read_bytes().strip()
        found = pkcs12.load_pkcs12((directory / "keystore.p12").read_bytes(), password)
        assert found.key is not None
        assert found.cert is not None
        pem = serialization.Encoding.PEM
        identity = cls(target / "tls.crt", target / "tls.key")
        target.mkdir(mode=0o700)
        identity.certificate.write_bytes(found.cert.certificate.public_bytes(pem))
        form, encryption = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        identity.key.write_bytes(found.key.private_bytes(pem, form, encryption))
        return identity


def listening_ports(pid: int) -> set[int]:
    """Every TCP port on which a process, or one that it has started, listens."""
    process = psutil.Process(pid)
    found = set()
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            found |= {
                connection.laddr.port
                for connection in one.net_connections("tcp")
                if connection.status == psutil.CONN_LISTEN
            }
    return found


def speak_plainly(port: int) -> str:
    """Send what a program without TLS would; tell whether anything but an alert came back."""
    with socket.create_connection((HOST, port), _SECONDS) as connection:
        connection.settimeout(_SECONDS)
        try:
            connection.sendall(b"GET /jobs HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = connection.recv(1000)
        except TimeoutError:
            return IN
        except OSError as error:
            return f"refused: {error}"
    if answer.startswith(b"HTTP/1.1 301 ") and b"location: https://" in answer.lower():
        return "refused: come by TLS"  # REST says so without looking at the request
    return IN if answer and answer[0] != _TLS_ALERT else "refused"


def speak_tls(port: int, identity: Identity | None) -> str:
    """Shake hands and wait: a server that wants another certificate hangs up."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if identity:
        context.load_cert_chain(identity.certificate, identity.key)
    with socket.create_connection((HOST, port), _SECONDS) as connection:
        connection.settimeout(_SECONDS)
        try:
            with context.wrap_socket(connection) as wrapped:
                # In TLS 1.3 the server judges the client's certificate after its own handshake.
                return IN if wrapped.recv(1) else "refused: end of stream"
        except TimeoutError:
            return IN
        except OSError as error:
            return f"refused: {error}"


def tls_version(port: int, version: ssl.TLSVersion, identity: Identity) -> str:
    """Offer one version of TLS only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    context.load_cert_chain(identity.certificate, identity.key)
    with socket.create_connection((HOST, port), _SECONDS) as connection:
        connection.settimeout(_SECONDS)
        try:
            with context.wrap_socket(connection) as wrapped:
                return str(wrapped.version())
        except OSError as error:
            return f"refused: {error}"
