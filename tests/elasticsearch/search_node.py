# SPDX-License-Identifier: Apache-2.0
"""One Elasticsearch that tests kill, hold, lock out and give other certificates, and ways to it."""

from __future__ import annotations

import gzip
import json
import os
import secrets
import signal
import ssl
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import urllib3
from elasticsearch import Elasticsearch

from flinksec_jobs.runtime.java import find_java
from flinksec_jobs.sandbox import elasticsearch_node, processes
from flinksec_jobs.sandbox.layout import Layout
from flinksec_jobs.sandbox.ports import free_ports
from flinksec_jobs.sandbox.processes import Server
from flinksec_jobs.sandbox.server_jars import fetch
from flinksec_jobs.sandbox.test_ca import write_certificates
from flinksec_jobs.sealed import KeyRing
from tests.https_certificates import Issued, issued, server_context
from tests.https_servers import PRODUCT, Asked, Said, serving
from tests.patience import PATIENCE

READY_SECONDS = 300
_KEPT = ("authorization", "content-type", "content-encoding")
Fault = Callable[[Asked, Callable[[Asked], Said]], Said]


class SearchNode:
    """Elasticsearch as the sandbox has it, with a directory and ports of its own.

    Args:
        directory: where it lives; its data outlive it there.
    """

    def __init__(self, directory: Path) -> None:
        self.layout = Layout(directory)
        self.layout.make()
        self.ports = dict(zip(elasticsearch_node.PORTS, free_ports(2), strict=True))
        self._stores = secrets.token_urlsafe(24)
        self._server: Server | None = None
        KeyRing.create(self.layout.state_keys)
        self.renew_certificates()
        self.change_password()

    @property
    def port(self) -> int:
        """Where it listens for HTTPS."""
        return self.ports["elasticsearch"]

    @property
    def ca_certs(self) -> bytes:
        """The CA of its certificate."""
        return self.layout.certificate("ca.pem").read_bytes()

    @property
    def password(self) -> bytes:
        """The password of its user."""
        return self.layout.secret("elasticsearch-password").read_bytes()

    def renew_certificates(self) -> None:
        """Make another CA and certificate, which it has when it is started the next time."""
        write_certificates(self.layout, self._stores, "good")

    def change_password(self) -> None:
        """Give its user another password, which is asked for from now on."""
        elasticsearch_node.write_configuration(
            self.layout, self.ports, self._stores, client_certificates=False
        )

    def start(self) -> None:
        """Start it, and wait until it answers."""
        fetch(["elasticsearch"], "8", lambda _: None)
        command = elasticsearch_node.server_command(self.layout, find_java(), "8", [])
        log = self.layout.log("elasticsearch")
        log.touch(mode=0o600)
        self._server = Server("elasticsearch", command, log, detached=False, ready=lambda *_: None)
        self._server.wait_ready("elasticsearch", READY_SECONDS)

    def kill(self) -> None:
        """SIGKILL."""
        if self._server is not None:
            processes.stop([self._server.record], at_once=True)
            self._server = None

    def hold(self) -> None:
        """SIGSTOP: its connections stay, and nobody answers."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def client(self) -> Elasticsearch:
        """Elastic's own, on a way of its own, as its user is now."""
        return elasticsearch_node.open_client(self.layout, self.ports)

    def _signal(self, number: int) -> None:
        assert self._server is not None
        os.kill(self._server.record.pid, number)


class Door:
    """A server over HTTPS before the node that hands requests on, and does to them what it is told.

    Attributes:
        port: where.
        fault: what becomes of a bulk request, given a way to hand it on; None for nothing odd.
        met: how many bulk requests a fault has met.
    """

    def __init__(self, node: SearchNode, context: ssl.SSLContext) -> None:
        self._node = node
        self._pools: dict[bytes, urllib3.PoolManager] = {}
        self._open = ExitStack()
        self.port = self._open.enter_context(serving(context, self._answer)).port
        self.fault: Fault | None = None
        self.met = 0

    def close(self) -> None:
        """End it."""
        self._open.close()

    def hand_on(self, asked: Asked) -> Said:
        """Ask the node, and say what it says."""
        answer = self._pool().request(
            asked.method,
            f"https://localhost:{self._node.port}{asked.path}",
            body=asked.body or None,
            headers={name: asked.headers[name] for name in _KEPT if name in asked.headers},
            retries=False,
            timeout=PATIENCE,
        )
        return Said(answer.status, answer.data, PRODUCT)

    def _pool(self) -> urllib3.PoolManager:
        """Connections that trust the node as it is now."""
        authority = self._node.ca_certs
        if authority not in self._pools:
            context = ssl.create_default_context(cadata=authority.decode("ascii"))
            self._pools[authority] = urllib3.PoolManager(maxsize=20, ssl_context=context)
        return self._pools[authority]

    def _answer(self, asked: Asked) -> Said:
        if self.fault is None or "/_bulk" not in asked.path:
            return self.hand_on(asked)
        self.met += 1
        return self.fault(asked, self.hand_on)


def answer_is_lost(asked: Asked, hand_on: Callable[[Asked], Said]) -> Said:
    """Have the work done, and cut the connection before the answer."""
    hand_on(asked)
    raise ConnectionResetError


def request_is_lost(asked: Asked, hand_on: Callable[[Asked], Said]) -> Said:
    """Cut the connection before the work is done."""
    raise ConnectionResetError


def slow(asked: Asked, hand_on: Callable[[Asked], Said]) -> Said:
    """Take a second more than is needed."""
    time.sleep(1)
    return hand_on(asked)


def refused_with(status: int) -> Fault:
    """Refuse requests as a whole, for now, and quote of them as Elasticsearch does."""

    def fault(asked: Asked, hand_on: Callable[[Asked], Said]) -> Said:
        error = {"type": "es_rejected_execution_exception", "reason": f"of {_plain(asked)[:300]!r}"}
        return Said(status, {"error": error, "status": status})

    return fault


def every_third_is_refused(asked: Asked, hand_on: Callable[[Asked], Said]) -> Said:
    """Take two documents of three; the third is refused for now, with 429 or 503."""
    lines = _plain(asked).splitlines()
    pairs = list(zip(lines[::2], lines[1::2], strict=True))
    taken = [pair for at, pair in enumerate(pairs) if at % 3 != 0]
    done: list[dict[str, Any]] = []
    if taken:
        body = b"".join(line + b"\n" for pair in taken for line in pair)
        headers = {
            name: value for name, value in asked.headers.items() if name != "content-encoding"
        }
        said = hand_on(Asked(asked.method, asked.path, headers, body, asked.client))
        done = json.loads(said.body)["items"]
    refused = {"type": "es_rejected_execution_exception", "reason": f"of {lines[-1]!r}"}
    items = [
        {"index": {"status": 429 if at % 2 else 503, "error": refused}}
        if at % 3 == 0
        else done.pop(0)
        for at in range(len(pairs))
    ]
    return Said(200, {"errors": True, "items": items})


def expired_context(authority: Issued) -> ssl.SSLContext:
    """The TLS of a server whose certificate has ended."""
    ended = issued("localhost", authority, names=["localhost"], ends=-timedelta(hours=1))
    return server_context(ended)


def _plain(asked: Asked) -> bytes:
    packed = asked.headers.get("content-encoding") == "gzip"
    return gzip.decompress(asked.body) if packed else asked.body
