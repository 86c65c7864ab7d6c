# SPDX-License-Identifier: Apache-2.0
"""The PKCS#12 stores of Flink's mutual TLS, looked into before Flink does.

Flink itself says "no cipher suites in common" or nothing at all when a store does not fit.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from flinksec_jobs.certificates import describe_name
from flinksec_jobs.certs.anchors import anchors_of
from flinksec_jobs.certs.bags import read_bags
from flinksec_jobs.certs.stores import Store, parse_store
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.settings.cluster_tls import KEYSTORE, PASSWORD, TRUSTSTORE
from flinksec_jobs.tls import is_valid_at

_HINT = "`flinksec certs create` makes all of them; `flinksec certs inspect` shows them"


def checked_password(
    directory: Path,
    setting: str,
    *,
    suites: Collection[str],
    trusts_itself: bool,
    now: datetime | None = None,
) -> str:
    """Return the password of the stores of a directory after looking into them.

    Args:
        directory: of ``keystore.p12``, ``truststore.p12`` and ``password``.
        setting: what names it, for messages.
        suites: the cipher suites that the key must fit.
        trusts_itself: whether the certificate must be among, or signed by, the trusted ones, as
            Flink's processes need it towards each other.
        now: the time at which the certificate must be valid; default: now.

    Raises:
        SecretError, CertificateError: a file cannot be used.
        SettingsError: the certificates cannot do what they are for.
    """
    password = SecretFile(directory / PASSWORD).read_text(setting)
    identity = _open(directory / KEYSTORE, password, setting)[0].identity
    store, trusts_somebody = _open(directory / TRUSTSTORE, password, setting)
    if identity is None:
        raise SettingsError(f"{setting} {directory}/{KEYSTORE} holds no key", hint=_HINT)
    certificate = identity.certificate
    name = describe_name(certificate.subject)
    if not is_valid_at(certificate, now or datetime.now(UTC)):
        raise SettingsError(
            f"{setting} {directory}/{KEYSTORE}: the certificate {name} is valid from "
            f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M} to "
            f"{certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC, not now",
            hint="`flinksec certs rotate` makes a new one",
        )
    if not trusts_somebody:
        raise SettingsError(
            f"{setting} {directory}/{TRUSTSTORE} trusts nobody",
            hint=f"it holds no certificate that Java takes for trusted. {_HINT}",
        )
    kind = "RSA" if isinstance(identity.key, rsa.RSAPrivateKey) else "ECDSA"
    # TLS 1.3 suites fit any key; those of 1.2 name the kind of key that they want.
    if not any(suite.startswith("TLS_AES") or f"_{kind}_WITH" in suite for suite in suites):
        raise SettingsError(
            f"{setting} {directory}/{KEYSTORE} holds an {kind} key, and none of the cipher suites "
            f"fits it: {', '.join(suites)}",
            hint=f'set cluster.tls.protocol = "TLSv1.3", or name suites of TLS_ECDHE_{kind}_',
        )
    if trusts_itself and not anchors_of((certificate, *identity.chain), store.certificates):
        raise SettingsError(
            f"{setting} {directory}/{TRUSTSTORE} does not trust the certificate {name} of "
            f"{KEYSTORE}, so no two processes would talk to each other",
            hint=_HINT,
        )
    return password


def _open(path: Path, password: str, setting: str) -> tuple[Store, bool]:
    """Open a store, and tell whether Java finds anybody in it to trust."""
    content = SecretFile(path).read_bytes(setting)
    store = parse_store(content, password, path)
    bags = read_bags(content, password)
    unmarked = bags is not None and not bags.is_legacy and bags.trusted == 0
    return store, bool(store.certificates) and not unmarked
