# SPDX-License-Identifier: Apache-2.0
"""Whether one party's trust store accepts what another presents, as Java judges it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID

from flinksec_jobs.certificates import Purpose

_LONGEST = 8
_USAGES = {
    "client": ExtendedKeyUsageOID.CLIENT_AUTH,
    "server": ExtendedKeyUsageOID.SERVER_AUTH,
}


def anchors_of(
    chain: Iterable[x509.Certificate], trusted: Collection[x509.Certificate]
) -> tuple[x509.Certificate, ...]:
    """Return the trusted certificates by which a chain, own certificate first, is accepted.

    Java takes a certificate that is itself in the trust store whatever its dates say, and so
    does this; see `inspection` for what is expired.
    """
    leaf, *others = chain
    current = leaf
    for _ in range(_LONGEST):
        if current in trusted:
            return (current,)
        found = tuple(one for one in trusted if is_issued_by(current, one))
        if found:
            return found
        issuers = [one for one in others if one != current and is_issued_by(current, one)]
        if not issuers or not is_authority(issuers[0]):
            return ()
        current = issuers[0]
    return ()


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's key signed the certificate."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def is_self_signed(certificate: x509.Certificate) -> bool:
    """Whether a certificate vouches for itself."""
    return is_issued_by(certificate, certificate)


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether a certificate may sign others."""
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except (x509.ExtensionNotFound, ValueError):
        return False
    return constraints.value.ca


def serves(certificate: x509.Certificate, purpose: Purpose) -> bool:
    """Whether a certificate may be used as a client's or a server's."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    except ValueError:
        return False
    return _USAGES[purpose] in usage or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in usage


def names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the DNS names and IP addresses of a certificate."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    addresses = names.get_values_for_type(x509.IPAddress)
    return (*names.get_values_for_type(x509.DNSName), *(str(one) for one in addresses))
