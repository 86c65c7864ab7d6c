# SPDX-License-Identifier: Apache-2.0
"""A login without SASL: by the client certificate of the TLS connection, or as nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flinksec_jobs.logins import missing_rights
from flinksec_jobs.logins.login import Login


class WithoutSasl(Login):
    """Nothing is said beyond the connection: its certificate is a matter of TLS."""

    causes = missing_rights.causes("kafka.client_cert", "the certificate's subject has")

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

    def python_options(self) -> dict[str, Any]:
        """Return none."""
        return {}
