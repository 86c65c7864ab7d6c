# SPDX-License-Identifier: Apache-2.0
"""Judge what one party has: dates, keys, what its certificate is for, whom it trusts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from flinksec_jobs.certificate_dates import check_dates
from flinksec_jobs.certificates import Purpose, describe_name, fingerprint
from flinksec_jobs.certs.anchors import (
    anchors_of,
    is_authority,
    is_self_signed,
    names_of,
    serves,
)
from flinksec_jobs.certs.places import Place, Role, StoredCertificate, read_directory
from flinksec_jobs.errors import CertificateError
from flinksec_jobs.findings import Finding, Where, problem, warning
from flinksec_jobs.settings.cluster_tls import KEYSTORE, TRUSTSTORE
from flinksec_jobs.tls import is_valid_at

PURPOSES: dict[Role, tuple[Purpose, ...]] = {
    "internal": ("server", "client"),
    "rest": ("client",),
    "client": ("server",),
}
"""What a trust store's owner takes the certificates of others for."""

NOT_TRUSTED = problem("certificate-not-trusted", "a client that must be accepted is not trusted")

_NO_DIRECTORY = problem("stores-unreadable", "a directory of stores cannot be listed")
_ABSENT = problem("store-not-there", "a directory lacks a store that Flink opens")
_NOT_VALID = warning(
    "trusted-certificate-not-valid", "one of several trusted certificates is not valid now"
)
_NOT_RSA = warning("key-not-rsa", "Flink's default cipher suites need an RSA key")
_NO_SUITE = problem("no-suite-for-key", "no cipher suite fits the key")
_WEAK_KEY = problem("weak-key", "an RSA key is too short")
_WEAK_SIGNATURE = problem("weak-signature", "a certificate is signed with SHA-1 or MD5")
_NO_HOST_NAME = warning("no-host-name", "the REST server's certificate names no host")
_NO_TRUSTSTORE = problem("no-truststore", "there is no trust store, so REST accepts everybody")
_TRUSTS_MANY = warning("trusts-many", "a trust store holds more than the one certificate")
_TRUSTS_CA = warning("trusts-ca", "whoever has a certificate of a CA may join the cluster")
_PURPOSE = problem("certificate-purpose", "a certificate may not be used for what it is for")

SMALLEST_RSA = 2048
_SOON = timedelta(days=14)
_PIN = "security.ssl.internal.cert.fingerprint"


def check_stores(
    directory: Path, role: Role, *, suites: Collection[str], now: datetime | None = None
) -> Iterator[Finding]:
    """Judge a directory of stores as Flink opens it.

    Flink itself says "no cipher suites in common", or nothing at all, when a store does not fit.

    Args:
        directory: of ``keystore.p12``, ``truststore.p12`` and ``password``.
        role: whose it is.
        suites: the cipher suites that its key must fit.
        now: the time to judge by.
    """
    now = now or datetime.now(UTC)
    try:
        place = read_directory(directory, role=role)
    except CertificateError as error:
        yield _NO_DIRECTORY.of(error, Where(file=str(directory)))
        return
    for name in (KEYSTORE, TRUSTSTORE):
        if not (directory / name).exists():
            yield _ABSENT.at(
                Where(file=str(directory / name)),
                "it is not there",
                fix="`flinksec certs create` makes all of them; `flinksec certs inspect` shows "
                "them",
            )
    yield from place.findings
    yield from check_place(place, now, _SOON, suites=suites)
    trusts = place.trusts or ()
    if role == "internal" and place.shows and trusts and not anchors_of(place.shows, trusts):
        yield not_trusted(place.name, place.name, place)


def check_place(
    place: Place,
    now: datetime,
    soon: timedelta,
    *,
    is_rotating: bool = False,
    suites: Collection[str] = (),
) -> Iterator[Finding]:
    """Judge what one party has.

    Args:
        place: what was read.
        now: the time to judge by.
        soon: before its end a certificate is warned about.
        is_rotating: whether trust stores hold old and new certificates for a while.
        suites: the cipher suites that its key must fit, if they are known.
    """
    yield from _dates(place, now, soon)
    yield from _keys(place, suites)
    if place.shows:
        yield from _stores(place, is_rotating=is_rotating)


def not_trusted(trusts: str, shows: str, judge: Place) -> Finding:
    """Return a party that must be let in and is not."""
    return NOT_TRUSTED.at(
        Where(file=str(judge.trust_path or judge.path)),
        f"{trusts} does not trust the certificate of {shows}",
        fix="use stores that were made together",
    )


def days_left(certificate: x509.Certificate, now: datetime) -> int:
    """Whole days until a certificate ends; negative if it has."""
    return (certificate.not_valid_after_utc - now).days


def describe_key(certificate: x509.Certificate) -> str:
    """Type and size of a certificate's key."""
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "unknown"
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    return type(key).__name__.removesuffix("PublicKey")


def _dates(place: Place, now: datetime, soon: timedelta) -> Iterator[Finding]:
    trusted = [held.certificate for held in place.held if held.use == "trusted"]
    may_be_old = any(is_valid_at(one, now) for one in trusted)
    for held in place.held:
        where = Where(file=str(held.path))
        what = f"{_subject(held)} ({held.use})"
        if held.use == "trusted" and may_be_old and not is_valid_at(held.certificate, now):
            begins = held.certificate.not_valid_before_utc
            ends = held.certificate.not_valid_after_utc
            yield _NOT_VALID.at(
                where,
                f"{what} is valid from {begins:%Y-%m-%d %H:%M} to {ends:%Y-%m-%d %H:%M} UTC, "
                "not now; Java accepts it all the same",
                fix="take it out of the trust store, unless it is about to begin",
            )
        else:
            fix = "flinksec certs rotate DIRECTORY; when it has ended, make new certificates"
            yield from check_dates(held.certificate, where, now, soon, what=what, fix=fix)


def _keys(place: Place, suites: Collection[str]) -> Iterator[Finding]:
    for held in place.held:
        kind = describe_key(held.certificate)
        where = Where(file=str(held.path))
        if held.use == "key" and place.role != "client":
            yield from _suites(kind, where, suites)
        key = held.certificate.public_key() if kind.startswith("RSA") else None
        if isinstance(key, rsa.RSAPublicKey) and key.key_size < SMALLEST_RSA:
            yield _WEAK_KEY.at(where, f"its key is {kind}", fix="use RSA 4096")
        algorithm = held.certificate.signature_hash_algorithm
        is_old = isinstance(algorithm, hashes.SHA1 | hashes.MD5)
        if is_old and not is_self_signed(held.certificate) and held.use != "trusted":
            yield _WEAK_SIGNATURE.at(
                where,
                f"{_subject(held)} is signed with {algorithm.name.upper() if algorithm else ''}",
                fix="have it signed with SHA-256",
            )


def _suites(kind: str, where: Where, suites: Collection[str]) -> Iterator[Finding]:
    name = "RSA" if kind.startswith("RSA") else "ECDSA"
    if not suites and name != "RSA":
        yield _NOT_RSA.at(
            where,
            f"its key is {kind}; Flink's default cipher suites need RSA, and no connection "
            "would be made",
            fix="use an RSA key, or set security.ssl.protocol: TLSv1.3 and "
            "security.ssl.algorithms: TLS_AES_256_GCM_SHA384,TLS_AES_128_GCM_SHA256",
        )
    # TLS 1.3 suites fit any key; those of 1.2 name the kind of key that they want.
    if suites and not any(one.startswith("TLS_AES") or f"_{name}_WITH" in one for one in suites):
        yield _NO_SUITE.at(
            where,
            f"it holds an {name} key, and none of the cipher suites fits it: {', '.join(suites)}",
            fix=f'set cluster.tls.protocol = "TLSv1.3", or name suites of TLS_ECDHE_{name}_',
        )


def _stores(place: Place, *, is_rotating: bool) -> Iterator[Finding]:
    if place.role == "rest" and not names_of(place.shows[0]):
        yield _NO_HOST_NAME.at(
            Where(file=str(place.path)),
            "the server's certificate names no host: a name in its subject does not count, so "
            "clients that check host names refuse it",
            fix="have it issued with the DNS names and addresses in its subjectAltName",
        )
    if place.trusts is None:
        yield _NO_TRUSTSTORE.at(
            Where(file=str(place.path)),
            "there is no trust store"
            + (": REST would let everybody in without an error" if place.role == "rest" else ""),
            fix="put truststore.p12 beside the key store",
        )
        return
    where = Where(file=str(place.trust_path or place.path))
    if len(place.trusts) > 1 and not is_rotating:
        yield _TRUSTS_MANY.at(
            where,
            f"the trust store holds {len(place.trusts)} certificates: whoever has the key of one "
            "is let in",
            fix="keep the one that is needed; in a rotation, do its last step",
        )
    if place.role == "internal":
        yield from _internal(place, place.trusts, where)


def _internal(place: Place, trusts: Sequence[x509.Certificate], where: Where) -> Iterator[Finding]:
    if any(is_authority(one) for one in trusts):
        sha1 = fingerprint(place.shows[0], hashes.SHA1())  # noqa: S303  what Flink compares
        yield _TRUSTS_CA.at(
            where,
            "the internal trust store holds a CA: everybody with a certificate of that CA may join "
            "the cluster",
            fix=f"use a CA that signs nothing else, or set {_PIN}: {sha1} (until the next renewal)",
        )
    for purpose in PURPOSES["internal"]:
        if not serves(place.shows[0], purpose):
            yield _PURPOSE.at(
                Where(file=str(place.path)),
                f"the internal certificate may not be used as a {purpose}'s, and Flink's processes "
                "are both",
                fix="have it issued for server auth and client auth",
            )


def _subject(held: StoredCertificate) -> str:
    return describe_name(held.certificate.subject)
