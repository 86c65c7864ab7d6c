# SPDX-License-Identifier: Apache-2.0
"""Bearer tokens for a client in Python: of a token endpoint, or of a file; in the JVM others do it.

What is asked, and what is said of a refusal, is as in ``org.flinksec.logins``.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from flinksec_jobs.errors import JobError, SettingsError
from flinksec_jobs.files import CERTIFICATES, read_text
from flinksec_jobs.secrets import SecretFile

_SECONDS = 10
# Those are for each read, and a server may send a byte at a time.
_SECONDS_IN_ALL = 15.0
_MOST_BYTES = 1 << 20
_ERROR_WORD = re.compile(r"[a-z_]{1,40}")
# RFC 6749, 5.2, and RFC 8707, 2.
_ABOUT = {"invalid_scope": "oauth_scope", "invalid_target": "oauth_audience"}
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")
_JWT_PARTS = 3
# No token lasts to the year 10000; NaN and infinity are numbers to Python's JSON.
_DIGITS, _LATEST = 12, 253402300800
# As Kafka's sasl.login.refresh.window.factor.
_FRESH = 0.8


@dataclass
class Tokens:
    """A token for each login, renewed when the better part of its life is over.

    Args:
        new: gives a token and when it ends, in seconds of the epoch.
    """

    new: Callable[[], tuple[str, float]]
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _token: str = field(default="", repr=False)
    _fresh_until: float = 0

    def token(self) -> str:
        """Return a token that is not over.

        Raises:
            JobError: there is none; it names the setting.
        """
        with self._lock:
            now = time.time()
            if now >= self._fresh_until:
                self._token, ends = self.new()
                self._fresh_until = now + (ends - now) * _FRESH
            return self._token


@dataclass(frozen=True)
class Endpoint:
    """A token endpoint, and who asks it."""

    url: str
    client: str
    secret: SecretFile
    scope: str | None = None
    audience: str | None = None
    ca_certs: Path | None = None

    def ask(self) -> tuple[str, float]:
        """Return a new token, and when it ends.

        Raises:
            JobError: the endpoint gives none.
            SecretError, SettingsError: a file cannot be read.
        """
        parts = urlsplit(self.url)
        secret = self.secret.read_text("kafka.oauth_client_secret")
        both = f"{quote_plus(self.client)}:{quote_plus(secret)}".encode()
        form = {"grant_type": "client_credentials", "scope": self.scope, "audience": self.audience}
        connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=_SECONDS, context=self._context()
        )
        over = threading.Event()
        timer = threading.Timer(_SECONDS_IN_ALL, _cut, (connection, over))
        timer.daemon = True
        timer.start()
        try:
            connection.connect()
            if over.is_set():  # before there was a connection to be cut
                raise TimeoutError
            connection.request(
                "POST",
                f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}",
                urlencode({name: value for name, value in form.items() if value}),
                {
                    "Accept": "application/json",
                    "Authorization": f"Basic {base64.b64encode(both).decode()}",
                    "Content-Type": "application/x-www-form-urlencoded",
                },
            )
            answer = connection.getresponse()
            status, content = answer.status, answer.read(_MOST_BYTES)
        except ssl.SSLCertVerificationError as error:
            raise self._untrusted(error) from error
        except (OSError, http.client.HTTPException) as error:
            if not over.is_set():
                raise self._error("oauth_token_endpoint", f"gives no token: {error}") from error
        finally:
            timer.cancel()
            connection.close()
        if over.is_set():
            raise self._error(
                "oauth_token_endpoint",
                f"gives no token: it has not answered whole after {_SECONDS_IN_ALL:g} s",
            )
        return self._answered(status, content)

    def _context(self) -> ssl.SSLContext:
        if self.ca_certs is None:
            return ssl.create_default_context()
        text = read_text(self.ca_certs, "kafka.oauth_ca_certs", CERTIFICATES, error=SettingsError)
        try:
            return ssl.create_default_context(cadata=text)
        except (ssl.SSLError, ValueError) as error:
            raise SettingsError(
                f"kafka.oauth_ca_certs {self.ca_certs} holds no PEM certificate",
                hint="it must contain -----BEGIN CERTIFICATE-----",
            ) from error

    def _answered(self, status: int, content: bytes) -> tuple[str, float]:
        asked = time.time()
        found = _object(content)
        if status != http.HTTPStatus.OK:
            error = found.get("error")
            is_word = isinstance(error, str) and bool(_ERROR_WORD.fullmatch(error))
            why = error if is_word else f"HTTP status {status}"
            of_client = str(error).endswith("_client") or status == http.HTTPStatus.UNAUTHORIZED
            if of_client:
                raise self._error("oauth_client_secret", f"refuses the client {self.client}: {why}")
            if why in _ABOUT:
                raise self._error(_ABOUT[why], f"refuses it: {why}")
            raise self._error("oauth_token_endpoint", f"gives no token: {why}")
        token, seconds = found.get("access_token"), found.get("expires_in")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise self._error("oauth_token_endpoint", "answers without a token")
        ends = _end_of(token) or (asked + _number(seconds) if _number(seconds) else 0)
        if not ends:
            raise self._error("oauth_token_endpoint", "does not say when its token ends")
        return token, ends

    def _untrusted(self, error: ssl.SSLCertVerificationError) -> JobError:
        if "match" in error.verify_message.lower():
            return self._error("oauth_token_endpoint", "has a certificate for another host")
        if "expired" in error.verify_message:
            return self._error("oauth_token_endpoint", "has a certificate that has expired")
        return self._error("oauth_ca_certs", "has a certificate that no trusted CA has signed")

    def _error(self, setting: str, what: str) -> JobError:
        return JobError(
            f"kafka.{setting}: the token endpoint {self.url} {what}",
            hint="`flinksec doctor` asks it as a job does",
        )


def _cut(connection: http.client.HTTPSConnection, over: threading.Event) -> None:
    """End a connection under whoever reads from it."""
    over.set()
    if connection.sock is not None:
        with contextlib.suppress(OSError):
            # Not that of TLS, which would change the socket under the other thread.
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)


def of_file(file: SecretFile) -> tuple[str, float]:
    """Return the token in a file, and that it is to be read again at once.

    Raises:
        JobError: it is over, or no JSON Web Token.
        SecretError: it cannot be read.
    """
    token = file.read_text("kafka.oauth_token_file")
    ends = _end_of(token) if _TOKEN.fullmatch(token) else 0
    if ends <= time.time():
        raise JobError(
            f"kafka.oauth_token_file (file:{file.path}): "
            + ("the token has expired" if ends else "it holds no JSON Web Token"),
            hint="have a new token written into the file",
        )
    return token, 0


def _end_of(token: str) -> float:
    parts = token.split(".")
    if len(parts) != _JWT_PARTS:
        return 0
    try:
        claims = _object(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return 0
    return _number(claims.get("exp"))


def _number(value: object) -> float:
    """Return a JSON number, or one in quotes as some servers write it; 0 for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < _DIGITS:
        return float(value)
    if not isinstance(value, int | float) or not -_LATEST < value < _LATEST:
        return 0
    return float(value)


def _object(content: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
