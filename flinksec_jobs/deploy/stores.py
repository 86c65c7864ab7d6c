# SPDX-License-Identifier: Apache-2.0
"""The PKCS#12 stores of Flink's mutual TLS, looked into before Flink does.

Flink itself says "no cipher suites in common" or nothing at all when a store does not fit.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from flinksec_jobs.errors import SecretError, SettingsError
from flinksec_jobs.secrets import SecretFile
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
        SecretError: a file cannot be used.
        SettingsError: the certificates cannot do what they are for.
    """
    password = SecretFile(directory / "password").read_text(setting)
    keystore = _open(directory / "keystore.p12", password, setting)
    truststore = _open(directory / "truststore.p12", password, setting)
    if keystore.key is None or keystore.cert is None:
        raise SettingsError(f"{setting} {directory}/keystore.p12 holds no key", hint=_HINT)
    certificate = keystore.cert.certificate
    name = certificate.subject.rfc4514_string()
    if not is_valid_at(certificate, now or datetime.now(UTC)):
        raise SettingsError(
            f"{setting} {directory}/keystore.p12: the certificate {name} is valid from "
            f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M} to "
            f"{certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC, not now",
            hint="`flinksec certs rotate` makes a new one",
        )
    trusted = [entry.certificate for entry in truststore.additional_certs]
    if not trusted:
        raise SettingsError(
            f"{setting} {directory}/truststore.p12 trusts nobody",
            hint=f"it holds no certificate that Java takes for trusted. {_HINT}",
        )
    _refuse_misfit(keystore.key, suites, f"{setting} {directory}/keystore.p12")
    if trusts_itself and not any(_is_by(certificate, other) for other in trusted):
        raise SettingsError(
            f"{setting} {directory}/truststore.p12 does not trust the certificate {name} of "
            "keystore.p12, so no two processes would talk to each other",
            hint=_HINT,
        )
    return password


def _open(path: Path, password: str, setting: str) -> pkcs12.PKCS12KeyAndCertificates:
    try:
        return pkcs12.load_pkcs12(SecretFile(path).read_bytes(setting), password.encode())
    except ValueError:
        # Without the cause: what a parser says of a key is not passed on.
        raise SecretError(
            f"{setting} (file:{path}) cannot be opened by the password beside it", hint=_HINT
        ) from None


def _refuse_misfit(key: object, suites: Collection[str], where: str) -> None:
    """TLS 1.3 suites fit any key; those of 1.2 name the kind of key that they want."""
    kinds = {rsa.RSAPrivateKey: "RSA", ec.EllipticCurvePrivateKey: "ECDSA"}
    kind = next((name for found, name in kinds.items() if isinstance(key, found)), None)
    if kind is None:
        raise SettingsError(f"{where} holds a key that is neither RSA nor EC", hint=_HINT)
    if not any(suite.startswith("TLS_AES") or f"_{kind}_WITH" in suite for suite in suites):
        raise SettingsError(
            f"{where} holds an {kind} key, and none of the cipher suites fits it: "
            f"{', '.join(suites)}",
            hint=f'set cluster.tls.protocol = "TLSv1.3", or name suites of TLS_ECDHE_{kind}_',
        )


def _is_by(certificate: x509.Certificate, trusted: x509.Certificate) -> bool:
    if certificate == trusted:
        return True
    try:
        certificate.verify_directly_issued_by(trusted)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
