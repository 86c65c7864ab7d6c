# SPDX-License-Identifier: Apache-2.0
"""Rights on a sandbox's broker, given and taken by its superuser in the JVM of the tests."""

from __future__ import annotations

from typing import Any

from flinksec_jobs.logins.sasl import gssapi
from flinksec_jobs.runtime import jvm
from flinksec_jobs.sandbox import Sandbox

_SECONDS = 60


class Rights:
    """Kafka's own admin client as ``User:kafka``; a JVM of a job must run.

    Args:
        sandbox: the broker's.
        realm: that of the sandbox.
    """

    def __init__(self, sandbox: Sandbox, realm: str) -> None:
        host = {"SANDBOX.LOCAL": "localhost"}.get(realm, "127.0.0.2")
        self._kafka = jvm.view().org.apache.flink.kafka.shaded.org.apache.kafka
        properties = {
            "bootstrap.servers": f"{host}:{sandbox.ports['kafka-sasl-ssl']}",
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "GSSAPI",
            "sasl.kerberos.service.name": "kafka",
            "sasl.jaas.config": gssapi.by_keytab(sandbox.keytab("kafka"), f"kafka/{host}@{realm}"),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(sandbox.ca_certs),
        }
        self._given: list[Any] = []
        self.admin = self._kafka.clients.admin.Admin.create(jvm.properties(properties))

    def close(self) -> None:
        """Take away all that was given, which the next test would have; the client ends."""
        for bindings in self._given:
            self._delete(bindings)
        self.admin.close(jvm.view().java.time.Duration.ZERO)

    def give(self, kind: str, name: str, *operations: str, to: str = "guest") -> None:
        """Give rights on what begins with a name, or has the name of a topic."""
        bindings = self._bindings(kind, name, operations, to)
        self.wait(self.admin.createAcls(bindings).all())
        self._given.append(bindings)

    def take(self, kind: str, name: str, *operations: str, to: str = "guest") -> None:
        """Take them away."""
        self._delete(self._bindings(kind, name, operations, to))

    def _delete(self, bindings: Any) -> None:
        filters = jvm.view().java.util.ArrayList()
        for one in bindings:
            filters.add(one.toFilter())
        self.wait(self.admin.deleteAcls(filters).all())

    def groups(self) -> set[str]:
        """The consumer groups that there are."""
        return {one.groupId() for one in self.wait(self.admin.listGroups().all())}

    def _bindings(self, kind: str, name: str, operations: tuple[str, ...], to: str) -> Any:
        common, found = self._kafka.common, jvm.view().java.util.ArrayList()
        pattern = "LITERAL" if kind == "TOPIC" else "PREFIXED"
        resource = common.resource.ResourcePattern(
            getattr(common.resource.ResourceType, kind),
            name,
            getattr(common.resource.PatternType, pattern),
        )
        for operation in operations:
            entry = common.acl.AccessControlEntry(
                f"User:{to}",
                "*",
                getattr(common.acl.AclOperation, operation),
                common.acl.AclPermissionType.ALLOW,
            )
            found.add(common.acl.AclBinding(resource, entry))
        return found

    @staticmethod
    def wait(future: Any) -> Any:
        """Return the result of a request."""
        return future.get(_SECONDS, jvm.view().java.util.concurrent.TimeUnit.SECONDS)
