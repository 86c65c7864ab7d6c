# SPDX-License-Identifier: Apache-2.0
"""SCRAM-SHA-256: a user and a password that never crosses the network (RFC 5802, RFC 7677)."""

from __future__ import annotations

from flinksec_jobs.logins.by_password import ByPassword


class ScramSha256(ByPassword):
    """The password proves itself to the broker, and the broker to the client."""

    mechanism = "SCRAM-SHA-256"
    module = "common.security.scram.ScramLoginModule"


LOGIN = ScramSha256
