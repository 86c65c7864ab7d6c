# SPDX-License-Identifier: Apache-2.0
"""How a server is reached, as the flat options of the client in the JVM; secrets are paths."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from flinksec_jobs.secrets import SecretFile

if TYPE_CHECKING:
    from flinksec_jobs.settings import HttpsSettings, KerberosSettings

_TLS = (
    "verification",
    "min_tls_version",
    "ca_certs",
    "ca_certs_password",
    "fingerprint",
    "client_cert",
    "client_key",
    "client_key_password",
)
_OTHERS = (
    "username",
    "password",
    "api_key",
    "token",
    "proxy",
    "proxy_username",
    "proxy_password",
    "connect_timeout",
    "response_timeout",
    "keep_alive",
)


def connection_options(
    settings: HttpsSettings, kerberos: KerberosSettings | None = None
) -> dict[str, str]:
    """Return how servers are reached, by the names of the settings.

    Args:
        settings: the section.
        kerberos: who the job is, if it logs in by Kerberos.
    """
    given: dict[str, object] = {settings.servers_setting: settings.servers}
    # Over http:// there is nothing to verify, and the client refuses to pretend.
    names = (*_TLS, *_OTHERS) if settings.uses_tls else _OTHERS
    given |= {name: getattr(settings, name, None) for name in names}
    if settings.verification not in {"full", "certificate"}:
        given |= {"ca_certs": None, "ca_certs_password": None}
    if settings.verification != "fingerprint":
        given["fingerprint"] = None
    if kerberos is not None:
        given |= {
            "kerberos_principal": kerberos.principal,
            "kerberos_keytab": kerberos.keytab,
            "kerberos_ticket_cache": kerberos.ticket_cache,
            "kerberos_service_name": getattr(settings, "kerberos_service_name", None),
        }
    return {name: as_option(value) for name, value in given.items() if value is not None}


def as_option(value: object) -> str:
    """Return a value as the JVM reads it: durations in milliseconds, secrets as paths."""
    if isinstance(value, timedelta):
        return str(max(1, value // timedelta(milliseconds=1)))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value.path) if isinstance(value, SecretFile) else str(value)


def files(settings: HttpsSettings) -> list[Path]:
    """Return the files that TLS is made of, as far as they are set."""
    given = (getattr(settings, name) for name in _TLS)
    return [
        found.path if isinstance(found, SecretFile) else found
        for found in given
        if isinstance(found, SecretFile | Path)
    ]
