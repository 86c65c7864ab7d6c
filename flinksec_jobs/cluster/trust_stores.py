# SPDX-License-Identifier: Apache-2.0
"""The mounted CAs, merged with those of the Java runtime, for the JVM and for Python.

Nothing of the image is touched: both get a file of their own in the container's memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from flinksec_jobs.cluster import java_cacerts
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.private_files import write_private
from flinksec_jobs.tls import load_certificates

_PEM = serialization.Encoding.PEM


def merge(directory: Path, java_home: Path, target: Path) -> tuple[Path, Path]:
    """Write one trust store and one bundle.

    Args:
        directory: of ``*.pem`` files with one or more certificates each; it may be missing.
        java_home: the runtime whose own CAs are kept.
        target: where to write.

    Returns:
        ``truststore.p12``, which has no password, and ``ca-bundle.pem``.

    Raises:
        SettingsError: a file holds no certificate, or one that is no CA; or there is none.
    """
    merged = {
        found.fingerprint(hashes.SHA256()): found
        for found in (*_mounted(directory), *java_cacerts.certificates(java_home))
    }
    if not merged:
        raise SettingsError(
            f"there is no CA to trust, neither in {directory} nor in the Java runtime",
            hint=f"mount those of the services as {directory}/NAME.pem",
        )
    entries = [
        pkcs12.PKCS12Certificate(found, f"ca-{fingerprint.hex()[:40]}".encode())
        for fingerprint, found in merged.items()
    ]
    store, bundle = target / "truststore.p12", target / "ca-bundle.pem"
    # It holds no secret; and Java reads a store without a password when it is given none.
    content = pkcs12.serialize_java_truststore(entries, serialization.NoEncryption())
    write_private(store, content)
    write_private(bundle, b"".join(found.public_bytes(_PEM) for found in merged.values()))
    return store, bundle


def _mounted(directory: Path) -> Iterator[x509.Certificate]:
    # Not glob(), which takes a directory that it may not list for an empty one.
    for path in sorted(directory.iterdir()) if directory.exists() else ():
        if path.suffix != ".pem":
            continue
        for certificate in load_certificates(path, "the service CA"):
            if not _may_sign(certificate):
                raise SettingsError(
                    f"the service CA {path} holds {certificate.subject.rfc4514_string()}, "
                    "which is not a CA",
                    hint="put in the CA that signed it; to trust one server's own certificate, "
                    "name it by elasticsearch.fingerprint",
                )
            yield certificate


def _may_sign(certificate: x509.Certificate) -> bool:
    """Whether a certificate is a CA, or signs itself as those of old without extensions do."""
    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except x509.ExtensionNotFound:
        return certificate.issuer == certificate.subject
    return basic.value.ca or certificate.issuer == certificate.subject
