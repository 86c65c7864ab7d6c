# SPDX-License-Identifier: Apache-2.0
"""The settings of `[kerberos]`: who the job is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.sections.decides import Decides, ShutsOut
from flinksec_jobs.sections.fields import LocalPath, Section
from flinksec_jobs.settings import addresses, ticket_caches


class KerberosSettings(Section):
    """Who the job is towards Kafka and HDFS."""

    principal: Annotated[
        str,
        AfterValidator(addresses.principal),
        # Flink takes no principal without a keytab.
        Decides("security.kerberos.login.principal", lambda own: own.keytab and own.principal),
    ] = Field(description="The job's principal with its realm, such as flink@EXAMPLE.COM.")
    keytab: Annotated[
        SecretFile | None,
        Decides("security.kerberos.login.keytab"),
        # Flink would also take a ticket of someone else's that lies about.
        Decides(
            "security.kerberos.login.use-ticket-cache", lambda own: own.ticket_cache is not None
        ),
    ] = Field(
        default=None, description="The keytab that holds the principal's keys, as file:/path."
    )
    ticket_cache: Annotated[SecretFile | None, BeforeValidator(ticket_caches.ticket_cache)] = Field(
        default=None,
        description="A file of tickets that kinit has made, as file:/tmp/krb5cc_1000, or default "
        "for the one that KRB5CCNAME or else your user id names; in place of the keytab: for a "
        "job on a person's own machine only.",
    )
    krb5_conf: Annotated[LocalPath, ShutsOut("security.kerberos.krb5-conf.path")] = Field(
        default=Path("/etc/krb5.conf"),
        description="The Kerberos configuration with the realm's KDCs.",
    )

    @property
    def keys(self) -> SecretFile:
        """The keytab.

        Raises:
            SettingsError: there is a ticket cache instead.
        """
        if self.keytab is None:
            raise SettingsError(
                "kerberos.keytab is missing, and tickets of kerberos.ticket_cache do not do here",
                hint="set kerberos.keytab",
            )
        return self.keytab

    def _contradictions(self) -> Iterator[tuple[str, str]]:
        if self.keytab is None and self.ticket_cache is None:
            yield "keytab", "is missing; on your own machine, ticket_cache may take its place"
        if self.keytab is not None and self.ticket_cache is not None:
            yield "ticket_cache", "excludes keytab: keep one of the two"
