# SPDX-License-Identifier: Apache-2.0
"""The logins that the sandbox's broker offers besides Kerberos, and a job's settings for each."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

from flinksec_jobs.private_files import write_private
from flinksec_jobs.sandbox.layout import CLIENTS, Layout

TOKENS = "kafka-tokens"
"""The port of the token endpoint."""

TICKETS = "ticket-cache"
AUDIENCE = "kafka"
LOGINS = (TICKETS, "scram-sha-256", "scram-sha-512", "plain", "oauthbearer", "token-file",
          "certificate")  # fmt: skip
"""What there is a settings file for; `settings.toml` logs in by keytab."""

_MODULES = "org.apache.kafka.common.security"
_VALIDATOR = f"{_MODULES}.oauthbearer.OAuthBearerValidatorCallbackHandler"
_PASSWORDS = "org.flinksec.sandbox.logins.PlainPasswords"
_LIFETIME_SECONDS = 3600


def write_secrets(layout: Layout) -> None:
    """Make a password and a client's secret for each client; those that are there stay."""
    layout.logins.mkdir(mode=0o700, exist_ok=True)
    for client in CLIENTS:
        for path in (password(layout, client), client_secret(layout, client)):
            if not path.exists():
                write_private(path, secrets.token_urlsafe(24))
    set_token_lifetime(layout, _LIFETIME_SECONDS)


def password(layout: Layout, user: str) -> Path:
    """Return the file with the password of a user, for SCRAM and PLAIN."""
    return layout.logins / f"{user}.password"


def client_secret(layout: Layout, client: str) -> Path:
    """Return the file with the secret of a client of the token endpoint."""
    return layout.logins / f"{client}.client-secret"


def token_file(layout: Layout) -> Path:
    """Return the file with a token of the job, for a login by one."""
    return layout.logins / "flink.token"


def set_token_lifetime(layout: Layout, seconds: int) -> None:
    """Let tokens that are asked for from now on last so long."""
    write_private(layout.logins / "token-seconds", str(seconds))


def issuer(layout: Layout, ports: Mapping[str, int]) -> str:
    """Return the URL of the OAuth 2.0 server."""
    return f"https://{layout.host}:{ports[TOKENS]}"


def launcher_properties(
    layout: Layout, ports: Mapping[str, int], admin: Path, store_password: str
) -> dict[str, str]:
    """Return what the launcher needs for the users and the token endpoint.

    Args:
        layout: where the files are.
        ports: by name.
        admin: properties of a client that may change passwords.
        store_password: of the server's PKCS#12 store.
    """
    return {
        "tokens.admin": str(admin),
        "tokens.directory": str(layout.logins),
        "tokens.issuer": issuer(layout, ports),
        "tokens.bind": layout.bind,
        "tokens.port": str(ports[TOKENS]),
        "tokens.keystore": str(layout.certificate("server.p12")),
        "tokens.password": store_password,
    }


def server_properties(
    layout: Layout, ports: Mapping[str, int], encrypted: str, clear: str
) -> dict[str, str]:
    """Return what a broker's listeners need for these logins.

    Args:
        layout: where the files are.
        ports: by name.
        encrypted: the name of the listener with TLS, which offers all of them.
        clear: the one without, which offers SCRAM alone: there anybody reads a password or token.
    """
    scram = {"SCRAM-SHA-256": _module("scram.Scram"), "SCRAM-SHA-512": _module("scram.Scram")}
    found = _listener(clear, scram)
    found |= _listener(
        encrypted,
        scram
        | {
            "PLAIN": _module("plain.Plain", f'directory="{layout.logins}"'),
            "OAUTHBEARER": _module("oauthbearer.OAuthBearer"),
        },
    )
    prefix = f"listener.name.{encrypted.lower()}"
    return found | {
        f"{prefix}.plain.sasl.server.callback.handler.class": _PASSWORDS,
        f"{prefix}.oauthbearer.sasl.server.callback.handler.class": _VALIDATOR,
        "sasl.oauthbearer.jwks.endpoint.url": (layout.logins / "jwks.json").as_uri(),
        "sasl.oauthbearer.expected.audience": AUDIENCE,
        "sasl.oauthbearer.expected.issuer": issuer(layout, ports),
    }


def _module(name: str, options: str = "") -> str:
    return f"{_MODULES}.{name}LoginModule required {options};"


def _listener(name: str, modules: Mapping[str, str]) -> dict[str, str]:
    prefix = f"listener.name.{name.lower()}"
    configs = {f"{prefix}.{one.lower()}.sasl.jaas.config": text for one, text in modules.items()}
    return {f"{prefix}.sasl.enabled.mechanisms": ",".join(["GSSAPI", *modules]), **configs}


def kafka_settings(
    layout: Layout, ports: Mapping[str, int], login: str, client: str = "flink"
) -> dict[str, str]:
    """Return the settings under ``[kafka]`` that choose a login.

    Args:
        layout: where the files are.
        ports: by name.
        login: one of `LOGINS`.
        client: whose: ``flink``, or ``guest`` who has no rights.
    """
    if login == TICKETS:
        return {}
    if login == "certificate":
        return {
            "security_protocol": "SSL",
            "client_cert": str(layout.certificate(f"{client}.pem")),
            "client_key": f"file:{layout.certificate(f'{client}.key')}",
        }
    if login == "token-file":
        return {
            "sasl_mechanism": "OAUTHBEARER",
            "oauth_token_file": f"file:{token_file(layout)}",
        }
    if login == "oauthbearer":
        return {
            "sasl_mechanism": "OAUTHBEARER",
            "oauth_token_endpoint": f"{issuer(layout, ports)}/token",
            "oauth_client_id": client,
            "oauth_client_secret": f"file:{client_secret(layout, client)}",
            "oauth_ca_certs": str(layout.certificate("ca.pem")),
        }
    return {
        "sasl_mechanism": login.upper(),
        "username": client,
        "password": f"file:{password(layout, client)}",
    }
