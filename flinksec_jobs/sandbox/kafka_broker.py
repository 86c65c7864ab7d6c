# SPDX-License-Identifier: Apache-2.0
"""The sandbox's Kafka broker: its configuration, and a client that is a program of its own."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from flinksec_jobs.errors import SandboxError
from flinksec_jobs.logins.sasl import gssapi
from flinksec_jobs.runtime import artifacts
from flinksec_jobs.runtime.java import Java
from flinksec_jobs.sandbox import kafka_logins
from flinksec_jobs.sandbox.jvm_programs import client, java_command
from flinksec_jobs.sandbox.kept_clients import KeptClients
from flinksec_jobs.sandbox.layout import Layout, write_properties

JARS = "sandbox-kdc-kafka"
# Port names, and the security protocol behind each.
LISTENERS = {
    "kafka-sasl-plaintext": "SASL_PLAINTEXT",
    "kafka-sasl-ssl": "SASL_SSL",
    "kafka-ssl": "SSL",
}
CONTROLLER = "kafka-controller"
# What a job's group ids and transactional ids start with, for which it has rights.
JOB_PREFIX = "flink"
_ALL = 2**63 - 1


def server_properties(layout: Layout, ports: Mapping[str, int]) -> dict[str, str]:
    """Return ``server.properties`` of a broker and controller in one node.

    Every listener asks for a login or for a client certificate; nobody has a right that was not
    given.
    """
    names = {protocol: protocol.replace("_", "") for protocol in LISTENERS.values()}
    advertised = [f"{names[p]}://{layout.host}:{ports[name]}" for name, p in LISTENERS.items()]
    bound = [f"{names[p]}://{layout.bind}:{ports[name]}" for name, p in LISTENERS.items()]
    controller = f"CTRL://{layout.bind}:{ports[CONTROLLER]}"
    protocols = [f"{name}:{protocol}" for protocol, name in names.items()]
    login = _jaas(layout, "kafka")
    with_kerberos = [names["SASL_PLAINTEXT"], names["SASL_SSL"], "CTRL"]
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{layout.host}:{ports[CONTROLLER]}",
        "listeners": ",".join([*bound, controller]),
        "advertised.listeners": ",".join(advertised),
        "controller.listener.names": "CTRL",
        "inter.broker.listener.name": names["SASL_SSL"],
        "listener.security.protocol.map": ",".join([*protocols, "CTRL:SASL_PLAINTEXT"]),
        "sasl.enabled.mechanisms": "GSSAPI",
        "sasl.mechanism.inter.broker.protocol": "GSSAPI",
        "sasl.mechanism.controller.protocol": "GSSAPI",
        "sasl.kerberos.service.name": "kafka",
        **{
            f"listener.name.{name.lower()}.gssapi.sasl.jaas.config": login for name in with_kerberos
        },
        **kafka_logins.server_properties(layout, ports, names["SASL_SSL"], names["SASL_PLAINTEXT"]),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(layout.certificate("server.pem")),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(layout.certificate("ca.pem")),
        f"listener.name.{names['SSL'].lower()}.ssl.client.auth": "required",
        "ssl.principal.mapping.rules": "RULE:^CN=([^,]+).*$/$1/,DEFAULT",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:kafka",
        "allow.everyone.if.no.acl.found": "false",
        "auto.create.topics.enable": "false",
        "log.dirs": str(layout.directory / "kafka"),
        # Old data with its own timestamps must not expire while it is looked at.
        "log.retention.ms": "-1",
        # One node: nothing can be copied to another.
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "1",
        "group.initial.rebalance.delay.ms": "0",
        "num.network.threads": "2",
        "num.io.threads": "4",
    }


@dataclass(frozen=True)
class Topic:
    """A topic.

    Attributes:
        name: its name.
        partitions: how many it has.
        records: how many records, and marks of transactions, are in it.
    """

    name: str
    partitions: int
    records: int

    @classmethod
    def from_line(cls, line: str) -> Topic:
        """Read a line of the client program."""
        name, partitions, records = line.split("\t")
        return cls(name, int(partitions), int(records))


@dataclass(frozen=True)
class Record:
    """A record of a topic.

    Attributes:
        partition: its partition.
        offset: its offset there.
        timestamp: epoch milliseconds.
        key: its key; None for none.
        value: its value; None for a tombstone.
        headers: names and values, in their order.
    """

    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()

    @classmethod
    def from_line(cls, line: str) -> Record:
        """Read a line of the client program."""
        partition, offset, timestamp, key, value, *more = line.rstrip("\n").split("\t")
        headers = tuple(
            (b64decode(name).decode(), _bytes(content))
            for name, content in zip(more[::2], more[1::2], strict=True)
        )
        around = int(partition), int(offset), int(timestamp)
        return cls(*around, _bytes(key), _bytes(value), headers)


def _bytes(base64: str) -> bytes | None:
    return None if base64 == "-" else b64decode(base64)


class Kafka:
    """A client of the sandbox's broker, for preparing and inspecting, not for jobs.

    Its JVM is kept for the next question, until `end` or until this object is forgotten.

    Args:
        layout: where the sandbox is.
        java: runs the client.
        ports: by the names of `LISTENERS`.
    """

    def __init__(self, layout: Layout, java: Java, ports: Mapping[str, int]) -> None:
        self._layout = layout
        self._java = java
        self._ports = ports
        self._clients = KeptClients(
            java_command(
                java,
                "org.flinksec.sandbox.kafka.KafkaTool",
                class_path(),
                options=[f"-Djava.security.krb5.conf={layout.krb5_conf}"],
            )
        )

    def create_topics(self, topics: Mapping[str, int]) -> list[str]:
        """Make topics with so many partitions, and let the job's principal use them.

        A topic that is there keeps its partitions.

        Returns:
            Those that were not there yet.
        """
        listed = [f"{name}={partitions}" for name, partitions in topics.items()]
        told = self._ask("kafka", "create", "flink", JOB_PREFIX, *listed)
        return [name for name, said in zip(topics, told, strict=True) if said == "new"]

    def topics(self) -> list[Topic]:
        """Return the topics, by name; without those that Kafka keeps for itself."""
        return [Topic.from_line(line) for line in self._ask("kafka", "topics")]

    def produce(
        self,
        topic: str,
        lines: Iterable[str],
        *,
        progress: Callable[[int], None] | None = None,
        whole: bool = False,
    ) -> None:
        """Write records, as the job's principal: lines of timestamp (ms), key and value.

        An empty timestamp is the present, an empty key none. Lines that are ``whole`` are those of
        `whole_records.whole_lines`.
        """
        self._clients.tell(
            self._question("flink", {}, "produce-whole" if whole else "produce", topic),
            lines,
            what=f"writing to {topic}",
            answered=lambda sent: progress(int(sent)) if progress else None,
        )

    def consume(
        self, topic: str, *, isolation: str = "read_committed", principal: str | None = "flink"
    ) -> list[str]:
        """Return the values of all records of a topic.

        Args:
            topic: its name.
            isolation: ``read_committed`` or ``read_uncommitted``.
            principal: whose ticket to use; None for none.

        Raises:
            SandboxError: the broker refused it.
        """
        return self._ask(principal, "consume", topic, more={"isolation.level": isolation})

    def records(
        self, topic: str, *, most: int | None = None, isolation: str = "read_committed"
    ) -> Iterator[Record]:
        """Yield the records of a topic, up to its present end.

        Args:
            topic: its name.
            most: how many at most; None for all.
            isolation: ``read_committed`` or ``read_uncommitted``.

        Raises:
            SandboxError: the broker refused it.
        """
        limit = str(_ALL if most is None else most)
        question = self._question("flink", {"isolation.level": isolation}, "records", topic, limit)
        for line in self._clients.ask(question, what=f"reading {topic}"):
            yield Record.from_line(line)

    def topic_size(self, topic: str) -> int:
        """Return how many records, and marks of transactions, a topic has."""
        return int(self._ask("flink", "size", topic)[0])

    def limit_reading(self, bytes_per_second: int) -> None:
        """Let the job's principal read so much a second from now on; 0 ends the limit."""
        self._ask("kafka", "limit", "flink", str(bytes_per_second))

    def set_passwords(self) -> None:
        """Tell the broker the passwords in the users' files, for SCRAM."""
        self._ask("kafka", "passwords", str(self._layout.logins))

    def kinit(self, user: str, cache: Path, seconds: int, renewable: int) -> None:
        """Get a ticket of a user by its keytab, and put it into a file.

        Args:
            user: one of the clients.
            cache: the file; it is whole whenever it is there.
            seconds: the ticket's life.
            renewable: for how many seconds it can be renewed; 0 for not at all.
        """
        layout = self._layout
        kdc = [layout.realm, layout.bind, str(self._ports["kdc"])]
        who = [layout.principals[user], str(layout.keytab(user)), str(cache)]
        times = [str(seconds), str(renewable)]
        main = "org.flinksec.sandbox.kafka.Kinit"
        command = java_command(self._java, main, class_path(), [*kdc, *who, *times], heap="64m")
        with client(command, what=f"kinit of {user}"):
            pass

    def revoke(self, principal: str, topic: str) -> None:
        """Take a principal's rights on a topic away."""
        self._ask("kafka", "revoke", principal, topic)

    def _ask(
        self, principal: str | None, *arguments: str, more: Mapping[str, str] | None = None
    ) -> list[str]:
        question = self._question(principal, more or {}, *arguments)
        return list(self._clients.ask(question, what=f"{arguments[0]} on Kafka"))

    def _question(
        self, principal: str | None, more: Mapping[str, str], *arguments: str
    ) -> list[str]:
        name = "-".join([principal or "nobody", *more.values()])
        path = self._layout.directory / "clients" / f"kafka-{name}.properties"
        write_properties(path, client_properties(self._layout, self._ports, principal) | dict(more))
        return [str(path), *arguments]

    def end(self) -> None:
        """End the JVMs that wait for more questions."""
        self._clients.end()


def client_properties(
    layout: Layout, ports: Mapping[str, int], principal: str | None
) -> dict[str, str]:
    """Return the properties of a client, of Kafka's own, that logs in by a keytab or not at all.

    Raises:
        SandboxError: there is no such principal.
    """
    known = layout.principals
    if principal is not None and principal not in known:
        raise SandboxError(
            f"the sandbox has no principal {principal}", hint=f"it has {', '.join(known)}"
        )
    return {
        "bootstrap.servers": f"{layout.host}:{ports['kafka-sasl-ssl']}",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "GSSAPI",
        "sasl.kerberos.service.name": "kafka",
        "sasl.jaas.config": _jaas(layout, principal),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(layout.certificate("ca.pem")),
    }


def class_path() -> list[Path]:
    """Return the launcher of KDC and Kafka and its jars."""
    return [artifacts.own_jar("flinksec-sandbox"), *artifacts.jars(JARS)]


def _jaas(layout: Layout, principal: str | None) -> str:
    if principal is None:
        return gssapi.by_ticket_cache()
    return gssapi.by_keytab(
        layout.keytab(principal), f"{layout.principals[principal]}@{layout.realm}"
    )
