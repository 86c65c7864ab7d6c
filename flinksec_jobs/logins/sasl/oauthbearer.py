# SPDX-License-Identifier: Apache-2.0
"""OAUTHBEARER: a bearer token of an OAuth 2.0 server, or one in a file (RFC 7628); over TLS."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Protocol
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.logins import handlers, jaas, missing_rights
from flinksec_jobs.logins.login import KafkaSection, Login
from flinksec_jobs.logins.python_tokens import Endpoint, Tokens, of_file
from flinksec_jobs.refusals import (
    LOGIN_REFUSED,
    SECRET_GONE,
    TOKEN_REFUSED,
    TOKEN_SERVER,
    TOKEN_UNTRUSTED,
    Cause,
)
from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.sections.fields import LocalPath, Strings, refusal

_MODULE = f"{handlers.SHADED}common.security.oauthbearer.OAuthBearerLoginModule"
_OF_ENDPOINT = ("oauth_client_id", "oauth_client_secret")
_ONLY_OF_ENDPOINT = (*_OF_ENDPOINT, "oauth_scope", "oauth_audience", "oauth_ca_certs")
# RFC 7628, 3.1: names of key-value pairs; "auth" is the token's.
_EXTENSION = re.compile(r"(?!auth\Z)[A-Za-z]+")


class _Kafka(KafkaSection, Protocol):
    oauth_token_endpoint: str | None
    oauth_client_id: str | None
    oauth_client_secret: SecretFile | None
    oauth_scope: str | None
    oauth_audience: str | None
    oauth_ca_certs: Path | None
    oauth_token_file: SecretFile | None
    oauth_extensions: Mapping[str, str]
    ca_certs: Path | None


def _https_url(value: str | None) -> str | None:
    """Accept ``https://host[:port]/path``, without a user or password in it."""
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        is_url = parts.scheme == "https" and bool(parts.hostname) and not parts.fragment
        _ = parts.port
    except ValueError:
        is_url = False
    if not is_url or not value.isprintable() or " " in value:
        raise refusal("must be a URL with TLS, such as https://login.example.com/oauth2/token")
    if parts.username is not None or parts.password is not None:
        raise refusal("must not contain credentials: use oauth_client_id and oauth_client_secret")
    return value


def _extensions(value: dict[str, str]) -> dict[str, str]:
    if any(not _EXTENSION.fullmatch(name) for name in value):
        raise refusal("has a name that is not of letters alone, or is auth")
    if any(not text.isascii() or not text.isprintable() for text in value.values()):
        raise refusal("has a value that is not of printable ASCII characters")
    return value


class OAuthBearer(Login):
    """A token by client credentials, renewed before it ends, or the one in a file now."""

    fields: ClassVar = {
        "oauth_token_endpoint": (
            Annotated[str | None, AfterValidator(_https_url)],
            Field(
                default=None,
                description="URL of the OAuth 2.0 server that gives tokens for oauth_client_id, "
                "for OAUTHBEARER.",
            ),
        ),
        "oauth_client_id": (
            str | None,
            Field(default=None, min_length=1, description="Client of the token endpoint."),
        ),
        "oauth_client_secret": (
            SecretFile | None,
            Field(
                default=None,
                description="The client's secret, as file:/path; read again for each token.",
            ),
        ),
        "oauth_scope": (
            str | None,
            Field(default=None, min_length=1, description="Scopes to ask for, between spaces."),
        ),
        "oauth_audience": (
            str | None,
            Field(
                default=None,
                min_length=1,
                description="Audience to ask for, where the server has such a parameter.",
            ),
        ),
        "oauth_ca_certs": (
            LocalPath | None,
            Field(
                default=None,
                description="PEM file of the CAs of the token endpoint. Without it, those of the "
                "Java runtime.",
            ),
        ),
        "oauth_token_file": (
            SecretFile | None,
            Field(
                default=None,
                description="A token in place of an endpoint, as file:/path, such as the one that "
                "Kubernetes projects; read again at each login.",
            ),
        ),
        "oauth_extensions": (
            Annotated[Strings, AfterValidator(_extensions)],
            Field(default={}, description="SASL extensions (KIP-342) that the brokers ask for."),
        ),
    }
    causes = (
        Cause(
            "oauth_client_secret: the token endpoint",
            "kafka.oauth_client_secret",
            "compare kafka.oauth_client_id and the secret in the file with the server's client",
            TOKEN_REFUSED,
        ),
        Cause(
            "oauth_client_secret: ",
            "kafka.oauth_client_secret",
            "write the secret into the file again, readable by the job's user",
            SECRET_GONE,
        ),
        Cause(
            "oauth_scope: ",
            "kafka.oauth_scope",
            "ask for scopes that the server knows and the client may have",
            TOKEN_REFUSED,
        ),
        Cause(
            "oauth_audience: ",
            "kafka.oauth_audience",
            "ask for an audience that the server knows",
            TOKEN_REFUSED,
        ),
        Cause(
            "oauth_ca_certs: ",
            "kafka.oauth_ca_certs",
            "name the file with the certificate of the CA that signed the token endpoint's",
            TOKEN_UNTRUSTED,
        ),
        Cause(
            "certificate for another host",
            "kafka.oauth_token_endpoint",
            "use the host name that stands in the certificate of the token endpoint",
            TOKEN_UNTRUSTED,
        ),
        Cause(
            "certificate that has expired",
            "kafka.oauth_token_endpoint",
            "have the certificate of the token endpoint renewed",
            TOKEN_UNTRUSTED,
        ),
        Cause(
            "oauth_token_endpoint: ",
            "kafka.oauth_token_endpoint",
            "check that this is the token endpoint, and that it is up and can be reached",
            TOKEN_SERVER,
        ),
        Cause(
            "oauth_token_file: the token has expired",
            "kafka.oauth_token_file",
            "have a new token written into the file: whatever renews it has stopped",
            TOKEN_REFUSED,
        ),
        Cause(
            "oauth_token_file: ",
            "kafka.oauth_token_file",
            "have a JSON Web Token written into the file, readable by the job's user",
            SECRET_GONE,
        ),
        Cause(
            "SaslAuthenticationException",
            "kafka.sasl_mechanism",
            "compare issuer, audience and keys of the token with what the brokers expect "
            "(sasl.oauthbearer.expected.audience): they refuse it; their log says why",
            LOGIN_REFUSED,
        ),
        *missing_rights.causes("kafka.sasl_mechanism", "the token's subject may log in but has"),
    )

    @classmethod
    def contradictions(cls, settings: Any) -> Iterator[tuple[str, str]]:
        """Yield what is missing, what contradicts, and a protocol without TLS."""
        kafka: _Kafka = settings.kafka
        if not kafka.uses_tls:
            yield (
                "kafka.security_protocol",
                "is SASL_PLAINTEXT, and OAUTHBEARER would send the token readable: use SASL_SSL",
            )
        if kafka.oauth_token_endpoint is None and kafka.oauth_token_file is None:
            yield (
                "kafka.oauth_token_endpoint",
                "is missing, and OAUTHBEARER needs it, or oauth_token_file",
            )
        elif kafka.oauth_token_endpoint is None:
            for name in _ONLY_OF_ENDPOINT:
                if getattr(kafka, name) is not None:
                    yield f"kafka.{name}", "has no effect without oauth_token_endpoint: remove it"
        elif kafka.oauth_token_file is not None:
            yield "kafka.oauth_token_file", "excludes oauth_token_endpoint: keep one of the two"
        else:
            for name in _OF_ENDPOINT:
                if getattr(kafka, name) is None:
                    yield f"kafka.{name}", "is missing, and oauth_token_endpoint needs it"

    def who(self) -> tuple[str, str]:
        """Return the client; what is in the token is for the brokers to tell."""
        kafka: _Kafka = self._settings.kafka
        if kafka.oauth_token_file is not None:
            return "kafka.oauth_token_file", "the subject of the token"
        return "kafka.oauth_client_id", f"the subject of the token of {kafka.oauth_client_id}"

    def passwords(self) -> Mapping[str, SecretFile]:
        """Return the client's secret, or the token."""
        kafka: _Kafka = self._settings.kafka
        found = {
            "kafka.oauth_client_secret": kafka.oauth_client_secret,
            "kafka.oauth_token_file": kafka.oauth_token_file,
        }
        return {setting: secret for setting, secret in found.items() if secret is not None}

    def authorities(self) -> Mapping[str, Path]:
        """Return the file of the token endpoint's CAs."""
        kafka: _Kafka = self._settings.kafka
        return {"kafka.oauth_ca_certs": kafka.oauth_ca_certs} if kafka.oauth_ca_certs else {}

    def properties(self) -> dict[str, str]:
        """Return the properties of a client that asks for tokens, or reads them, where it runs."""
        options = {name: value for name, (value, _) in self._options().items()}
        settings = {name: setting for name, (_, setting) in self._options().items()}
        return {
            "sasl.mechanism": "OAUTHBEARER",
            "sasl.jaas.config": jaas.login_module(_MODULE, options, settings),
            "sasl.login.callback.handler.class": handlers.BY_TOKEN,
            "sasl.client.callback.handler.class": handlers.EACH_BY_TOKEN,
        }

    def python_options(self) -> dict[str, Any]:
        """Return what gives a token for each connection."""
        try:
            from kafka.net.sasl.oauth import AbstractTokenProvider
        except ImportError as error:
            raise SettingsError(
                "kafka-python is not installed, or too old for OAUTHBEARER",
                hint="pip install 'kafka-python>=3'",
            ) from error
        kafka: _Kafka = self._settings.kafka
        if (file := kafka.oauth_token_file) is not None:
            tokens = Tokens(lambda: of_file(file))
        else:
            assert kafka.oauth_token_endpoint and kafka.oauth_client_id  # noqa: S101  asked before
            assert kafka.oauth_client_secret  # noqa: S101
            endpoint = Endpoint(
                kafka.oauth_token_endpoint,
                kafka.oauth_client_id,
                kafka.oauth_client_secret,
                kafka.oauth_scope,
                kafka.oauth_audience,
                kafka.oauth_ca_certs,
            )
            tokens = Tokens(endpoint.ask)
        extensions = dict(kafka.oauth_extensions)

        class Provider(AbstractTokenProvider):  # type: ignore[misc]
            def token(self) -> str:
                return tokens.token()

            def extensions(self) -> dict[str, str]:
                return extensions

        return {"sasl_mechanism": "OAUTHBEARER", "sasl_oauth_token_provider": Provider()}

    def _options(self) -> dict[str, tuple[str, str]]:
        """Return the options of the login module, each with the setting that it comes from."""
        kafka: _Kafka = self._settings.kafka
        secret, token = kafka.oauth_client_secret, kafka.oauth_token_file
        found = {
            "section": (self.section, "kafka"),
            "tokenFile": (token and str(token.path), "kafka.oauth_token_file"),
            "tokenEndpoint": (kafka.oauth_token_endpoint, "kafka.oauth_token_endpoint"),
            "clientId": (kafka.oauth_client_id, "kafka.oauth_client_id"),
            "clientSecretFile": (secret and str(secret.path), "kafka.oauth_client_secret"),
            "scope": (kafka.oauth_scope, "kafka.oauth_scope"),
            "audience": (kafka.oauth_audience, "kafka.oauth_audience"),
            "caCerts": (
                kafka.oauth_ca_certs and str(kafka.oauth_ca_certs),
                "kafka.oauth_ca_certs",
            ),
        }
        found |= {
            f"extension_{name}": (value, "kafka.oauth_extensions")
            for name, value in kafka.oauth_extensions.items()
        }
        return {name: (value, setting) for name, (value, setting) in found.items() if value}


LOGIN = OAuthBearer
