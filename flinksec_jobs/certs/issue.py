# SPDX-License-Identifier: Apache-2.0
"""Which certificates a cluster needs: one for all its processes, and those of its REST port."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from flinksec_jobs import certificates
from flinksec_jobs.certificates import Identity, Validity
from flinksec_jobs.certs.anchors import is_self_signed
from flinksec_jobs.certs.sources import Source
from flinksec_jobs.certs.stores import Party
from flinksec_jobs.errors import CertificateError
from flinksec_jobs.settings.cluster_names import JOBMANAGER, TASKMANAGER

INTERNAL, REST = "internal", "rest"
CLIENTS = ("cli", "deployer")
KEY_BITS = 4096

# The clocks of two machines differ.
_SKEW = timedelta(hours=1)
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_LONGEST_NAME = 253


@dataclass(frozen=True)
class Services:
    """The DNS names of a cluster's Kubernetes Services.

    Attributes:
        namespace: where they are.
        jobmanager: the Service of the JobManager, with the REST port.
        taskmanager: the headless Service of the TaskManagers' StatefulSet.
        domain: of the Kubernetes cluster.
    """

    namespace: str
    jobmanager: str = JOBMANAGER
    taskmanager: str = TASKMANAGER
    domain: str = "cluster.local"

    def __post_init__(self) -> None:
        for what, label in (
            ("namespace", self.namespace),
            ("service", self.jobmanager),
            ("taskmanager-service", self.taskmanager),
        ):
            check_label(label, f"--{what}")
        check_name(self.domain, "--cluster-domain")

    @property
    def jobmanager_names(self) -> tuple[str, ...]:
        """From the short one to the full one."""
        service = f"{self.jobmanager}.{self.namespace}"
        return (self.jobmanager, service, f"{service}.svc", f"{service}.svc.{self.domain}")

    @property
    def taskmanager_wildcard(self) -> str:
        """All pods of the StatefulSet."""
        return f"*.{self.taskmanager}.{self.namespace}.svc.{self.domain}"


@dataclass(frozen=True)
class Making:
    """How new certificates are made.

    Attributes:
        days: for how long they are valid.
        key_bits: of the RSA keys. RSA, as Flink's default cipher suites refuse EC keys.
        now: when.
    """

    days: int = 365
    key_bits: int = KEY_BITS
    now: datetime | None = None

    @property
    def validity(self) -> Validity:
        """From an hour ago."""
        now = (self.now or datetime.now(UTC)).replace(microsecond=0)
        return Validity(now - _SKEW, now + timedelta(days=self.days))

    def key(self) -> rsa.RSAPrivateKey:
        """Make a key."""
        return rsa.generate_private_key(public_exponent=65537, key_size=self.key_bits)


def internal_party(
    making: Making,
    *,
    names: Sequence[str] = (),
    source: Source | None = None,
    password: str | None = None,
) -> Party:
    """Make the one identity of all of Flink's processes, which trusts nothing but itself.

    Args:
        making: how.
        names: for clients that check names; Flink 2.2's own do not.
        source: a key and certificate that exist, instead of new ones.
        password: of the stores; by default a new one.
    """
    password = password or new_password()
    if source is None:
        key = making.key()
        # Unique subjects, so that nobody takes the old certificate for the new one's issuer.
        subject = certificates.name("flink-internal", _serial())
        certificate = certificates.self_signed(key, subject, making.validity, names=names)
        return Party(Identity(certificate, key), (certificate,), password)
    certificate = source.identity.certificate
    if is_self_signed(certificate):
        return Party(source.identity, (certificate,), password)
    # A store with the certificate itself would do for the server's side of Java only: a client
    # presents nothing whose issuer the server does not name.
    return Party(source.identity, source.need_ca(), password)


def rest_parties(
    making: Making,
    *,
    names: Sequence[str] = (),
    clients: Sequence[str] = CLIENTS,
    source: Source | None = None,
    passwords: dict[str, str] | None = None,
) -> dict[str, Party]:
    """Make the identities of the REST server and its clients under a CA of their own.

    The CA's key is dropped here: nobody can sign another client's certificate later.

    Args:
        making: how.
        names: of the server.
        clients: their names.
        source: the server's key and certificate, if they exist; the CA then signs clients only.
        passwords: of the stores by party; new ones for all that are missing.
    """
    known = passwords or {}
    number = _serial()
    subject = certificates.name("flink-rest-ca", number)
    authority = certificates.make_authority(making.key(), subject, making.validity)
    if source is None:
        server = _signed(making, authority, "flink-rest", number, names)
        server_ca: tuple[x509.Certificate, ...] = (authority.certificate,)
    else:
        server, server_ca = source.identity, source.need_ca()
    parties = {REST: Party(server, (authority.certificate,), known.get(REST) or new_password())}
    for client in clients:
        identity = _signed(making, authority, f"flink-{client}", number, None)
        password = known.get(client) or new_password()
        parties[client] = Party(identity, server_ca, password, has_pem=True)
    return parties


def new_password() -> str:
    """Make a store's password: 256 random bits in letters, digits, ``-`` and ``_``."""
    return secrets.token_urlsafe(32)


def check_client(name: str) -> None:
    """Refuse a client's name that cannot name a directory and a Secret."""
    check_label(name, "--client")
    if name in {INTERNAL, REST, "next"}:
        raise CertificateError(
            f"--client {name} is a name of the cluster's own", hint="name it otherwise"
        )


def check_label(text: str, option: str) -> None:
    """Refuse what is not a DNS label."""
    if not _LABEL.fullmatch(text):
        raise CertificateError(
            f"{option} {text!r} is not a DNS label",
            hint="small letters, digits and hyphens, at most 63",
        )


def check_name(text: str, option: str) -> None:
    """Refuse what is neither a DNS name, a wildcard in its first label, nor an IP address."""
    if isinstance(certificates.general_name(text) if text.isascii() else None, x509.IPAddress):
        return
    labels = text.removeprefix("*.").split(".")
    if len(text) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        raise CertificateError(
            f"{option} {text!r} is neither a DNS name nor an IP address",
            hint="for example flink.example.com, *.flink.example.com or 192.0.2.1",
        )


def _signed(
    making: Making,
    authority: certificates.Authority,
    name: str,
    number: str,
    server_names: Sequence[str] | None,
) -> Identity:
    key, subject = making.key(), certificates.name(name, number)
    certificate = authority.sign(
        key,
        subject,
        making.validity,
        names=server_names or (),
        # One purpose each: a client's certificate opens no server that clients believe.
        purposes=("client",) if server_names is None else ("server",),
    )
    return Identity(certificate, key)


def _serial() -> str:
    return secrets.token_hex(4)
