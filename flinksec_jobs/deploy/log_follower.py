# SPDX-License-Identifier: Apache-2.0
"""The logs of pods as they come: each line once, also over connections that end.

The API server sends what comes as long as a connection lasts, which may be a few minutes. It is
then asked for what came since the last line, by a time of whole seconds; what was seen of that
second is left out.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from flinksec_jobs.deploy.kube_errors import KubeError, KubeUnreachableError
from flinksec_jobs.deploy.pods import PodLook

_PAUSE_SECONDS, _LOOK_SECONDS = 1.0, 3.0
_SECOND = len("2026-11-30T08:00:00")


class Source(Protocol):
    """Where logs come from: `flinksec_jobs.deploy.kube.Kube` has it."""

    def log_lines(self, pod: str, *, container: str, lines: int, since: str) -> Iterator[str]:
        """Yield lines as they come, each with its time before it, until the connection ends."""


@dataclass
class LogOfPod:
    """The log of one pod.

    Attributes:
        pod: its name.
        container: whose log.
        lines: how many that are there already are wanted.
    """

    pod: str
    container: str
    lines: int
    _since: str = ""
    _seen: Counter[str] = field(default_factory=Counter)

    def new(self, source: Source) -> Iterator[str]:
        """Yield the lines that come over one connection and were not there before."""
        again = self._seen.copy()
        for line in source.log_lines(
            self.pod, container=self.container, lines=self.lines, since=self._since
        ):
            if again[line]:
                again[line] -= 1
                continue
            at, _, text = line.partition(" ")
            second = f"{at[:_SECOND]}Z"
            if second > self._since:
                self._since, self._seen = second, Counter()
            self._seen[line] += 1
            yield text


def followed(
    source: Source,
    pods: Callable[[], Sequence[PodLook]],
    lines: int,
    tell: Callable[[str], None],
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[tuple[str, str]]:
    """Yield the name of a pod and a line of its log, as they come, of pods that come too.

    It ends when all pods have ended, and are no more replaced.

    Args:
        source: where they come from.
        pods: looks which pods there are.
        lines: how many of each that are there already are wanted.
        tell: gets a line about a connection that ended.
        sleep: waits for some seconds between two connections.
    """
    came: queue.Queue[tuple[str, str]] = queue.Queue(maxsize=10_000)
    threads: dict[str, threading.Thread] = {}
    now: dict[str, PodLook] = {}

    def follow(log: LogOfPod) -> None:
        told = ""
        while True:
            was_ended = log.pod not in now or now[log.pod].has_ended
            try:
                for text in log.new(source):
                    told = ""
                    came.put((log.pod, text))
            except KubeError as error:
                if error.message != told:
                    tell(f"{log.pod}: {error.message}; asking again")
                told = error.message
            if was_ended:
                return
            sleep(_PAUSE_SECONDS)

    while True:
        try:
            now = {one.name: one for one in pods()}
        except KubeUnreachableError as error:
            tell(error.message)  # those that are known are followed on
        for name, pod in now.items():
            if name not in threads:
                log = LogOfPod(name, pod.component, lines)
                threads[name] = threading.Thread(target=follow, args=(log,), daemon=True)
                threads[name].start()
        end = time.monotonic() + _LOOK_SECONDS
        while (left := end - time.monotonic()) > 0:
            try:
                yield came.get(timeout=min(left, 0.2))
            except queue.Empty:
                if not any(one.is_alive() for one in threads.values()):
                    break
        is_over = not any(one.is_alive() for one in threads.values()) and came.empty()
        if is_over and all(one.has_ended for one in now.values()):
            return
