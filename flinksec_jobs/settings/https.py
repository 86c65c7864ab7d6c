# SPDX-License-Identifier: Apache-2.0
"""What all sections say alike that are about servers over HTTPS."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, AliasChoices, Field

from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.sections.fields import Duration, together
from flinksec_jobs.settings import addresses
from flinksec_jobs.settings.certificate_files import CertificateFiles

# Java counts these in milliseconds, as an int.
_LONGEST = timedelta(days=24)


class HttpsSettings(CertificateFiles):
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
    fingerprint: Annotated[str | None, AfterValidator(addresses.sha256_fingerprint)] = Field(
        default=None,
        validation_alias=AliasChoices("fingerprint", "ssl_assert_fingerprint"),
        description="SHA-256 of the server's own certificate, or of a CA's that the server shows "
        "with it, in hexadecimal, colons allowed (also ssl_assert_fingerprint).",
    )
    username: addresses.BasicUser | None = Field(default=None, description="User for HTTP basic.")
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
    proxy_username: addresses.BasicUser | None = Field(
        default=None, description="User for HTTP basic at the proxy."
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
        yield from super()._contradictions()
        yield from together(self, "username", "password")
        yield from together(self, "proxy_username", "proxy_password")
        if self.proxy_username and not self.proxy:
            yield "proxy", "is missing, and proxy_username needs it"
        given = [name for name in self.logins if getattr(self, name)]
        for name in given[1:]:
            yield name, f"excludes {_with_password(given[0])}: keep one of the two"
        if self.verification == "fingerprint" and not self.fingerprint:
            yield "fingerprint", 'is missing, and verification = "fingerprint" needs it'
        if self.fingerprint and self.verification in {"full", "certificate"}:
            yield "fingerprint", 'has no effect: set verification = "fingerprint", or remove it'
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, timedelta) and value > _LONGEST:
                yield name, f"must be at most {_LONGEST.days} d"
        if self.verification != "none" and not self.uses_tls:
            yield self.servers_setting, 'names http://: use https://, or set verification = "none"'


def _with_password(name: str) -> str:
    return "username and password" if name == "username" else name
