# SPDX-License-Identifier: Apache-2.0
"""What keeps a connection from being made, whatever server it is: names and certificates."""

from __future__ import annotations

from flinksec_jobs.findings import problem

SERVER_EXPIRED = problem("server-certificate-expired", "a server's certificate has ended")
SERVER_UNTRUSTED = problem(
    "server-certificate-untrusted", "no trusted CA has signed a server's certificate"
)
SERVER_NAME = problem(
    "server-certificate-of-another-host", "a server's certificate is for another host"
)
WANTS_CERTIFICATE = problem("client-certificate-wanted", "a server requires a client certificate")
HOST_UNKNOWN = problem("host-name-unknown", "a host name cannot be resolved")
FINGERPRINT = problem("fingerprint-mismatch", "a server's certificate has another fingerprint")
NO_TLS = problem("server-speaks-no-tls", "a server does not speak TLS")

UNTRUSTED = "name the file with the certificate of the CA that signed the server's"

EXPIRED = "the server's certificate has expired: have it renewed"

NAME = "the certificate is for another host: use the name that stands in it"
