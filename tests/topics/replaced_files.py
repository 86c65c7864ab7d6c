# SPDX-License-Identifier: Apache-2.0
"""A broker whose clients' connections can be cut, and certificates of its CA and of another."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.private_files import write_private
from flinksec_jobs.runtime import jvm
from flinksec_jobs.sandbox import Sandbox, kafka_broker, kafka_logins
from flinksec_jobs.sandbox.layout import Layout
from flinksec_jobs.sandbox.test_ca import Authority
from tests.kafka.wire import Proxy
from tests.patience import PATIENCE
from tests.topics.guest_rights import Rights

_LISTENER = "SSL"
_CA = "flinksec sandbox CA"


class Broker:
    """The sandbox's broker, with proxies before it and before the token endpoint.

    Attributes:
        sandbox: its own clients connect past the proxies.
        tls: the proxy that clients with certificates come through.
        tokens: the proxy before the token endpoint.
    """

    def __init__(self, sandbox: Sandbox, authority: Authority, tls: Proxy) -> None:
        self.sandbox = sandbox
        self._authority = authority
        self.tls = tls
        self.tokens = Proxy(sandbox.ports[kafka_logins.TOKENS])

    @classmethod
    @contextmanager
    def started(cls, directory: Path, reauthenticate_after: int) -> Iterator[Broker]:
        """Start a broker that sends clients with certificates to a proxy."""
        proxies: list[Proxy] = []
        made: dict[str, Authority] = {}
        properties, create = kafka_broker.server_properties, Authority.create

        def with_proxy(layout: Layout, ports: Mapping[str, int]) -> dict[str, str]:
            found = properties(layout, ports)
            proxies.append(Proxy(ports["kafka-ssl"]))
            port = proxies[0].port
            own = f"{_LISTENER}://{layout.host}:"
            told = found["advertised.listeners"].replace(
                f"{own}{ports['kafka-ssl']}", f"{own}{port}"
            )
            prefix = f"listener.name.{_LISTENER.lower()}"
            return found | {
                "advertised.listeners": told,
                f"{prefix}.ssl.keystore.type": "PEM",
                f"{prefix}.ssl.keystore.location": str(layout.certificate("server.pem")),
                f"{prefix}.ssl.truststore.type": "PEM",
                f"{prefix}.ssl.truststore.location": str(layout.certificate("ca.pem")),
            }

        def remembered(name: str) -> Authority:
            return made.setdefault(name, create(name))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kafka_broker, "server_properties", with_proxy)
            patch.setattr(Authority, "create", remembered)
            with Sandbox(
                directory, only=["kafka"], reauthenticate_after=reauthenticate_after
            ) as sandbox:
                broker = cls(sandbox, made[_CA], proxies[0])
                yield broker
                broker.tls.close()
                broker.tokens.close()

    def write_client(self, directory: Path) -> None:
        """Write a certificate of the job, its key, and the CA; what was there is replaced."""
        directory.mkdir(exist_ok=True)
        client = self._authority.client("flink")
        write_private(directory / "ca.pem", self._authority.pem)
        write_private(directory / "client.key", client.key_pem)
        write_private(directory / "client.pem", client.certificate_pem)

    def change_authority(self, superuser: Rights) -> None:
        """From now on another CA is trusted by clients and broker where both have certificates.

        Nobody may connect to that listener meanwhile: it trusts the one CA, then the other.
        """
        self._authority = Authority.create("the CA that comes after")
        server = self._authority.server()
        directory = self.sandbox.directory / "certificates"
        files = {
            "keystore": (directory / "server-after.pem", server.key_pem + server.certificate_pem),
            "truststore": (directory / "ca-after.pem", self._authority.pem),
        }
        kafka = jvm.view().org.apache.flink.kafka.shaded.org.apache.kafka
        admin, config = kafka.clients.admin, kafka.common.config
        several, changes = jvm.view().java.util.ArrayList(), jvm.view().java.util.HashMap()
        for store, (path, content) in files.items():
            write_private(path, content)
            name = f"listener.name.{_LISTENER.lower()}.ssl.{store}.location"
            entry = admin.ConfigEntry(name, str(path))
            several.add(admin.AlterConfigOp(entry, admin.AlterConfigOp.OpType.SET))
        changes.put(config.ConfigResource(config.ConfigResource.Type.BROKER, "1"), several)
        superuser.wait(superuser.admin.incrementalAlterConfigs(changes).all())
        self._await_certificate()

    def _await_certificate(self) -> None:
        """Wait until the broker shows a certificate of the CA: it answers before it does so."""
        context = ssl.create_default_context(cadata=self._authority.pem.decode())
        end = time.monotonic() + PATIENCE
        while True:
            try:
                with (
                    socket.create_connection(("localhost", self.tls.target)) as connection,
                    context.wrap_socket(connection, server_hostname="localhost"),
                ):
                    return
            except ssl.SSLCertVerificationError:
                assert time.monotonic() < end, "the broker keeps its certificate"
                time.sleep(0.2)

    def settings_of_all(self, directory: Path, logins: Mapping[str, str]) -> dict[str, Any]:
        """Return overrides with a cluster for each login, named so; all are the one broker.

        Args:
            directory: with the job's own certificate, ``ca.pem`` and ``token``.
            logins: the names of clusters by `kafka_logins.LOGINS`.
        """
        found: dict[str, Any] = {}
        for login, name in logins.items():
            is_tls = login == "certificate"
            port = self.tls.port if is_tls else self.sandbox.ports["kafka-sasl-ssl"]
            section: dict[str, Any] = {
                "bootstrap_servers": [f"localhost:{port}"],
                "ca_certs": str(directory / "ca.pem" if is_tls else self.sandbox.ca_certs),
                "group_id": "flink",
                **kafka_logins.kafka_settings(self.sandbox._layout, self.sandbox.ports, login),
            }
            if is_tls:
                section["client_cert"] = str(directory / "client.pem")
                section["client_key"] = f"file:{directory / 'client.key'}"
            elif login == "token-file":
                section["oauth_token_file"] = f"file:{directory / 'token'}"
            elif login == "oauthbearer":
                section["oauth_token_endpoint"] = f"https://localhost:{self.tokens.port}/token"
            found |= {f"kafka.{name}.{key}": value for key, value in section.items()}
        return found
