# SPDX-License-Identifier: Apache-2.0
"""Kafka's own admin client, as the brokers' superuser: topics, rights, limits, transactions."""

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, TypeVar, cast

from flinksec_jobs.runtime import artifacts, jvm
from flinksec_jobs.sandbox import Sandbox
from flinksec_jobs.session import Session
from flinksec_jobs.uses import Use
from tests.kafka.brokers import NODES, Brokers
from tests.patience import PATIENCE

_SECONDS = 60
_PREFIX = "flink"
_SERIALIZATION = "org.apache.flink.kafka.shaded.org.apache.kafka.common.serialization"
# As Kafka writes a record down for a log.
_VALUE = re.compile(r", value = ([^)]*)\)")


Method = TypeVar("Method", bound=Callable[..., Any])


def _alone(method: Method) -> Method:
    """Let one thread at a time in: only one of the JVM's threads knows Kafka's classes."""

    @wraps(method)
    def one_at_a_time(self: "Administrator", *args: Any, **kwargs: Any) -> Any:
        with self.lock:
            return method(self, *args, **kwargs)

    return cast(Method, one_at_a_time)


@dataclass(frozen=True)
class Transaction:
    """What a coordinator says of a transactional id."""

    state: str
    producer: int
    epoch: int


class Administrator:
    """An admin client, in a JVM that this process has for it.

    Args:
        sandbox: has the keytab of the superuser.
        brokers: where to connect, past the proxies.
    """

    def __init__(self, sandbox: Sandbox, brokers: Brokers) -> None:
        self._brokers = brokers
        settings = sandbox.settings(principal="kafka")
        session = Session("administrator", settings)
        session.begin()
        session.ready(Use("Kafka", jars=lambda: artifacts.jars("flink-kafka")))
        self._properties = {
            "bootstrap.servers": ",".join(brokers.addresses("TESTS")),
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "GSSAPI",
            "sasl.kerberos.service.name": "kafka",
            "sasl.jaas.config": brokers.login("kafka"),
            "sasl.kerberos.min.time.before.relogin": "1000",
        }
        self._kafka = jvm.view().org.apache.flink.kafka.shaded.org.apache.kafka
        self.lock = threading.RLock()
        self._read: dict[str, dict[int, int]] = {}
        self._found: dict[str, list[str]] = {}

    @_alone
    def close(self) -> None:
        """Close the clients, which are made, and log in, again when they are needed."""
        for name in ("_producer", "_consumer", "_admin"):
            client = self.__dict__.pop(name, None)
            if client is not None:
                client.close(jvm.view().java.time.Duration.ZERO)

    @cached_property
    def _admin(self) -> Any:
        return self._kafka.clients.admin.Admin.create(jvm.properties(self._properties))

    @_alone
    def create_topics(self, topics: Mapping[str, int]) -> None:
        """Make topics with so many partitions and three copies, and let the job use them."""
        admin = self._kafka.clients.admin
        made = jvm.view().java.util.ArrayList()
        for name, partitions in topics.items():
            made.add(admin.NewTopic(name, partitions, len(NODES)))
        self._wait(self._admin.createTopics(made).all())
        for name in topics:
            self.allow("TOPIC", name, "READ", "WRITE", "DESCRIBE")
        self.allow("GROUP", _PREFIX, "READ", pattern="PREFIXED")
        self.allow("TRANSACTIONAL_ID", _PREFIX, "WRITE", "DESCRIBE", pattern="PREFIXED")

    @_alone
    def delete_topic(self, name: str) -> None:
        """Delete a topic."""
        self._wait(self._admin.deleteTopics(jvm.string_list([name])).all())
        self._read.pop(name, None)
        self._found.pop(name, None)

    @_alone
    def set_partitions(self, topic: str, number: int) -> None:
        """Give a topic more partitions."""
        more = jvm.view().java.util.HashMap()
        more.put(topic, self._kafka.clients.admin.NewPartitions.increaseTo(number))
        self._wait(self._admin.createPartitions(more).all())

    @_alone
    def allow(self, kind: str, name: str, *operations: str, pattern: str = "LITERAL") -> None:
        """Give the job's principal rights."""
        bindings = jvm.view().java.util.ArrayList()
        for operation in operations:
            bindings.add(self._binding(kind, name, operation, pattern))
        self._wait(self._admin.createAcls(bindings).all())

    @_alone
    def revoke(self, kind: str, name: str, *operations: str, pattern: str = "LITERAL") -> None:
        """Take rights of the job's principal away."""
        filters = jvm.view().java.util.ArrayList()
        for operation in operations:
            filters.add(self._binding(kind, name, operation, pattern).toFilter())
        self._wait(self._admin.deleteAcls(filters).all())

    @_alone
    def limit(self, user: str, **bytes_per_second: float | None) -> None:
        """Set or, with None, end limits of a user: ``producer_byte_rate=…``."""
        quota = self._kafka.common.quota
        entity = quota.ClientQuotaEntity(jvm.string_map({"user": user}))
        alterations = jvm.view().java.util.ArrayList()
        ops = jvm.view().java.util.ArrayList()
        for name, rate in bytes_per_second.items():
            ops.add(quota.ClientQuotaAlteration.Op(name, rate))
        alterations.add(quota.ClientQuotaAlteration(entity, ops))
        self._wait(self._admin.alterClientQuotas(alterations).all())

    @_alone
    def leaders(self, topic: str) -> dict[int, int]:
        """The leader of each partition, when each has one."""
        end = time.monotonic() + PATIENCE
        while True:
            described = self._wait(
                self._admin.describeTopics(jvm.string_list([topic])).allTopicNames()
            ).get(topic)
            leaders = {one.partition(): one.leader() for one in described.partitions()}
            if all(one is not None for one in leaders.values()):
                return {number: leader.id() for number, leader in leaders.items()}
            assert time.monotonic() < end, leaders
            time.sleep(0.2)

    @_alone
    def wait_until_in_sync(self) -> None:
        """Wait until each copy of each partition is as new as its leader's."""
        end = time.monotonic() + PATIENCE
        while behind := self._behind():
            assert time.monotonic() < end, behind
            time.sleep(0.2)

    def _behind(self) -> list[str]:
        listing = self._kafka.clients.admin.ListTopicsOptions().listInternal(True)
        names = jvm.string_list(list(self._wait(self._admin.listTopics(listing).names())))
        described = self._wait(self._admin.describeTopics(names).allTopicNames())
        return [
            f"{name}-{one.partition()}"
            for name in described
            for one in described[name].partitions()
            if one.isr().size() < one.replicas().size()
        ]

    @_alone
    def move_leaders(self, topic: str) -> None:
        """Give each partition of a topic another leader, and let it lead at once."""
        moves = jvm.view().java.util.HashMap()
        for partition, leader in self.leaders(topic).items():
            order = [leader % len(NODES) + 1, (leader + 1) % len(NODES) + 1, leader]
            where = self._kafka.common.TopicPartition(topic, partition)
            replicas = jvm.view().java.util.ArrayList()
            for node in order:
                replicas.add(node)
            to = self._kafka.clients.admin.NewPartitionReassignment(replicas)
            moves.put(where, jvm.view().java.util.Optional.of(to))
        self._wait(self._admin.alterPartitionReassignments(moves).all())
        self.elect_leaders(topic)

    @_alone
    def elect_leaders(self, topic: str) -> None:
        """Have each partition of a topic led by the first of its brokers."""
        elected = jvm.view().java.util.HashSet()
        for partition in self.leaders(topic):
            elected.add(self._kafka.common.TopicPartition(topic, partition))
        preferred = self._kafka.common.ElectionType.PREFERRED
        self._wait(self._admin.electLeaders(preferred, elected).partitions())

    @_alone
    def renew_certificate(self, node: int) -> None:
        """Have a broker read its certificate again."""
        config = self._kafka.common.config.ConfigResource
        resource = config(config.Type.BROKER, str(node))
        admin = self._kafka.clients.admin
        entry = admin.ConfigEntry(
            "listener.name.tls.ssl.keystore.location", str(self._brokers.certificate(node))
        )
        op = admin.AlterConfigOp(entry, admin.AlterConfigOp.OpType.SET)
        ops, changes = jvm.view().java.util.ArrayList(), jvm.view().java.util.HashMap()
        ops.add(op)
        changes.put(resource, ops)
        self._wait(self._admin.incrementalAlterConfigs(changes).all())

    @_alone
    def transactions(self, prefix: str) -> dict[str, Transaction]:
        """What the coordinators have of the ids with a prefix."""
        listed = self._wait(self._admin.listTransactions().all())
        ids = [one.transactionalId() for one in listed]
        ours = jvm.string_list([one for one in ids if one.startswith(prefix)])
        if ours.isEmpty():
            return {}
        described = self._wait(self._admin.describeTransactions(ours).all())
        return {
            one: Transaction(
                described[one].state().toString(),
                described[one].producerId(),
                described[one].producerEpoch(),
            )
            for one in described
        }

    @_alone
    def is_blocked(self, topic: str) -> bool:
        """Whether an open transaction holds readers of committed records back."""
        ends = [self._ends(topic, level) for level in ("READ_COMMITTED", "READ_UNCOMMITTED")]
        return ends[0] != ends[1]

    def _ends(self, topic: str, level: str) -> dict[int, int]:
        admin, isolation = self._kafka.clients.admin, self._kafka.common.IsolationLevel
        wanted = jvm.view().java.util.HashMap()
        for partition in self.leaders(topic):
            where = self._kafka.common.TopicPartition(topic, partition)
            wanted.put(where, admin.OffsetSpec.latest())
        options = admin.ListOffsetsOptions(getattr(isolation, level))
        found = self._wait(self._admin.listOffsets(wanted, options).all())
        return {where.partition(): found[where].offset() for where in found}

    @_alone
    def produce(self, topic: str, values: Sequence[str], partition: int | None = None) -> None:
        """Write records, spread over the partitions unless one is named."""
        record = self._kafka.clients.producer.ProducerRecord
        for value in values:
            self._producer.send(record(topic, partition, value, value))
        self._producer.flush()

    @contextmanager
    def transaction(
        self, topic: str, values: Sequence[str], *, partition: int, commits: bool = True
    ) -> Iterator[None]:
        """Write records in a transaction, which is open meanwhile, and then ends."""
        with self.lock:
            record = self._kafka.clients.producer.ProducerRecord
            strings = f"{_SERIALIZATION}.StringSerializer"
            properties = {"key.serializer": strings, "value.serializer": strings}
            named = self._properties | properties | {"transactional.id": f"of-{topic}-{partition}"}
            producer = self._kafka.clients.producer.KafkaProducer(jvm.properties(named))
            producer.initTransactions()
            producer.beginTransaction()
            for value in values:
                producer.send(record(topic, partition, value, value))
            producer.flush()
        yield
        with self.lock:
            producer.commitTransaction() if commits else producer.abortTransaction()
            producer.close()

    @_alone
    def ends(self, topic: str) -> dict[int, int]:
        """Return the end of each partition, as a reader of committed records sees it."""
        return self._ends(topic, "READ_COMMITTED")

    @cached_property
    def _producer(self) -> Any:
        """One for all, whose connections need no new tickets."""
        strings = f"{_SERIALIZATION}.StringSerializer"
        properties = {"key.serializer": strings, "value.serializer": strings, "linger.ms": "20"}
        made = jvm.properties(self._properties | properties)
        return self._kafka.clients.producer.KafkaProducer(made)

    @_alone
    def committed(self, topic: str, *, afresh: bool = False) -> list[str]:
        """Return the values of a topic, as a reader of committed records sees them now.

        Args:
            topic: which exists.
            afresh: read all of it, and not only what has come since the last time.
        """
        if afresh:
            self._read.pop(topic, None)
            self._found.pop(topic, None)
        read = self._read.setdefault(topic, {})
        found = self._found.setdefault(topic, [])
        found += self._to_the_end(self._consumer, topic, read)
        return list(found)

    @cached_property
    def _consumer(self) -> Any:
        strings = f"{_SERIALIZATION}.StringDeserializer"
        properties = {
            "key.deserializer": strings,
            "value.deserializer": strings,
            "isolation.level": "read_committed",
            "max.poll.records": "5000",
        }
        made = jvm.properties(self._properties | properties)
        return self._kafka.clients.consumer.KafkaConsumer(made)

    def _to_the_end(self, consumer: Any, topic: str, read: dict[int, int]) -> list[str]:
        """Return what has come since `read`, the next offset of each partition, and move that."""
        partitions = {
            number: self._kafka.common.TopicPartition(topic, number)
            for number in self.leaders(topic)
        }
        ends = dict(consumer.endOffsets(_java_list(partitions.values())))
        new = {n: one for n, one in partitions.items() if ends[one] > read.get(n, 0)}
        consumer.assign(_java_list(new.values()))
        for number, one in new.items():
            consumer.seek(one, read.get(number, 0))
        found: list[str] = []
        end = time.monotonic() + PATIENCE
        while any(read.get(number, 0) < ends[one] for number, one in new.items()):
            assert time.monotonic() < end, (read, ends)
            polled = consumer.poll(jvm.view().java.time.Duration.ofMillis(500))
            for number, one in new.items():
                # One call for all, as each takes longer than a record takes Kafka.
                found += _VALUE.findall(polled.records(one).toString())
                read[number] = consumer.position(one)
        return found

    def _binding(self, kind: str, name: str, operation: str, pattern: str) -> Any:
        common = self._kafka.common
        resource = common.resource.ResourcePattern(
            getattr(common.resource.ResourceType, kind),
            name,
            getattr(common.resource.PatternType, pattern),
        )
        entry = common.acl.AccessControlEntry(
            "User:flink",
            "*",
            getattr(common.acl.AclOperation, operation),
            common.acl.AclPermissionType.ALLOW,
        )
        return common.acl.AclBinding(resource, entry)

    @staticmethod
    def _wait(future: Any) -> Any:
        return future.get(_SECONDS, jvm.view().java.util.concurrent.TimeUnit.SECONDS)


def _java_list(values: Iterable[Any]) -> Any:
    found = jvm.view().java.util.ArrayList()
    for one in values:
        found.add(one)
    return found
