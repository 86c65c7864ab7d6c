# SPDX-License-Identifier: Apache-2.0
"""A second cluster of Kafka beside the sandbox's, in a realm of its own.

It is a sandbox within the sandbox's directory, with a KDC, a CA and a broker. Clients ask for a
service by the realm of its host, so it must have another host than the first: an address of
loopback that only Linux has without being told to.
"""

from __future__ import annotations

import socket
from pathlib import Path

from flinksec_jobs.errors import SandboxError
from flinksec_jobs.sandbox.layout import LOOPBACK, LOOPBACK_ADDRESS, SECOND_ADDRESS

NAME = "second"
"""Of the cluster in a job's settings: ``[kafka.second]``, ``[kerberos.second]``."""
REALM = "SECOND.LOCAL"


def directory(sandbox: Path) -> Path:
    """Return where it lives."""
    return sandbox / NAME


def require_loopback(host: str, bind: str) -> None:
    """Refuse it where others than this machine reach the sandbox.

    Raises:
        SandboxError: the sandbox has another name or address than those of loopback.
    """
    if (host, bind) != (LOOPBACK, LOOPBACK_ADDRESS):
        raise SandboxError(
            f"a second Kafka listens on {SECOND_ADDRESS} alone, which no other machine reaches",
            hint="leave out the host name and the address to listen on",
        )


def host() -> str:
    """Return its host, as Java calls it: the name that its address leads back to, if one does."""
    name = socket.getnameinfo((SECOND_ADDRESS, 0), 0)[0]
    try:
        found = {info[4][0] for info in socket.getaddrinfo(name, None, socket.AF_INET)}
    except OSError:
        return SECOND_ADDRESS
    return name if found == {SECOND_ADDRESS} else SECOND_ADDRESS
