# SPDX-License-Identifier: Apache-2.0
"""The section ``[cluster.tls]``: the mutual TLS of Flink's own traffic."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from flinksec_jobs.sections.decides import Decides
from flinksec_jobs.sections.fields import LocalPath, Section, refusal

KEYSTORE, TRUSTSTORE, PASSWORD = "keystore.p12", "truststore.p12", "password"
"""The files in each directory of ``[cluster.tls]``."""
# Only suites with forward secrecy and authenticated encryption.
CIPHER_SUITES = {
    "TLSv1.3": ("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"),
    "TLSv1.2": (
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    ),
}


def _cipher_suites(value: tuple[str, ...]) -> tuple[str, ...]:
    known = [suite for suites in CIPHER_SUITES.values() for suite in suites]
    if any(suite not in known for suite in value):
        raise refusal(f"holds a suite that is not among {', '.join(known)}")
    return value


def _store(kind: Literal["internal", "rest"], store: str, file: str) -> Decides:
    return Decides(f"security.ssl.{kind}.{store}", lambda tls: getattr(tls, kind) / file)


def store_passwords(kind: Literal["internal", "rest"], password: str) -> dict[str, str]:
    """Return Flink's options for what opens the two stores of a directory, and the key in one."""
    names = ("keystore-password", "key-password", "truststore-password")
    return {f"security.ssl.{kind}.{name}": password for name in names}


class ClusterTlsSettings(Section):
    """How Flink's processes prove to each other, and to REST clients, who they are.

    Each directory holds ``keystore.p12``, ``truststore.p12`` and the file ``password`` that
    opens both, as `flinksec certs create` writes them.
    """

    internal: Annotated[
        LocalPath,
        _store("internal", "keystore", KEYSTORE),
        _store("internal", "truststore", TRUSTSTORE),
    ] = Field(
        default=Path("/etc/flinksec/tls/internal"),
        description="Directory of keystore.p12, truststore.p12 and password for the traffic "
        "between Flink's processes; both stores hold the single-purpose certificate only.",
    )
    rest: Annotated[
        LocalPath, _store("rest", "keystore", KEYSTORE), _store("rest", "truststore", TRUSTSTORE)
    ] = Field(
        default=Path("/etc/flinksec/tls/rest"),
        description="The same for the REST endpoint; clients in its truststore may use it.",
    )
    protocol: Annotated[
        Literal["TLSv1.3", "TLSv1.2"],
        Decides("security.ssl.protocol"),
        Decides("security.ssl.algorithms", lambda tls: tls.suites),
    ] = Field(default="TLSv1.3", description="The one version of TLS that Flink speaks.")
    cipher_suites: Annotated[
        tuple[str, ...],
        AfterValidator(_cipher_suites),
        Decides("security.ssl.algorithms", lambda tls: tls.suites),
    ] = Field(
        default=(),
        description="Cipher suites of that version. Without it, all with AES-GCM and forward "
        "secrecy.",
    )

    @property
    def suites(self) -> tuple[str, ...]:
        """The cipher suites to offer, never empty."""
        return self.cipher_suites or CIPHER_SUITES[self.protocol]

    def _contradictions(self) -> Iterator[tuple[str, str]]:
        if any(suite not in CIPHER_SUITES[self.protocol] for suite in self.cipher_suites):
            yield "cipher_suites", f"holds a suite that {self.protocol} does not have"
