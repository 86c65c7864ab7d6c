# SPDX-License-Identifier: Apache-2.0
"""A client of Flink's REST server that shows its certificate and checks the server's."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from flinksec_jobs.errors import FlinkSecError, JobError
from flinksec_jobs.files import open_regular

TIMEOUT_SECONDS = 5.0
_ERRORS_FROM = 400
_MOST_BYTES = 64 << 20


class Certificate(Protocol):
    """What a client shows, and whom it trusts: paths of PEM files."""

    @property
    def certificate(self) -> Path:
        """The client's certificate, with its chain."""

    @property
    def key(self) -> Path:
        """Its key."""

    @property
    def trusted(self) -> Path:
        """Certificates that the server's own must come from."""


class RestUnreachableError(JobError):
    """Nobody answers at the address, or somebody without the right certificate."""


class RestRefusedError(JobError):
    """Flink answered with an error.

    Attributes:
        status: HTTP's number for it.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class RestClient:
    """A client of one REST server, for one thread.

    Args:
        address: of the server, ``https://127.0.0.1:40123``.
        files: the client's certificate and key, and whom it trusts.
        timeout: of one request in seconds.
        open_socket: opens a connection to the server, if not by its address; the server's name
            is still that of the address.
    """

    def __init__(
        self,
        address: str,
        files: Certificate,
        *,
        timeout: float = TIMEOUT_SECONDS,
        open_socket: Callable[[], socket.socket] | None = None,
    ) -> None:
        parts = urlsplit(address)
        if parts.scheme != "https" or not parts.hostname or not parts.port:
            raise FlinkSecError(f"{address} is not the address of a REST server with TLS")
        self.address = address
        self._context = _context(files)
        self._connection = _Connection(
            parts.hostname, parts.port, timeout=timeout, context=self._context
        )
        self._connection.open_socket = open_socket

    def get(self, path: str) -> Any:
        """Ask for a path, ``/jobs``, and return its JSON.

        Raises:
            RestUnreachableError: there is no answer.
            RestRefusedError: the answer is an error.
        """
        return json.loads(self.request("GET", path) or b"null")

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send a JSON object to a path, and return the answer's.

        Raises:
            RestUnreachableError: there is no answer.
            RestRefusedError: the answer is an error.
        """
        return json.loads(self.request("POST", path, body or {}) or b"null")

    def patch(self, path: str) -> Any:
        """Send an empty PATCH, as cancelling a job needs it.

        Raises:
            RestUnreachableError: there is no answer.
            RestRefusedError: the answer is an error.
        """
        return json.loads(self.request("PATCH", path) or b"null")

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """Put a JSON object at a path, and return the answer's.

        Raises:
            RestUnreachableError: there is no answer.
            RestRefusedError: the answer is an error.
        """
        return json.loads(self.request("PUT", path, body) or b"null")

    def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> bytes:
        """Send a request and return the bytes of a good answer.

        Raises:
            RestUnreachableError: there is no answer.
            RestRefusedError: the answer is an error.
        """
        content = None if body is None else json.dumps(body).encode()
        headers = {} if content is None else {"Content-Type": "application/json"}
        try:
            self._connection.request(method, path, content, headers)
            answer = self._connection.getresponse()
            found = answer.read(_MOST_BYTES)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise RestUnreachableError(
                f"Flink does not answer at {self.address}: {error or type(error).__name__}"
            ) from error
        if answer.status >= _ERRORS_FROM:
            raise RestRefusedError(
                f"Flink refuses {method} {path} with {answer.status}: {_reason(found)}",
                answer.status,
            )
        return found

    def close(self) -> None:
        """Close the connection; a later request opens another."""
        self._connection.close()


class _Connection(http.client.HTTPSConnection):
    """A connection whose socket may be opened by somebody else, as through a port-forward."""

    open_socket: Callable[[], socket.socket] | None = None

    def connect(self) -> None:
        """Open it."""
        if self.open_socket is None:
            super().connect()
            return
        plain = self.open_socket()
        plain.settimeout(self.timeout)
        context: ssl.SSLContext = self._context  # type: ignore[attr-defined]
        self.sock = context.wrap_socket(plain, server_hostname=self.host)


def client_context(files: Certificate) -> ssl.SSLContext:
    """Return the TLS of a client that shows a certificate, and trusts nobody but whom it names.

    Raises:
        OSError: a file is missing or no regular one, or OpenSSL cannot use it (`ssl.SSLError`).
    """
    for path in (files.trusted, files.certificate, files.key):
        open_regular(path).close()  # OpenSSL would wait for a named pipe's writer
    context = ssl.create_default_context(cafile=str(files.trusted))
    context.hostname_checks_common_name = False
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(files.certificate, files.key)
    return context


def _context(files: Certificate) -> ssl.SSLContext:
    try:
        return client_context(files)
    except OSError as error:
        raise RestUnreachableError(
            f"the client certificate in {files.certificate.parent} cannot be used: "
            f"{error.strerror or error}",
            hint="a local run deletes its own when it ends",
        ) from error


def _reason(content: bytes) -> str:
    """Return the first line of Flink's own reason, without its stack trace."""
    try:
        errors = json.loads(content)["errors"]
        lines = [line for error in errors for line in str(error).splitlines()]
    except (ValueError, KeyError, TypeError):
        return "no reason given"
    causes = [line for line in lines if line.startswith("Caused by: ")]
    return (causes[-1:] or lines[:1] or ["no reason given"])[0].removeprefix("Caused by: ")
