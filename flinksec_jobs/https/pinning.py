# SPDX-License-Identifier: Apache-2.0
"""TLS contexts that know a certificate by its fingerprint: the server's own, or a CA's."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import ssl
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID

# As OpenSSL has it at its security level 2, which is Python's.
_FEWEST_BITS = 2048
_SERVER = ExtendedKeyUsageOID.SERVER_AUTH


class PinnedContext(ssl.SSLContext):
    """A context that compares fingerprints itself after the handshake, whatever client uses it.

    Of the server's own certificate nothing else is looked at. A CA that the server shows proves
    nothing by being there, so the chain is validated up to it, and the host name too.
    """

    fingerprint: str

    @classmethod
    def of(cls, fingerprint: str) -> Self:
        """Return a context.

        Args:
            fingerprint: SHA-256 in 64 digits of lower case.
        """
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context.fingerprint = fingerprint
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.sslsocket_class = _PinnedSocket
        context.sslobject_class = _PinnedObject
        return context

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        """Wrap a socket; the handshake is not left to the first read or write."""
        return super().wrap_socket(*args, **{**options, "do_handshake_on_connect": True})


class _PinnedSocket(ssl.SSLSocket):
    def do_handshake(self, block: bool = False) -> None:
        super().do_handshake(block)
        _compare(self)


class _PinnedObject(ssl.SSLObject):
    def do_handshake(self) -> None:
        super().do_handshake()
        _compare(self)


def _compare(connection: ssl.SSLSocket | ssl.SSLObject) -> None:
    expected = getattr(connection.context, "fingerprint", "")
    own = connection.getpeercert(binary_form=True) or b""
    if hmac.compare_digest(_sha256(own), expected):
        return
    # The way to it that there is before Python 3.13, and still.
    shown = getattr(connection, "_sslobj").get_unverified_chain() or []  # noqa: B009
    chain = [one.public_bytes(ssl._ssl.ENCODING_DER) for one in shown]  # type: ignore[attr-defined]
    for number, one in enumerate(chain[1:], start=1):
        if hmac.compare_digest(_sha256(one), expected):
            _require_signed_by(number, chain, connection.server_hostname)
            return
    raise ssl.SSLCertVerificationError(
        f"the server's certificate has the fingerprint {_sha256(own)}, "
        "which is not the one of the setting fingerprint"
    )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _require_signed_by(number: int, chain: Sequence[bytes], host: str | None) -> None:
    try:
        with warnings.catch_warnings(action="ignore", category=CryptographyDeprecationWarning):
            found = [x509.load_der_x509_certificate(one) for one in chain]
            _validate(found[0], found[1:], found[number], host)
    except (ValueError, verification.VerificationError, x509.ExtensionNotFound) as error:
        raise ssl.SSLCertVerificationError(
            "the certificate with the fingerprint is shown, but does not vouch for the server's "
            f"own, or not for this host: {error}"
        ) from None


def _validate(
    leaf: x509.Certificate,
    others: Sequence[x509.Certificate],
    ca: x509.Certificate,
    host: str | None,
) -> None:
    now = datetime.now(UTC)
    if not ca.not_valid_before_utc <= now <= ca.not_valid_after_utc:
        raise ValueError("the CA is expired or not yet valid")
    for one in (leaf, *others):
        key = one.public_key()
        if isinstance(key, rsa.RSAPublicKey) and key.key_size < _FEWEST_BITS:
            raise ValueError(f"an RSA key of its chain has fewer than {_FEWEST_BITS} bits")
    if not ca.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
        raise ValueError("it is no CA")
    policy = verification.ExtensionPolicy
    agnostic = verification.Criticality.AGNOSTIC
    builder = (
        verification.PolicyBuilder()
        .store(verification.Store([ca]))
        .time(now)
        .extension_policies(
            ca_policy=policy.permit_all().require_present(x509.BasicConstraints, agnostic, None),
            ee_policy=policy.permit_all()
            .require_present(x509.SubjectAlternativeName, agnostic, None)
            .may_be_present(x509.ExtendedKeyUsage, agnostic, _for_servers),
        )
    )
    builder.build_server_verifier(_subject(host or "")).verify(leaf, list(others))


def _for_servers(
    _policy: object, _certificate: x509.Certificate, usage: x509.ExtendedKeyUsage | None
) -> None:
    if usage is not None and _SERVER not in usage:
        raise ValueError("the certificate is not for servers")


def _subject(host: str) -> x509.DNSName | x509.IPAddress:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
