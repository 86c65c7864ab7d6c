# SPDX-License-Identifier: Apache-2.0
"""The section ``[schema_registry]``: where schemas of records are registered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.sections.fields import Duration, LocalPath, OneOrMore, Section, together
from flinksec_jobs.settings import addresses

SubjectNaming = Literal["topic_name", "record_name", "topic_record_name"]


class SchemaRegistrySettings(Section):
    """Where schemas of records are registered, in Confluent's interface."""

    urls: OneOrMore[addresses.HttpUrl] = Field(
        description="Addresses of one registry as https://host:port, with the path of its "
        "interface if it has one, asked in turn; http:// only with verification = none."
    )
    verification: Literal["full", "certificate", "fingerprint", "none"] = Field(
        default="full",
        description="full: trusted chain and right host name. certificate: trusted chain, any "
        "host name. fingerprint: exactly this certificate. none: anyone.",
    )
    ca_certs: LocalPath | None = Field(
        default=None,
        description="PEM file of trusted CAs. Without it, the CAs of the Java runtime.",
    )
    fingerprint: Annotated[str | None, AfterValidator(addresses.sha256_fingerprint)] = Field(
        default=None,
        description="SHA-256 of the server's own certificate in hexadecimal, colons allowed.",
    )
    username: str | None = Field(default=None, min_length=1, description="User for HTTP basic.")
    password: SecretFile | None = Field(
        default=None, description="The user's password, as file:/path."
    )
    token: SecretFile | None = Field(
        default=None,
        description="A bearer token, as file:/path; read anew for each request.",
    )
    client_cert: LocalPath | None = Field(
        default=None, description="PEM file of the job's certificate, its chain after it."
    )
    client_key: SecretFile | None = Field(
        default=None, description="PEM file of the certificate's unencrypted key, as file:/path."
    )
    subject_naming: SubjectNaming = Field(
        default="topic_name",
        description="Under which subject a schema is: topic_name: TOPIC-value, TOPIC-key. "
        "record_name: the record's full name. topic_record_name: TOPIC-NAME.",
    )
    auto_register: bool = Field(
        default=False,
        description="Whether a job registers a schema that its subject does not have, where the "
        "subject's rule of compatibility allows it.",
    )
    retry_timeout: Duration = Field(
        default=timedelta(minutes=1),
        description="How long a running job asks a registry that does not answer, before it fails.",
    )

    @property
    def uses_tls(self) -> bool:
        """Whether connections are encrypted."""
        return all(url.startswith("https:") for url in self.urls)

    def _contradictions(self) -> Iterator[tuple[str, str]]:
        yield from together(self, "username", "password")
        yield from together(self, "client_cert", "client_key")
        if self.token and self.username:
            yield "token", "excludes username and password: keep one of the two"
        if self.verification == "fingerprint" and not self.fingerprint:
            yield "fingerprint", 'is missing, and verification = "fingerprint" needs it'
        if self.fingerprint and self.verification in {"full", "certificate"}:
            yield "fingerprint", 'has no effect: set verification = "fingerprint", or remove it'
        if self.verification != "none" and not self.uses_tls:
            yield "urls", 'names http://: use https://, or set verification = "none"'
