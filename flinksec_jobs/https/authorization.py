# SPDX-License-Identifier: Apache-2.0
"""Who a client in Python is towards a server over HTTPS: the header of each request."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from flinksec_jobs.https import spnego

if TYPE_CHECKING:
    from flinksec_jobs.secrets import SecretFile
    from flinksec_jobs.settings import HttpsSettings, KerberosSettings


def authorization(
    settings: HttpsSettings, section: str, host: str, kerberos: KerberosSettings | None = None
) -> str | None:
    """Return the value of ``Authorization``, of the files as they are now; ``None`` for none.

    Args:
        settings: the section.
        section: its name, for messages.
        host: that is asked, for Kerberos.
        kerberos: who the job is, if it logs in by Kerberos.

    Raises:
        SettingsError: a package is missing.
        SecretError: a file cannot be read.
        JobError: the KDC gives no ticket.
    """
    if kerberos is not None:
        service = str(getattr(settings, "kerberos_service_name", "HTTP"))
        return f"Negotiate {spnego.token(kerberos, service, host, section)}"
    api_key: SecretFile | None = getattr(settings, "api_key", None)
    if api_key is not None:
        text = api_key.read_word(f"{section}.api_key")
        return f"ApiKey {_base64(text) if ':' in text else text}"
    if settings.token is not None:
        return f"Bearer {settings.token.read_word(f'{section}.token')}"
    if settings.password is not None:
        password = settings.password.read_text(f"{section}.password")
        return f"Basic {_base64(f'{settings.username}:{password}')}"
    return None


def proxy_authorization(settings: HttpsSettings, section: str) -> dict[str, str]:
    """Return the headers for the proxy alone, of the files as they are now.

    Raises:
        SecretError: a file cannot be read.
    """
    if settings.proxy_password is None:
        return {}
    password = settings.proxy_password.read_text(f"{section}.proxy_password")
    return {"proxy-authorization": f"Basic {_base64(f'{settings.proxy_username}:{password}')}"}


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
