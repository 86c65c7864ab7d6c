# SPDX-License-Identifier: Apache-2.0
"""scripts/minikube.sh, run on the test's node."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.kubernetes import overlay
from tests.kubernetes.node.node import Node

ROWS = 3000
JOB, SERVERS = "flight-delays", "sandbox"
_SCRIPT = Path(__file__).parents[2] / "scripts" / "minikube.sh"


@dataclass(frozen=True)
class Deployed:
    """What deploying has come to.

    Attributes:
        code: the exit code.
        said: all that it has printed.
    """

    code: int
    said: str


class Minikube:
    """The script with the node as its cluster; it begins to deploy at once, in the background.

    Args:
        node: has both images.
        directory: a new one, for the volume and what the script says.
    """

    def __init__(self, node: Node, directory: Path) -> None:
        directory.mkdir()
        # What minikube's storage class would give to the claim.
        self.volume = directory / "state"
        self.volume.mkdir()
        self.volume.chmod(0o2770)
        node.kubectl.apply(overlay.volume(self.volume, "minikube-state", JOB))
        self._environment = os.environ | {
            "PATH": f"{node.programs}:{os.environ['PATH']}",
            "KUBECONFIG": str(node.kubectl.kubeconfig),
            "KUBE_CONTEXT": "test",
        }
        self._said = directory / "said"
        with self._said.open("wb") as said:
            self._deploying = subprocess.Popen(
                [_SCRIPT, "deploy", str(ROWS)],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def deployed(self) -> Deployed:
        """Wait until the job has run to its end."""
        return Deployed(self._deploying.wait(), self._said.read_text())

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of its commands."""
        return subprocess.run(
            [_SCRIPT, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def stop(self) -> None:
        """End what still deploys."""
        if self._deploying.poll() is None:
            os.killpg(self._deploying.pid, signal.SIGTERM)
            self._deploying.wait()
