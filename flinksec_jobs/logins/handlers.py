# SPDX-License-Identifier: Apache-2.0
"""Names of classes in a login: those of Kafka's clients, shaded or not, and our own.

Our callback handlers (``org.flinksec.logins``) read the files of secrets where the client runs, at
each login anew. They are in the jar that every job has, and know the classes of the connector.
"""

from __future__ import annotations

KAFKA = "org.apache.kafka."
"""In front of the names of Kafka's classes."""

SHADED = f"org.apache.flink.kafka.shaded.{KAFKA}"
"""In front of the same, as Flink's connector has them."""

# Names of classes, and no passwords.
BY_PASSWORD = "org.flinksec.logins.PasswordHandler"  # noqa: S105
BY_TOKEN = "org.flinksec.logins.TokenHandler$Renewing"  # noqa: S105
BY_TICKETS = "org.flinksec.logins.TicketCacheLogin"
EACH_BY_TOKEN = "org.flinksec.logins.TokenHandler$Presenting"  # noqa: S105
