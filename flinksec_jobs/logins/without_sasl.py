# SPDX-License-Identifier: Apache-2.0
"""A login without SASL: by the client certificate of the TLS connection, or as nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flinksec_jobs.logins.login import Login
from flinksec_jobs.refusals import TOPIC_FORBIDDEN, Cause


class WithoutSasl(Login):
    """Nothing is said beyond the connection: its certificate is a matter of TLS."""

    causes = (
        # A broker that authorizes says the same of a topic that does not exist.
        Cause(
            "TopicAuthorizationException",
            "topic, or kafka.client_cert",
            "either the topic does "
            "not exist, since the library creates none, or the certificate's subject has not the "
            "rights: it needs READ or WRITE and DESCRIBE on the topic",
            TOPIC_FORBIDDEN,
        ),
        Cause(
            "AuthorizationException",
            "kafka.client_cert",
            "the certificate's subject has not "
            "the rights: it needs READ or WRITE and DESCRIBE on the topic",
            TOPIC_FORBIDDEN,
        ),
    )

    @classmethod
    def contradictions(cls, settings: Any) -> Iterator[tuple[str, str]]:  # noqa: ARG003
        """Yield nothing."""
        return iter(())

    def who(self) -> tuple[str, str]:
        """Return the client certificate, or that the job says nothing of itself."""
        if self._settings.kafka.client_cert is None:
            return "kafka.security_protocol", "a client without a login"
        return "kafka.client_cert", "the subject of the job's certificate"

    def properties(self) -> dict[str, str]:
        """Return none."""
        return {}
