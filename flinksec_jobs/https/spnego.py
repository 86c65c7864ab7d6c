# SPDX-License-Identifier: Apache-2.0
"""Tokens of SPNEGO (RFC 4559) for a client in Python, by MIT's library."""

from __future__ import annotations

import base64
import threading
from importlib.util import find_spec
from typing import TYPE_CHECKING

from flinksec_jobs.errors import JobError, SettingsError
from flinksec_jobs.kerberos import mit_environment

if TYPE_CHECKING:
    from flinksec_jobs.settings import KerberosSettings

_SPNEGO = "1.3.6.1.5.5.2"
_one_at_a_time = threading.Lock()


def token(kerberos: KerberosSettings, service: str, host: str, section: str) -> str:
    """Return a token for a service on a host, in base64; a server takes none twice.

    Args:
        kerberos: who the job is. Its file of KDCs counts, whatever the environment says.
        service: first part of the server's principal.
        host: its second part.
        section: of the settings, for messages.

    Raises:
        SettingsError: the package gssapi is missing.
        JobError: the KDC gives no ticket.
    """
    if find_spec("gssapi") is None:
        raise SettingsError(
            f"a client in Python needs the package gssapi for {section}.kerberos",
            hint="pip install 'flinksec-jobs[gssapi]', which needs MIT's libkrb5-dev and a "
            "compiler, or use another login",
        )
    import gssapi

    # The environment is the process's.
    with _one_at_a_time, mit_environment(kerberos):
        try:
            own = gssapi.Credentials(
                name=gssapi.Name(kerberos.principal, gssapi.NameType.kerberos_principal),
                usage="initiate",
            )
            context = gssapi.SecurityContext(
                name=gssapi.Name(f"{service}@{host}", gssapi.NameType.hostbased_service),
                creds=own,
                mech=gssapi.OID.from_int_seq(_SPNEGO),
                flags=gssapi.RequirementFlag.mutual_authentication,
                usage="initiate",
            )
            made = context.step()
        except gssapi.exceptions.GSSError as error:
            said = str(error)
        else:
            return base64.b64encode(made or b"").decode("ascii")
    raise JobError(
        f"{section}.kerberos: the KDC gives {kerberos.principal} no ticket for {service}/{host}: "
        f"{said}",
        hint="compare kerberos.principal and keytab with `klist -k`, and the server's name with "
        "its principal",
    )
