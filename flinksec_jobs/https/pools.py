# SPDX-License-Identifier: Apache-2.0
"""Connections of urllib3 to one server, as the settings want them, with the files as they are."""

from __future__ import annotations

import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import urllib3
from urllib3.connection import HTTPSConnection
from urllib3.util import Timeout

from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.https.authorization import proxy_authorization
from flinksec_jobs.https.jvm_options import files
from flinksec_jobs.https.ssl_contexts import ssl_context

if TYPE_CHECKING:
    from flinksec_jobs.settings import HttpsSettings

_State = tuple[tuple[int, int, int] | None, ...]


class Connections:
    """Connections to one server.

    New files that cannot be used are not taken: the ones before stay in use, with a warning.

    Args:
        settings: the section.
        section: its name, for messages.
        server: its scheme, host and port.
        most: connections at the same time.
    """

    def __init__(
        self, settings: HttpsSettings, section: str, server: tuple[str, str, int], most: int
    ) -> None:
        """Read the files for the first time."""
        self._settings = settings
        self._section = section
        self._server = server
        self._most = most
        self._state = self._looked_at()
        self._pool = self._made()
        self._used = time.monotonic()

    def urlopen(self, method: str, target: str, **options: Any) -> Any:
        """Send a request, as urllib3 names its parts; a redirect is an answer like any other."""
        self._renew()
        options = {**options, "retries": urllib3.Retry(False), "redirect": False}
        if self._settings.proxy is None:
            return self._pool.urlopen(method, target, **options)
        scheme, host, port = self._server
        named = f"[{host}]" if ":" in host else host
        return self._pool.urlopen(
            method, f"{scheme}://{named}:{port}{target}", assert_same_host=False, **options
        )

    def close(self) -> None:
        """Close all of them."""
        self._pool.clear() if self._settings.proxy else self._pool.close()

    def _renew(self) -> None:
        now, state = time.monotonic(), self._looked_at()
        idle = now - self._used > self._settings.keep_alive.total_seconds()
        self._used = now
        if not idle and state == self._state:
            return
        try:
            made = self._made()
        except FlinkSecError as error:
            warnings.warn(f"{error.message}; what was read before stays in use", stacklevel=4)
            return
        self.close()
        self._pool, self._state = made, state

    def _looked_at(self) -> _State:
        passwords = [self._settings.proxy_password] if self._settings.proxy_password else []
        return tuple(map(_stat, (*files(self._settings), *(one.path for one in passwords))))

    def _made(self) -> Any:
        scheme, host, port = self._server
        options: dict[str, Any] = {
            "maxsize": self._most,
            "block": True,
            "timeout": Timeout(
                connect=self._settings.connect_timeout.total_seconds(),
                read=self._settings.response_timeout.total_seconds(),
            ),
        }
        if scheme == "https":
            options["ssl_context"] = ssl_context(self._settings, self._section)
            if self._settings.verification != "full":
                options["assert_hostname"] = False
        if self._settings.proxy is not None:
            headers = proxy_authorization(self._settings, self._section)
            made: Any = urllib3.ProxyManager(
                self._settings.proxy, proxy_headers=headers or None, **options
            )
            made.pool_classes_by_scheme = {
                "http": urllib3.HTTPConnectionPool,
                "https": self._https_pool(),
            }
            return made
        if scheme == "https":
            return self._https_pool()(host, port=port, **options)
        return urllib3.HTTPConnectionPool(host, port=port, **options)

    def _https_pool(self) -> type[urllib3.HTTPSConnectionPool]:
        return _PinnedPool if self._settings.verification == "fingerprint" else _Pool


class _PinnedConnection(HTTPSConnection):
    """Not warned of: its context has compared the fingerprint."""

    def connect(self) -> None:
        super().connect()
        self.is_verified = True


class _PinnedPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _PinnedConnection


_Pool = urllib3.HTTPSConnectionPool


def _stat(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
