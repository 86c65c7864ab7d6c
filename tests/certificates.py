# SPDX-License-Identifier: Apache-2.0
"""Parties of all kinds for the tests of ``flinksec certs``, right and wrong ones."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from flinksec_jobs import certificates
from flinksec_jobs.certificates import Authority, Identity, PrivateKey, Purpose, Validity
from flinksec_jobs.certs import judgement
from flinksec_jobs.certs.issue import Making, Services
from flinksec_jobs.certs.stores import Party, write_party

SERVICES = Services("flights")
PASSWORD = "a-password-of-tests"
# Small keys: what is tested does not depend on their size.
BITS = 2048


# What the key of a unit test has, where no JVM looks at it: opening it takes a tenth of the time.
FEWEST_BITS = 1024


@contextmanager
def smallest_keys() -> Iterator[None]:
    """Take keys that are too small, and find nothing wrong with that."""
    with (
        patch(f"{__name__}.BITS", FEWEST_BITS),
        patch.object(judgement, "SMALLEST_RSA", FEWEST_BITS),
    ):
        yield


_smallest_rsa = judgement.SMALLEST_RSA


@contextmanager
def real_limit() -> Iterator[None]:
    """Find something wrong with keys that are too small after all."""
    with patch.object(judgement, "SMALLEST_RSA", _smallest_rsa):
        yield


def keys() -> tuple[rsa.RSAPrivateKey, ...]:
    """Keys for several rotations."""
    return _keys(BITS)


@functools.cache
def _keys(bits: int) -> tuple[rsa.RSAPrivateKey, ...]:
    return tuple(rsa.generate_private_key(65537, bits) for _ in range(20))


@contextmanager
def ready_made_keys() -> Iterator[None]:
    """Take keys that are there instead of making them."""
    source = itertools.cycle(keys())
    with patch.object(Making, "key", lambda _: next(source)):
        yield


# Whoever opens an RSA key tests its primes, each time: 60 ms for 2048 bits. The same bytes and the
# same password give the same key again; an error is not remembered.
_open_store = functools.cache(pkcs12.load_pkcs12)
_open_key = functools.cache(serialization.load_pem_private_key)


@contextmanager
def remembered_keys() -> Iterator[None]:
    """Open keys and stores that were opened before, in this process, without another test."""
    with (
        patch.object(pkcs12, "load_pkcs12", _open_store),
        patch.object(serialization, "load_pem_private_key", _open_key),
    ):
        yield


_make_key = Making.key


@contextmanager
def real_keys() -> Iterator[None]:
    """Make keys after all."""
    with patch.object(Making, "key", _make_key):
        yield


def validity(begins: int = -1, days: int = 90) -> Validity:
    now = datetime.now(UTC)
    return Validity(now + timedelta(days=begins), now + timedelta(days=begins + days))


EXPIRED = validity(-30, 10)


def authority(name: str = "a CA", key: int = 18) -> Authority:
    return certificates.make_authority(keys()[key], certificates.name(name), validity(-60, 120))


def signed(
    by: Authority,
    name: str = "a party",
    *,
    key: PrivateKey | None = None,
    valid: Validity | None = None,
    purposes: tuple[Purpose, ...] = ("client", "server"),
    names: tuple[str, ...] = ("localhost",),
) -> Identity:
    key = key or keys()[19]
    certificate = by.sign(
        key, certificates.name(name), valid or validity(), names=names, purposes=purposes
    )
    return Identity(certificate, key)


def self_signed(valid: Validity | None = None, key: PrivateKey | None = None) -> Identity:
    key = key or keys()[17]
    subject = certificates.name("flink-internal", "another")
    return Identity(certificates.self_signed(key, subject, valid or validity()), key)


def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def party(identity: Identity, *trusted: x509.Certificate, has_pem: bool = False) -> Party:
    return Party(identity, trusted, PASSWORD, has_pem)


def with_trust(of: Party, *trusted: x509.Certificate) -> Party:
    return replace(of, trusted=trusted)


def write(directory: Path, of: Party) -> Path:
    directory.parent.mkdir(parents=True, exist_ok=True)
    write_party(directory, of)
    return directory


def write_cert_manager(directory: Path, identity: Identity, ca: x509.Certificate | None) -> Path:
    """What cert-manager puts into a Secret, unpacked."""
    directory.mkdir(mode=0o700, parents=True)
    files = {"tls.crt": identity.certificate_pem, "tls.key": identity.key_pem}
    if ca:
        files["ca.crt"] = certificates.pem(ca)
    for name, content in files.items():
        (directory / name).write_bytes(content)
        (directory / name).chmod(0o600)
    return directory


def impostor_of(ca: x509.Certificate) -> Identity:
    """A certificate whose issuer has the name of a CA and not its key."""
    return signed(Authority(ca, keys()[16]))
