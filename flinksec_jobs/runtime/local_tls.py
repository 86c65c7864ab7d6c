# SPDX-License-Identifier: Apache-2.0
"""The throw-away certificate of a local run: both ends of its connections have it, and no others.

A port on the loopback interface is open to every user of the machine. So Flink's REST server and
its blob server ask for this certificate, whose key lies in the run's private directory and goes
away with it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from flinksec_jobs import certificates
from flinksec_jobs.certificates import Identity, Validity
from flinksec_jobs.private_files import write_private
from flinksec_jobs.sections.decides import as_texts, options_of
from flinksec_jobs.settings import ClusterTlsSettings
from flinksec_jobs.settings.cluster_tls import KEYSTORE, TRUSTSTORE, store_passwords
from flinksec_jobs.settings.flink_defaults import MUTUAL_TLS

NAMES = ("localhost", "127.0.0.1", "::1")
CERTIFICATE, KEY = "tls.crt", "tls.key"
# The clock may be set back while the job runs; a run may last for years.
_VALID = timedelta(days=3650)
_SKEW = timedelta(days=1)


@dataclass(frozen=True)
class ClientFiles:
    """What a client of the REST server shows, and whom it trusts: paths of PEM files."""

    certificate: Path
    key: Path

    @property
    def trusted(self) -> Path:
        """The one certificate that server and clients trust is their own."""
        return self.certificate


@dataclass(frozen=True)
class LocalTls:
    """The files of a run's certificate in its private directory.

    Attributes:
        directory: where they are.
        password: of the PKCS#12 stores, which Flink needs to have one. It is in the memory of
            this process and of its JVM, and nowhere else.
    """

    directory: Path
    password: str

    def __repr__(self) -> str:
        return f"<LocalTls {self.directory}>"

    @property
    def client(self) -> ClientFiles:
        """For clients of the REST server."""
        return ClientFiles(self.directory / CERTIFICATE, self.directory / KEY)

    @property
    def flink_options(self) -> dict[str, str]:
        """Flink's options: mutual TLS for REST and between Flink's own parts."""
        tls = ClusterTlsSettings(internal=self.directory, rest=self.directory)
        return as_texts(
            options_of(tls)
            | MUTUAL_TLS
            | store_passwords("internal", self.password)
            | store_passwords("rest", self.password)
        )


def make(directory: Path) -> LocalTls:
    """Make a key and its certificate in a new private directory."""
    directory.mkdir(mode=0o700)
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC).replace(microsecond=0)
    certificate = certificates.self_signed(
        key,
        certificates.name("flinksec-local-run"),
        Validity(now - _SKEW, now + _VALID),
        names=NAMES,
    )
    identity = Identity(certificate, key)
    made = LocalTls(directory, secrets.token_urlsafe(32))
    write_private(directory / CERTIFICATE, identity.certificate_pem)
    write_private(directory / KEY, identity.key_pem)
    write_private(directory / KEYSTORE, identity.pkcs12(made.password, "flink"))
    write_private(directory / TRUSTSTORE, certificates.truststore([certificate], made.password))
    return made
