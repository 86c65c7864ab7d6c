# SPDX-License-Identifier: Apache-2.0
"""What the proxy's Secrets hold, and what whoever asks it sends."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

from flinksec_jobs.certificates import Identity

USER = "alice"


def write_certificate(folder: Path, issued: Identity) -> None:
    """Write a Secret of type ``kubernetes.io/tls`` into a new folder."""
    folder.mkdir(parents=True)
    (folder / "tls.crt").write_bytes(issued.certificate_pem)
    (folder / "tls.key").write_bytes(issued.key_pem)


def write_users(folder: Path, password: str) -> None:
    """Write a htpasswd file that lets `USER` in into a new folder."""
    folder.mkdir()
    digest = subprocess.run(
        ["openssl", "passwd", "-6", "-stdin"],
        input=password,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    (folder / "htpasswd").write_text(f"{USER}:{digest}\n")


def authorization(password: str | None) -> dict[str, str]:
    """The header with `USER` and a password; none without one."""
    if password is None:
        return {}
    token = base64.b64encode(f"{USER}:{password}".encode()).decode()
    return {"Authorization": f"Basic {token}"}
