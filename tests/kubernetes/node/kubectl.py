# SPDX-License-Identifier: Apache-2.0
"""kubectl, and waiting for what it shows."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Kubectl:
    """Runs the cluster's own kubectl as one of its users.

    Args:
        program: the kubectl.
        kubeconfig: who asks, and where.

    Attributes:
        ended: set, it ends all waiting.
        there: not set while the API server is away on purpose: nothing is asked then.
    """

    def __init__(self, program: Path, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        self.ended = threading.Event()
        self.there = threading.Event()
        self.there.set()
        self.command = [str(program), f"--kubeconfig={kubeconfig}"]

    def __call__(self, *arguments: str, input: str | None = None) -> str:  # noqa: A002
        """Run it to its end; what it prints. Fails with what it complained about."""
        done = self.attempt(*arguments, input=input)
        if done.returncode != 0:
            raise KubectlError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def attempt(
        self,
        *arguments: str,
        input: str | None = None,  # noqa: A002
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end, whatever that is."""
        self.there.wait()
        return subprocess.run(
            [*self.command, *arguments],
            input=input,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def apply(self, *objects: dict[str, Any]) -> None:
        """Create or change objects, given as they would stand in YAML."""
        listed = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self("apply", "--filename=-", input=json.dumps(listed))

    def get(self, *arguments: str) -> Any:
        """What ``kubectl get … --output=json`` shows."""
        return json.loads(self("get", *arguments, "--output=json"))

    def wait_for(
        self, what: str, found: Callable[[], Any], *, seconds: float = 120, every: float = 0.5
    ) -> Any:
        """Ask again and again until the answer is true; the answer."""
        end = time.monotonic() + seconds
        while not self.ended.is_set():
            try:
                if answer := found():
                    return answer
                seen: object = answer
            except KubectlError as error:
                seen = error
            if time.monotonic() > end:
                raise AssertionError(f"after {seconds:.0f} s, still not so: {what}; seen: {seen}")
            time.sleep(every)
        raise KubectlError(f"no longer waited for: {what}")


class KubectlError(Exception):
    """kubectl refused, with its words."""
