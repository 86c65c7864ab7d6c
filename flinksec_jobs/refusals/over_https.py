# SPDX-License-Identifier: Apache-2.0
"""What the refusals of servers over HTTPS mean, as org.flinksec.https tells them."""

from __future__ import annotations

from collections.abc import Sequence

from flinksec_jobs.findings import Kind
from flinksec_jobs.refusals.cause import Cause
from flinksec_jobs.refusals.no_connection import (
    EXPIRED,
    FINGERPRINT,
    NAME,
    NO_TLS,
    SERVER_EXPIRED,
    SERVER_NAME,
    SERVER_UNTRUSTED,
    UNTRUSTED,
    WANTS_CERTIFICATE,
)


def causes(
    section: str, addresses: str, own: Sequence[Cause], *, something_else: Kind, silent: Kind
) -> tuple[Cause, ...]:
    """Return the table of a system.

    Args:
        section: of the settings.
        addresses: its setting that names the servers.
        own: what only these servers say. It comes first: what says who the job is may name
            ``client_cert``, too.
        something_else: of a server that sends the job elsewhere.
        silent: of servers that do not answer.
    """
    servers = f"{section}.{addresses}"
    return (
        *own,
        Cause(
            f"{section}.min_tls_version",
            f"{section}.min_tls_version",
            "have a newer version of TLS switched on there",
            NO_TLS,
        ),
        Cause("leads to none", f"{section}.ca_certs", UNTRUSTED, SERVER_UNTRUSTED),
        Cause("not issued for this host name", servers, NAME, SERVER_NAME),
        Cause("is expired or not yet valid", f"{section}.ca_certs", EXPIRED, SERVER_EXPIRED),
        Cause(
            "SHA-256 fingerprint",
            f"{section}.fingerprint",
            "compare it with the server's own "
            "certificate: openssl x509 -noout -fingerprint -sha256 -in server.pem",
            FINGERPRINT,
        ),
        Cause(
            f"{section}.client_cert",
            f"{section}.client_cert",
            "get a client certificate from the servers' administrator; set client_cert and "
            "client_key",
            WANTS_CERTIFICATE,
        ),
        Cause("redirects", servers, "name the address that it redirects to", something_else),
        Cause("no answer", servers, "check that it is up and can be reached", silent),
    )
