# SPDX-License-Identifier: Apache-2.0
"""What a login is: all that a mechanism decides, asked for by whoever needs it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol

from flinksec_jobs.refusals import Cause
from flinksec_jobs.secrets import SecretFile


class KafkaSection(Protocol):
    """What every login may ask of ``[kafka]``."""

    @property
    def security_protocol(self) -> str:
        """Kafka's ``security.protocol``."""

    @property
    def sasl_mechanism(self) -> str:
        """One of `flinksec_jobs.logins.mechanisms`."""

    @property
    def uses_sasl(self) -> bool:
        """Whether the protocol has SASL in it."""

    @property
    def uses_tls(self) -> bool:
        """Whether the protocol has TLS in it."""


class Spelled(Protocol):
    """How settings are written."""

    def setting(self, name: str, /) -> str:
        """Return it as it is written: ``kafka.east.password`` for ``kafka.password``."""


class Told(Protocol):
    """The settings, of which a mechanism reads its own sections besides."""

    @property
    def spelling(self) -> Spelled:
        """How the settings are written."""

    @property
    def kafka(self) -> KafkaSection | None:
        """The section ``[kafka]``."""


class Login(ABC):
    """How the clients prove who they are.

    Attributes:
        fields: settings of its own under ``[kafka]``: annotation and field of each; with a default,
            since other logins do without them.
        sections: of the settings, besides ``[kafka]``: their files must be usable.
        causes: what refusals of this login mean, to be looked through before those of Kafka.
        is_the_process: whether Flink logs the whole process in, so that in a cluster Kafka clients
            that say nothing themselves can have the same login.
    """

    fields: ClassVar[Mapping[str, tuple[Any, Any]]] = {}
    sections: ClassVar[frozenset[str]] = frozenset()
    causes: tuple[Cause, ...] = ()
    is_the_process: ClassVar[bool] = False

    def __init__(self, settings: Any) -> None:
        """Keep the settings, which have no `contradictions`."""
        self._settings = settings

    @classmethod
    @abstractmethod
    def contradictions(cls, settings: Any) -> Iterator[tuple[str, str]]:
        """Yield (setting, problem) for what it cannot work with: ``("kerberos", "is missing")``."""

    @abstractmethod
    def properties(self) -> dict[str, str]:
        """Return the ``sasl.*`` properties of the clients in Flink's connector.

        They hold paths and never a secret; where they name classes of Kafka, these have the names
        that the connector gives them (`handlers`).
        """

    def plain_properties(self) -> dict[str, str]:
        """Return the same for Kafka's own clients, which lack the connector's classes and ours.

        Raises:
            SettingsError, SecretError: what these clients cannot be told.
        """
        return self.properties()

    @property
    def section(self) -> str:
        """The name of the section ``[kafka]``, for messages of the handlers in the JVM."""
        name: str = self._settings.spelling.setting("kafka")
        return name

    def who(self) -> tuple[str, str]:
        """Return the setting that says who the job is for the brokers, and who that is."""
        return "kafka.sasl_mechanism", "the job"

    def passwords(self) -> Mapping[str, SecretFile]:
        """Return the secrets that the clients read, by their settings; all are checked."""
        return {}

    def authorities(self) -> Mapping[str, Path]:
        """Return PEM files of CAs that the login trusts, by their settings; all are checked."""
        return {}

    @abstractmethod
    def python_options(self) -> dict[str, Any]:
        """Return the ``sasl_*`` arguments of kafka-python's clients, the password among them.

        Raises:
            SecretError: a secret cannot be read.
            SettingsError: a package is missing.
        """

    def python_environment(self) -> dict[str, str]:
        """Return the variables that kafka-python's clients need to log in."""
        return {}
