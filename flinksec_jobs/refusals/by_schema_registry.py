# SPDX-License-Identifier: Apache-2.0
"""What the refusals of a schema registry mean, as our client tells them."""

from __future__ import annotations

from flinksec_jobs.findings import problem
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

REGISTRY_CREDENTIALS = problem(
    "schema-registry-login-refused", "the schema registry refuses the credentials, or a request"
)
REGISTRY_ELSE = problem(
    "schema-registry-is-something-else", "another program than a schema registry answers"
)
REGISTRY_SILENT = problem("schema-registry-not-reached", "the schema registry does not answer")
SCHEMA_MISSING = problem(
    "schema-not-registered", "the schema registry does not have the schema to write with"
)
SCHEMA_INCOMPATIBLE = problem(
    "schema-incompatible", "a schema does not fit the record class, or the schemas before it"
)

SCHEMA_REGISTRY = (
    Cause(
        "schema_registry.min_tls_version",
        "schema_registry.min_tls_version",
        "have a newer version of TLS switched on there",
        NO_TLS,
    ),
    Cause("leads to none", "schema_registry.ca_certs", UNTRUSTED, SERVER_UNTRUSTED),
    Cause("not issued for this host name", "schema_registry.urls", NAME, SERVER_NAME),
    Cause("expired", "schema_registry.ca_certs", EXPIRED, SERVER_EXPIRED),
    Cause(
        "SHA-256 fingerprint",
        "schema_registry.fingerprint",
        "compare it with the server's own "
        "certificate: openssl x509 -noout -fingerprint -sha256 -in server.pem",
        FINGERPRINT,
    ),
    Cause(
        "schema_registry.client_cert",
        "schema_registry.client_cert",
        "get a client certificate from the registry's administrator; set client_cert and "
        "client_key",
        WANTS_CERTIFICATE,
    ),
    Cause(
        "does not speak TLS",
        "schema_registry.urls",
        "check that this is its port for HTTPS",
        NO_TLS,
    ),
    Cause(
        "(status 401)",
        "schema_registry.username",
        "check user name and password, or the token; a newline at the end of their files does "
        "not count",
        REGISTRY_CREDENTIALS,
    ),
    Cause(
        "(status 403)",
        "schema_registry.username",
        "give the job's user the right to read the subject, and to register schemas if "
        "auto_register is true",
        REGISTRY_CREDENTIALS,
    ),
    Cause(
        "redirects",
        "schema_registry.urls",
        "name the address that it redirects to",
        REGISTRY_ELSE,
    ),
    Cause(
        "not compatible with its newest",
        "schema_registry.urls",
        "change the record class by what the subject's rule allows: new fields with defaults, no "
        "field removed that has none",
        SCHEMA_INCOMPATIBLE,
    ),
    Cause(
        "cannot be read:",
        "schema_registry.urls",
        "change the field's type, make it optional or give it a default; an alias names the "
        "schema's field",
        SCHEMA_INCOMPATIBLE,
    ),
    Cause(
        "cannot be written with:",
        "schema_registry.urls",
        "change the record class to what the schema has",
        SCHEMA_INCOMPATIBLE,
    ),
    Cause(
        "does not have the schema to write with",
        "schema_registry.urls",
        "register the schema before, write with the newest one (use_latest=True), or let the job "
        "register it: schema_registry.auto_register = true",
        SCHEMA_MISSING,
    ),
    Cause(
        "has no schema yet",
        "schema_registry.urls",
        "register a schema before, or leave use_latest out",
        SCHEMA_MISSING,
    ),
    Cause(
        "is it a schema registry?",
        "schema_registry.urls",
        "ask it with curl, at /subjects: a proxy or another program seems to answer there, or the "
        "path of the interface is missing",
        REGISTRY_ELSE,
    ),
    Cause(
        "no answer",
        "schema_registry.urls",
        "check that it is up and can be reached",
        REGISTRY_SILENT,
    ),
)
