# SPDX-License-Identifier: Apache-2.0
"""What is deployed on the node."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.volume import Volume
from tests.kubernetes import overlay, proxy

# So many that the job lasts for all that happens to it.
ROWS = 40_000
JOB_IMAGE, SANDBOX_IMAGE = "localhost/flight-delays:latest", "localhost/flinksec-sandbox:latest"
IMAGES = (JOB_IMAGE, overlay.PROXY_IMAGE, SANDBOX_IMAGE)


@dataclass(frozen=True)
class Deployment:
    """What is deployed: the objects as rendered, and where their state is.

    Attributes:
        objects: all of them, the namespace first.
        volume: what stands for the NFS export, and fails where it is told to.
        handed: the sandbox's files, laid out as mounts.
        proxy: the files of the proxy.
    """

    objects: list[dict[str, Any]]
    volume: Volume
    handed: Path
    proxy: proxy.Files
