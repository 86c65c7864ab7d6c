# SPDX-License-Identifier: Apache-2.0
"""What pods say and what becomes of them, also of those that are deleted meanwhile."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from flinksec_jobs.demo.evidence import Evidence
from tests.kubernetes.node.node import Node

Pod = dict[str, Any]


class Watched:
    """Keeps the logs and every state of the pods of a namespace.

    Args:
        node: where they run.
        namespace: theirs.
        directory: a new one on the file system of the node's files.
    """

    def __init__(self, node: Node, namespace: str, directory: Path) -> None:
        directory.mkdir()
        self._node = node
        self._namespace = namespace
        self._states = directory / "states"
        self._logs = Evidence(node.pod_logs, directory / "logs", seen_as=Path("/"))
        self._has_ended = threading.Event()
        self._watch: subprocess.Popen[bytes] | None = None
        self._watches = threading.Thread(target=self._keep_watching, daemon=True)

    def __enter__(self) -> Self:
        self._watches.start()
        self._logs.__enter__()
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._logs.__exit__(exception_type, exception, traceback)
        self._has_ended.set()
        if self._watch is not None:
            self._watch.terminate()
        self._watches.join()

    def _keep_watching(self) -> None:
        """Again and again: a watch ends with the API server that it asks."""
        watch = [*self._node.kubectl.command, "-n", self._namespace]
        watch += ["get", "pods", "--watch", "--output=json"]
        while not self._has_ended.is_set():
            with self._states.open("ab") as states:
                self._watch = subprocess.Popen(watch, stdin=subprocess.DEVNULL, stdout=states)
            if self._has_ended.is_set():
                self._watch.terminate()
            self._watch.wait()
            self._has_ended.wait(1)

    def log(self, pod: str) -> str:
        """All that the containers of a pod have said, one after the other."""
        found = self._logs.directory.glob(f"{self._namespace}_{pod}_*/*/*.log")
        return "".join(_text(path) for path in sorted(found))

    def logs(self) -> str:
        """All that all pods have said."""
        found = self._logs.directory.glob(f"{self._namespace}_*/*/*.log")
        return "".join(_text(path) for path in sorted(found))

    def states(self, name: str) -> list[Pod]:
        """Every state of the pods whose name begins so, oldest first."""
        return [pod for pod in self._all_states() if pod["metadata"]["name"].startswith(name)]

    def exit_codes(self, name: str) -> dict[str, list[int]]:
        """How the containers of these pods ended, by pod, in order."""
        found: dict[str, dict[str, int]] = {}
        for pod in self.states(name):
            for status in pod["status"].get("containerStatuses", []):
                for state in (status.get("lastState", {}), status["state"]):
                    if ended := state.get("terminated"):
                        codes = found.setdefault(pod["metadata"]["name"], {})
                        codes[ended.get("containerID", "")] = ended["exitCode"]
        return {pod: list(codes.values()) for pod, codes in found.items()}

    def _all_states(self) -> Iterator[Pod]:
        text, position = self._states.read_text(), 0
        decoder = json.JSONDecoder()
        while position < len(text):
            try:
                state, end = decoder.raw_decode(text, position)
            except json.JSONDecodeError:
                return  # still being written
            yield state
            position = end + len(text[end:]) - len(text[end:].lstrip())


def _text(log: Path) -> str:
    """What was said, without the time and the name of the stream in front of each line."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "".join(line.split(" ", 3)[-1] + "\n" for line in lines)
