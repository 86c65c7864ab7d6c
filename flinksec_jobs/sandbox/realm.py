# SPDX-License-Identifier: Apache-2.0
"""The realm of the sandbox: what the KDC is told, and what its clients are."""

from __future__ import annotations

from flinksec_jobs.private_files import write_private
from flinksec_jobs.sandbox.layout import Layout


def kdc_properties(layout: Layout, port: int, ticket_lifetime: int | None) -> dict[str, str]:
    """Return the properties of the launcher's KDC part.

    Args:
        layout: where the keytabs go.
        port: TCP.
        ticket_lifetime: in seconds; None for Kerby's default of a day.
    """
    properties = {
        "kdc.realm": layout.realm,
        "kdc.host": layout.bind,
        "kdc.port": str(port),
        "kdc.directory": str(layout.directory / "kdc"),
    }
    if ticket_lifetime is not None:
        properties["kdc.ticket.seconds"] = str(ticket_lifetime)
    keytabs = {
        f"principal.{full}": str(layout.keytab(name)) for name, full in layout.principals.items()
    }
    tickets = {f"tickets.{layout.principals['flink']}": str(layout.ticket_cache)}
    return properties | keytabs | tickets


def write_krb5_conf(layout: Layout, port: int) -> None:
    """Write the configuration for clients: TCP only, and no question to any DNS."""
    write_private(
        layout.krb5_conf,
        f"""[libdefaults]
  default_realm = {layout.realm}
  udp_preference_limit = 1
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
[realms]
  {layout.realm} = {{
    kdc = {layout.host}:{port}
  }}
[domain_realm]
  {layout.host} = {layout.realm}
""",
    )
