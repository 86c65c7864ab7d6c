# SPDX-License-Identifier: Apache-2.0
"""PLAIN: a user and a password, which the broker gets as it is (RFC 4616); over TLS only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flinksec_jobs.logins.by_password import ByPassword


class Plain(ByPassword):
    """The password is readable for whoever sees the connection: there must be TLS."""

    mechanism = "PLAIN"
    module = "common.security.plain.PlainLoginModule"

    @classmethod
    def contradictions(cls, settings: Any) -> Iterator[tuple[str, str]]:
        """Yield what is missing, and a protocol without TLS."""
        yield from super().contradictions(settings)
        if not settings.kafka.uses_tls:
            yield (
                "kafka.security_protocol",
                "is SASL_PLAINTEXT, and PLAIN would send the password readable: use SASL_SSL, or "
                'sasl_mechanism = "SCRAM-SHA-512"',
            )


LOGIN = Plain
