# SPDX-License-Identifier: Apache-2.0
"""What the TLS settings of a server over HTTPS mean for a client in Python."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from flinksec_jobs import tls_files
from flinksec_jobs.certificates import pem
from flinksec_jobs.https.pinning import PinnedContext

if TYPE_CHECKING:
    from flinksec_jobs.settings import HttpsSettings

_VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}


def ssl_context(settings: HttpsSettings, section: str) -> ssl.SSLContext:
    """Return an `ssl.SSLContext` that judges as the settings say, and as the JVM does.

    With ``fingerprint`` the context itself compares after the handshake, whatever client uses it.

    Args:
        settings: the section.
        section: its name, for messages.

    Raises:
        SettingsError, SecretError: a certificate or key cannot be used.
    """
    if settings.verification == "fingerprint":
        context: ssl.SSLContext = PinnedContext.of(settings.fingerprint or "")
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = settings.verification == "full"
        if settings.verification == "none":
            context.verify_mode = ssl.CERT_NONE
        elif settings.ca_certs:
            trusted = tls_files.trusted(settings, section)
            context.load_verify_locations(cadata=b"".join(map(pem, trusted)).decode("ascii"))
        else:
            context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    # RFC 9525: what stands in the subject is no host name. OpenSSL would take it where the
    # certificate names none.
    context.hostname_checks_common_name = False
    # As Java has it: whatever is trusted may end a chain, not a root alone.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.minimum_version = _VERSIONS[settings.min_tls_version]
    if settings.client_cert:
        tls_files.identity(settings, section)  # says what is wrong with it
        with tls_files.as_pem_files(settings, section) as files:
            if files.client_cert and files.client_key:
                context.load_cert_chain(files.client_cert, files.client_key)
    return context
