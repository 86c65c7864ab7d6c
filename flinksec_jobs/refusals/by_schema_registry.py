# SPDX-License-Identifier: Apache-2.0
"""What the refusals of a schema registry mean, as our client tells them."""

from __future__ import annotations

from flinksec_jobs.findings import problem
from flinksec_jobs.refusals import over_https
from flinksec_jobs.refusals.cause import Cause
from flinksec_jobs.refusals.no_connection import NO_TLS

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

SCHEMA_REGISTRY = over_https.causes(
    "schema_registry",
    "urls",
    (
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
            "not compatible with its newest",
            "schema_registry.urls",
            "change the record class by what the subject's rule allows: new fields with defaults, "
            "no field removed that has none",
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
            "register the schema before, write with the newest one (use_latest=True), or let the "
            "job register it: schema_registry.auto_register = true",
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
            "ask it with curl, at /subjects: a proxy or another program seems to answer there, or "
            "the path of the interface is missing",
            REGISTRY_ELSE,
        ),
    ),
    something_else=REGISTRY_ELSE,
    silent=REGISTRY_SILENT,
)
