# SPDX-License-Identifier: Apache-2.0
"""What the sections of servers say alike about TLS: whom they trust, and who the job is."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.sections.fields import LocalPath, Section


class CertificateFiles(Section):
    """The files of the CAs that are trusted, and of the job's own certificate."""

    ca_certs: LocalPath | None = Field(
        default=None,
        description="Trusted CAs: a PEM file, or a PKCS12 or JKS store. Without it, the CAs of the "
        "Java runtime. It is read again before each connection.",
    )
    ca_certs_password: SecretFile | None = Field(
        default=None, description="Password of a store in ca_certs, as file:/path."
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

    def _contradictions(self) -> Iterator[tuple[str, str]]:
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
