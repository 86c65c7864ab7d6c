# SPDX-License-Identifier: Apache-2.0
"""The jobs' way to the KDC, which can be closed for them alone: brokers and tests have their own.

So the KDC is away for the jobs as long as a test likes, and for nobody else.
"""

import re
from pathlib import Path

from flinksec_jobs.sandbox import Sandbox
from tests.kafka.wire import Proxy

# Jobs log in again and again.
TICKET_SECONDS = 20


class WayToKdc:
    """A proxy before the KDC, and a ``krb5.conf`` by which it is found, for tickets of seconds.

    Args:
        sandbox: has the KDC.
        directory: for the file.
    """

    def __init__(self, sandbox: Sandbox, directory: Path) -> None:
        self._sandbox = sandbox
        self._proxy = Proxy(sandbox.ports["kdc"])
        self.krb5_conf = directory / "krb5.conf"
        text = re.sub(r"(kdc = \S+):\d+", rf"\1:{self._proxy.port}", sandbox.krb5_conf.read_text())
        text = text.replace(
            "[libdefaults]", f"[libdefaults]\n  ticket_lifetime = {TICKET_SECONDS}s"
        )
        self.krb5_conf.write_text(text)

    def shut(self) -> None:
        """Let no job reach the KDC."""
        self._proxy.refuse()

    def open(self) -> None:
        """Let jobs reach the KDC again, where it is now."""
        self._proxy.target = self._sandbox.ports["kdc"]
        self._proxy.accept()

    def close(self) -> None:
        """Close it for good."""
        self._proxy.close()
