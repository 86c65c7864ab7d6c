# SPDX-License-Identifier: Apache-2.0
"""GSSAPI: Kerberos, by the principal of ``[kerberos]`` and its keytab or tickets."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Protocol

from pydantic import Field

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.logins import handlers, jaas, missing_rights
from flinksec_jobs.logins.login import KafkaSection, Login
from flinksec_jobs.refusals import (
    KDC_AWAY,
    KEY_REFUSED,
    KEYTAB,
    LOGIN_REFUSED,
    SERVICE_UNKNOWN,
    Cause,
)
from flinksec_jobs.secrets import SecretFile

# The JDK's own, so that the same text serves Kafka's clients and the shaded ones of Flink.
_MODULE = "com.sun.security.auth.module.Krb5LoginModule"
_NO_TICKET = Cause(
    "LoginException",
    "kerberos.ticket_cache",
    "get a ticket with kinit: the file holds none of kerberos.principal that is still good",
    LOGIN_REFUSED,
)


class _Kafka(KafkaSection, Protocol):
    @property
    def kerberos_service_name(self) -> str: ...


class _Kerberos(Protocol):
    @property
    def principal(self) -> str: ...

    @property
    def keytab(self) -> SecretFile | None: ...

    @property
    def ticket_cache(self) -> SecretFile | None: ...

    @property
    def krb5_conf(self) -> Path: ...


class _Told(Protocol):
    @property
    def kafka(self) -> _Kafka: ...

    @property
    def kerberos(self) -> _Kerberos: ...


class Gssapi(Login):
    """A login by keytab or tickets; what is made of ``[kerberos]`` tells the JVM of the KDCs."""

    fields: ClassVar = {
        "kerberos_service_name": (
            str,
            Field(
                default="kafka",
                min_length=1,
                description="First part of the brokers' principals, for GSSAPI.",
            ),
        ),
        "kerberos": (
            str | None,
            Field(
                default=None,
                min_length=1,
                description="Who the job is for GSSAPI: NAME for the section [kerberos.NAME]. "
                "Without it, [kerberos].",
            ),
        ),
    }
    sections = frozenset({"kerberos"})
    is_the_process = True
    causes = (
        Cause(
            "Server not found in Kerberos",
            "kafka.kerberos_service_name",
            "the KDC knows no service of this name on the broker's host",
            SERVICE_UNKNOWN,
        ),
        KDC_AWAY,
        Cause(
            "LoginException",
            "kerberos.keytab",
            "check principal and keytab with `klist -k`, "
            "and that the KDC in kerberos.krb5_conf can be reached",
            LOGIN_REFUSED,
        ),
        Cause("Checksum failed", "kerberos.keytab", KEYTAB, KEY_REFUSED),
        Cause("Identifier doesn't match", "kerberos.keytab", KEYTAB, KEY_REFUSED),
        Cause(
            "SaslAuthenticationException",
            "kerberos.keytab",
            "the broker refused the ticket; its log says why",
            LOGIN_REFUSED,
        ),
        *missing_rights.causes("kerberos.principal", "the principal has a ticket but"),
    )

    def __init__(self, settings: Any) -> None:
        """Keep the settings; without a keytab, what refusals mean is another thing."""
        super().__init__(settings)
        if settings.kerberos.keytab is None:
            self.causes = (KDC_AWAY, _NO_TICKET, *self.causes)

    @classmethod
    def contradictions(cls, settings: Any) -> Iterator[tuple[str, str]]:
        """Yield ``kerberos`` where the section is missing, and what has no effect on tickets."""
        if settings.kerberos is None:
            protocol = settings.kafka.security_protocol
            yield (
                "kerberos",
                f"is missing, and kafka.security_protocol = {protocol} needs it, or another "
                "kafka.sasl_mechanism",
            )
        elif settings.kerberos.keytab is None:
            for name in settings.kafka.properties:
                if name.startswith("sasl.kerberos."):
                    yield (
                        f"kafka.properties.{name}",
                        "has no effect: the login is by kerberos.ticket_cache, whose file is "
                        "looked at every two seconds",
                    )

    def who(self) -> tuple[str, str]:
        """Return the principal."""
        told: _Told = self._settings
        return "kerberos.principal", told.kerberos.principal

    def properties(self) -> dict[str, str]:
        """Return the properties of a login by keytab, or by tickets that are looked at again.

        It is each client's own, because Flink logs no client in in a local run.
        """
        told: _Told = self._settings
        found = self.plain_properties()
        if told.kerberos.keytab is None:
            found["sasl.login.class"] = handlers.BY_TICKETS
        return found

    def plain_properties(self) -> dict[str, str]:
        """Return the same for Kafka's own clients, which read tickets when they are made."""
        told: _Told = self._settings
        return {
            "sasl.mechanism": "GSSAPI",
            "sasl.kerberos.service.name": told.kafka.kerberos_service_name,
            "sasl.jaas.config": self._module(told.kerberos),
        }

    def _module(self, kerberos: _Kerberos) -> str:
        if kerberos.keytab is not None:
            return by_keytab(kerberos.keytab.path, kerberos.principal)
        assert kerberos.ticket_cache is not None  # noqa: S101  the settings have one of the two
        section = self._settings.spelling.setting("kerberos")
        return by_ticket_cache(kerberos.ticket_cache.path, kerberos.principal, section)

    def python_options(self) -> dict[str, Any]:
        """Return the service; the ticket is got by what is in the environment."""
        if find_spec("gssapi") is None:
            raise SettingsError(
                "a client in Python needs the package gssapi to log in by Kerberos",
                hint="pip install 'flinksec-jobs[gssapi]', which needs MIT's libkrb5-dev and a "
                "compiler, or use another login",
            )
        told: _Told = self._settings
        return {
            "sasl_mechanism": "GSSAPI",
            "sasl_kerberos_service_name": told.kafka.kerberos_service_name,
        }

    def python_environment(self) -> dict[str, str]:
        """Return where MIT's library finds KDCs and keytab; the ticket stays in memory."""
        told: _Told = self._settings
        found = {"KRB5_CONFIG": str(told.kerberos.krb5_conf)}
        if told.kerberos.keytab is None:
            assert told.kerberos.ticket_cache is not None  # noqa: S101  one of the two is set
            return found | {"KRB5CCNAME": f"FILE:{told.kerberos.ticket_cache.path}"}
        keytab = f"FILE:{told.kerberos.keytab.path}"
        return found | {"KRB5_CLIENT_KTNAME": keytab, "KRB5CCNAME": "MEMORY:flinksec"}


def by_keytab(keytab: Path, principal: str) -> str:
    """Return ``sasl.jaas.config`` for a login that asks nobody and looks into no ticket cache.

    Raises:
        SettingsError: path or principal hold what cannot stand there.
    """
    options = {
        "useKeyTab": "true",
        "storeKey": "true",
        "useTicketCache": "false",
        "doNotPrompt": "true",
        "keyTab": str(keytab),
        "principal": principal,
    }
    named = {"keyTab": "kerberos.keytab", "principal": "kerberos.principal"}
    return jaas.login_module(_MODULE, options, named)


def by_ticket_cache(
    cache: Path | None = None, principal: str | None = None, section: str | None = None
) -> str:
    """Return ``sasl.jaas.config`` for a login by a ticket that is there already, if one is.

    Args:
        cache: the file of tickets; default: that of the environment.
        principal: whose ticket it must be; default: anybody's.
        section: that of the settings, for messages of the handlers in the JVM.

    Raises:
        SettingsError: path or principal hold what cannot stand there.
    """
    given = {"ticketCache": cache and str(cache), "principal": principal, "section": section}
    options = {"useTicketCache": "true", "renewTGT": "true", "doNotPrompt": "true"} | {
        name: value for name, value in given.items() if value
    }
    named = {"ticketCache": "kerberos.ticket_cache", "principal": "kerberos.principal"}
    return jaas.login_module(_MODULE, options, named)


LOGIN = Gssapi
