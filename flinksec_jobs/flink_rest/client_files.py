# SPDX-License-Identifier: Apache-2.0
"""The certificate by which a person or a pod talks to Flink's REST server in a cluster."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from pathlib import Path

from flinksec_jobs.errors import CertificateError
from flinksec_jobs.files import reason
from flinksec_jobs.runtime.rest import client_context

VARIABLE = "FLINKSEC_REST_CLIENT"
MOUNTED = Path("/etc/flinksec/tls/rest-client")
"""Where the deployer's pod has it."""


@dataclass(frozen=True)
class ClientFiles:
    """A directory with ``tls.crt``, ``tls.key`` and ``ca.crt``: a client of `flinksec certs`."""

    directory: Path

    @property
    def certificate(self) -> Path:
        """The client's certificate."""
        return self.directory / "tls.crt"

    @property
    def key(self) -> Path:
        """Its key."""
        return self.directory / "tls.key"

    @property
    def trusted(self) -> Path:
        """Whom the client trusts."""
        return self.directory / "ca.crt"


def client_files(directory: Path | None = None) -> ClientFiles:
    """Find the certificate, and see that it can be used.

    Args:
        directory: where it is. Default: what ``FLINKSEC_REST_CLIENT`` names, then the mount of the
            deployer's pod.

    Raises:
        CertificateError: there is none, or it does not fit its key.
    """
    named = os.environ.get(VARIABLE)
    files = ClientFiles(directory or (Path(named) if named else MOUNTED))
    try:
        client_context(files)
    except OSError as error:  # ssl.SSLError is one
        why = reason(error) if error.filename or not isinstance(error, ssl.SSLError) else str(error)
        raise CertificateError(
            f"the client certificate for Flink's REST in {files.directory} cannot be used: {why}",
            hint="name the directory with tls.crt, tls.key and ca.crt: --client DIR, or the "
            f"variable {VARIABLE}; `flinksec certs create` makes one for people, certs/cli",
        ) from error
    return files
