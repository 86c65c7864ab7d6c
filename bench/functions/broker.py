# SPDX-License-Identifier: Apache-2.0
"""The broker of a run: the sandbox's, with topics whose records have the broker's own time."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.functions import data
from flinksec_jobs import kafka_python
from flinksec_jobs.sandbox import Sandbox

if TYPE_CHECKING:
    from kafka.admin import KafkaAdminClient

USER = "flink"
"""The one user of all ways; here it may also make topics, as Quix Streams does."""
_ADMIN = "kafka"
MECHANISM = "SCRAM-SHA-256"
"""Of all ways: the packages of librdkafka's clients come without Kerberos."""
PORTS = {"SASL_SSL": "kafka-sasl-ssl", "SASL_PLAINTEXT": "kafka-sasl-plaintext"}


@dataclass(frozen=True)
class Broker:
    """The sandbox's broker, as this bench uses it.

    Attributes:
        sandbox: whose it is.
        protocol: the security.protocol of all ways.
        password: of `USER`.
    """

    sandbox: Sandbox
    protocol: str
    password: str
    _admin: KafkaAdminClient

    @property
    def bootstrap(self) -> str:
        """Where it is, as host:port."""
        return f"localhost:{self.sandbox.ports[PORTS[self.protocol]]}"

    def librdkafka(self) -> dict[str, str]:
        """Properties of librdkafka's clients."""
        found = {
            "security.protocol": self.protocol.lower(),
            "sasl.mechanism": MECHANISM,
            "sasl.username": USER,
            "sasl.password": self.password,
        }
        return found | ({"ssl.ca.location": str(self.sandbox.ca_certs)} if self._has_tls else {})

    def java(self) -> dict[str, str]:
        """Properties of Java's clients; the size of batches is that of the library's jobs."""
        # The name that it has in Flink's connector.
        module = "org.apache.flink.kafka.shaded.org.apache.kafka.common.security.scram"
        login = f"{module}.ScramLoginModule"
        tls = {
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.sandbox.ca_certs),
        }
        found = {
            "security.protocol": self.protocol,
            "sasl.mechanism": MECHANISM,
            "sasl.jaas.config": f'{login} required username="{USER}" password="{self.password}";',
            "batch.size": "65536",
        }
        return found | (tls if self._has_tls else {})

    @property
    def _has_tls(self) -> bool:
        return self.protocol == "SASL_SSL"

    def produce(self, topic: str, count: int, partitions: int) -> None:
        """Make a topic of so many payments, with their own times."""
        self._create(topic, partitions, {})
        self.sandbox.produce(topic, data.lines(count))

    def create(self, topic: str, partitions: int = 1) -> None:
        """Make a topic whose records have the time at which the broker appends them."""
        self._create(topic, partitions, {"message.timestamp.type": "LogAppendTime"})

    def _create(self, topic: str, partitions: int, configs: dict[str, str]) -> None:
        new = {"num_partitions": partitions, "replication_factor": 1, "configs": configs}
        self._admin.create_topics({topic: new})

    def delete(self, topics: Iterable[str]) -> None:
        """Delete topics, and those that Quix Streams has made for them."""
        listed = list(topics)
        there = self._admin.list_topics()
        own = [
            one for one in there if one.startswith("changelog__") and any(t in one for t in listed)
        ]
        self._admin.delete_topics([*listed, *own])

    def read(self, topic: str) -> Iterator[tuple[int, bytes]]:
        """Yield the broker's time in ms and the value of each record, in their order."""
        for record in self.sandbox.records(topic):
            yield record.timestamp, record.value or b""


@contextmanager
def started(progress: Any, protocol: str) -> Iterator[Broker]:
    """Have the sandbox's Kafka run."""
    from kafka.admin import KafkaAdminClient

    with (
        tempfile.TemporaryDirectory(prefix="flinksec-bench-") as home,
        Sandbox(Path(home) / "sandbox", only=["kafka"], progress=progress) as sandbox,
    ):
        sandbox.change_password(_ADMIN, secrets.token_urlsafe(24))
        passwords = sandbox.directory / "secrets" / "kafka"
        settings = sandbox.settings(
            login="scram-sha-256",
            overrides={
                "kafka.username": _ADMIN,
                "kafka.password": f"file:{passwords / f'{_ADMIN}.password'}",
            },
        )
        with kafka_python.client_options(settings) as options:
            admin = KafkaAdminClient(**options)
            try:
                admin.create_acls([_everything(kind) for kind in ("TOPIC", "GROUP")])
                password = (passwords / f"{USER}.password").read_text(encoding="utf-8")
                yield Broker(sandbox, protocol, password.strip(), admin)
            finally:
                admin.close()


def _everything(kind: str) -> Any:
    """Let the user do anything with topics or groups."""
    from kafka.admin import (
        ACL,
        ACLOperation,
        ACLPermissionType,
        ResourcePattern,
        ResourceType,
    )

    return ACL(
        principal=f"User:{USER}",
        host="*",
        operation=ACLOperation.ALL,
        permission_type=ACLPermissionType.ALLOW,
        resource_pattern=ResourcePattern(ResourceType[kind], "*"),
    )
