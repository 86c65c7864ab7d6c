# SPDX-License-Identifier: Apache-2.0
"""Logins by a user and a password: all of SCRAM and PLAIN but their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Protocol

from pydantic import Field

from flinksec_jobs.logins import handlers, jaas, missing_rights, references
from flinksec_jobs.logins.login import KafkaSection, Login
from flinksec_jobs.refusals import LOGIN_REFUSED, SECRET_GONE, Cause
from flinksec_jobs.secrets import SecretFile


class _Kafka(KafkaSection, Protocol):
    @property
    def username(self) -> str: ...

    @property
    def password(self) -> SecretFile: ...


class _Told(Protocol):
    @property
    def kafka(self) -> _Kafka: ...


class ByPassword(Login):
    """A user and a password, which is read from its file at each login.

    Attributes:
        mechanism: of SASL, as Kafka writes it.
        module: the login module, below the package of Kafka's clients.
    """

    mechanism: ClassVar[str]
    module: ClassVar[str]
    fields: ClassVar = {
        "username": (
            str | None,
            Field(default=None, min_length=1, description="User, for SCRAM and PLAIN."),
        ),
        "password": (
            SecretFile | None,
            Field(
                default=None,
                description="The user's password, as file:/path; read again at each login, so a "
                "new one needs no restart.",
            ),
        ),
    }
    causes = (
        Cause(
            ".password: ",
            "kafka.password",
            "write the password into the file again, readable by the job's user",
            SECRET_GONE,
        ),
        Cause(
            "SaslAuthenticationException",
            "kafka.password",
            "compare kafka.username and the password in the file with the broker's: it refuses "
            "one of the two",
            LOGIN_REFUSED,
        ),
        *missing_rights.causes("kafka.username", "the user may log in but has"),
    )

    @classmethod
    def contradictions(cls, settings: Any) -> Iterator[tuple[str, str]]:
        """Yield what is missing of user and password."""
        for name in ("username", "password"):
            if getattr(settings.kafka, name) is None:
                yield f"kafka.{name}", f"is missing, and {cls.mechanism} needs it"

    def who(self) -> tuple[str, str]:
        """Return the user."""
        told: _Told = self._settings
        return "kafka.username", told.kafka.username

    def passwords(self) -> Mapping[str, SecretFile]:
        """Return the password."""
        told: _Told = self._settings
        return {"kafka.password": told.kafka.password}

    def properties(self) -> dict[str, str]:
        """Return the properties of a client that reads the password when it logs in."""
        told: _Told = self._settings
        config = jaas.login_module(
            f"{handlers.SHADED}{self.module}",
            {
                "username": told.kafka.username,
                "passwordFile": str(told.kafka.password.path),
                "section": self.section,
            },
            {"username": "kafka.username", "passwordFile": "kafka.password"},
        )
        return {
            "sasl.mechanism": self.mechanism,
            "sasl.jaas.config": config,
            "sasl.client.callback.handler.class": handlers.BY_PASSWORD,
        }

    def plain_properties(self) -> dict[str, str]:
        """Return the same for Kafka's own clients, which read the password when they are made."""
        told: _Told = self._settings
        config = jaas.login_module(
            f"{handlers.KAFKA}{self.module}",
            {"username": told.kafka.username, "password": told.kafka.password},
            {"username": "kafka.username", "password": "kafka.password"},
        )
        return {
            "sasl.mechanism": self.mechanism,
            "sasl.jaas.config": config,
            **references.providers(self.passwords(), handlers.KAFKA),
        }

    def python_options(self) -> dict[str, Any]:
        """Return user and password."""
        told: _Told = self._settings
        return {
            "sasl_mechanism": self.mechanism,
            "sasl_plain_username": told.kafka.username,
            "sasl_plain_password": told.kafka.password.read_text("kafka.password"),
        }
