# SPDX-License-Identifier: Apache-2.0
"""What all sections say alike that are about servers over HTTPS."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, AliasChoices, Field

from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.sections.fields import Duration, LocalPath, Section, together
from flinksec_jobs.settings import addresses


class HttpsSettings(Section):
    """How servers are reached, how their certificates are checked, and who the job is."""

    # The setting that names the servers.
    servers_setting: ClassVar[str]
    # Those that say who the job is, of which one at most is set.
    logins: ClassVar[tuple[str, ...]] = ("username", "token")

    verification: Literal["full", "certificate", "fingerprint", "none"] = Field(
        default="full",
        description="full: trusted chain and right host name. certificate: trusted chain, any "
        "host name. fingerprint: exactly this certificate, or one that this CA signed for the "
        "host. none: anyone.",
    )
    min_tls_version: Literal["TLSv1.2", "TLSv1.3"] = Field(
        default="TLSv1.2", description="Oldest version of TLS that is spoken."
    )
    ca_certs: LocalPath | None = Field(
        default=None,
        description="Trusted CAs: a PEM file, or a PKCS12 or JKS store. Without it, the CAs of the "
        "Java runtime. It is read again before each connection.",
    )
    ca_certs_password: SecretFile | None = Field(
        default=None, description="Password of a store in ca_certs, as file:/path."
    )
    fingerprint: Annotated[str | None, AfterValidator(addresses.sha256_fingerprint)] = Field(
        default=None,
        validation_alias=AliasChoices("fingerprint", "ssl_assert_fingerprint"),
        description="SHA-256 of the server's own certificate, or of a CA's that the server shows "
        "with it, in hexadecimal, colons allowed (also ssl_assert_fingerprint).",
    )
    client_cert: LocalPath | None = Field(
        default=None,
        description="The job's certificate, followed by its chain: a PEM file, or a PKCS12 or JKS "
        "store with its key. It is read again before each connection.",
    )
    client_key: SecretFile | None = Field(
        default=None,
        description="PEM file of the certificate's key, as file:/path; left out with a store.",
    )
    client_key_password: SecretFile | None = Field(
        default=None,
        description="Password of a store in client_cert, or of an encrypted client_key, as "
        "file:/path.",
    )
    username: str | None = Field(default=None, min_length=1, description="User for HTTP basic.")
    password: SecretFile | None = Field(
        default=None,
        description="The user's password, as file:/path. It is read again for each request.",
    )
    token: SecretFile | None = Field(
        default=None,
        description="A bearer token, such as a service token, as file:/path. It is read again for "
        "each request.",
    )
    proxy: addresses.ProxyUrl | None = Field(
        default=None,
        description="HTTP proxy that all connections go through, as http://host:port: a tunnel "
        "(CONNECT), so that TLS is with the server. Variables such as https_proxy do not count.",
    )
    proxy_username: str | None = Field(
        default=None, min_length=1, description="User for HTTP basic at the proxy."
    )
    proxy_password: SecretFile | None = Field(
        default=None, description="The password at the proxy, as file:/path."
    )
    connect_timeout: Duration = Field(
        default=timedelta(seconds=5), description="How long a connection may take to come about."
    )
    response_timeout: Duration = Field(
        default=timedelta(minutes=1), description="How long an answer is waited for."
    )
    keep_alive: Duration = Field(
        default=timedelta(minutes=1),
        description="How long a connection is kept that is not used; less than what cuts it, such "
        "as a load balancer.",
    )

    @property
    def servers(self) -> tuple[str, ...]:
        """The addresses of the servers."""
        found: tuple[str, ...] = getattr(self, self.servers_setting)
        return found

    @property
    def uses_tls(self) -> bool:
        """Whether connections are encrypted."""
        return all(server.startswith("https:") for server in self.servers)

    @property
    def says_who(self) -> bool:
        """Whether the job says who it is."""
        return bool(self.client_cert) or any(getattr(self, name) for name in self.logins)

    def _contradictions(self) -> Iterator[tuple[str, str]]:
        yield from together(self, "username", "password")
        yield from together(self, "proxy_username", "proxy_password")
        if self.proxy_username and not self.proxy:
            yield "proxy", "is missing, and proxy_username needs it"
        given = [name for name in self.logins if getattr(self, name)]
        for name in given[1:]:
            yield name, f"excludes {_with_password(given[0])}: keep one of the two"
        yield from self._files_contradict()
        if self.verification == "fingerprint" and not self.fingerprint:
            yield "fingerprint", 'is missing, and verification = "fingerprint" needs it'
        if self.fingerprint and self.verification in {"full", "certificate"}:
            yield "fingerprint", 'has no effect: set verification = "fingerprint", or remove it'
        if self.verification != "none" and not self.uses_tls:
            yield self.servers_setting, 'names http://: use https://, or set verification = "none"'

    def _files_contradict(self) -> Iterator[tuple[str, str]]:
        if self.client_cert and not (self.client_key or self.client_key_password):
            yield (
                "client_key",
                "is missing, and client_cert needs it, or client_key_password if it is a store",
            )
        for name in ("client_key", "client_key_password"):
            if getattr(self, name) and not self.client_cert:
                yield "client_cert", f"is missing, and {name} needs it"
        if self.ca_certs_password and not self.ca_certs:
            yield "ca_certs", "is missing, and ca_certs_password needs it"


def _with_password(name: str) -> str:
    return "username and password" if name == "username" else name
