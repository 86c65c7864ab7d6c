# SPDX-License-Identifier: Apache-2.0
"""Time, as the steps see it: they wait for what they look at, and tests need not wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from flinksec_jobs.deploy.step_errors import UnclearError


@dataclass(frozen=True)
class Waiting:
    """Clocks, and how long to wait.

    Attributes:
        timeout: how long one thing is waited for, in seconds.
        tell: gets a line about progress.
        now: epoch seconds, for people.
        clock: seconds that never go back.
        sleep: waits for some seconds.
        often: seconds between two looks.
    """

    timeout: float = 600.0
    tell: Callable[[str], None] = lambda _: None
    now: Callable[[], float] = time.time
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    often: float = 1.0

    def until(self, is_so: Callable[[], bool], what: str, hint: str | None = None) -> None:
        """Look until something is so.

        Raises:
            UnclearError: it took too long.
        """
        end, told = self.clock() + self.timeout, False
        while not is_so():
            if self.clock() > end:
                raise UnclearError(
                    f"after {self.timeout:.0f} s still waiting: {what}",
                    hint=hint
                    or "run the command again: it goes on where it was; --timeout waits longer",
                )
            if not told:
                self.tell(f"waits: {what}")
                told = True
            self.sleep(self.often)
