# SPDX-License-Identifier: Apache-2.0
"""Jobs of local runs that go on while their program does something else.

A thread follows each: it shows how the job gets on, holds the lock on its state, and puts on
record that it has ended well. If the program ends first, the job ends with it, as after Ctrl-C:
nothing is on record but its start, so that its next run goes on from its last checkpoint.
"""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack

# How long the end of a program waits for what is still to be done for a job that has ended.
_LAST_WORDS_SECONDS = 10
_log = logging.getLogger("flinksec_jobs")


class Background:
    """A job that a thread follows to its end, from now on.

    Args:
        name: the job's.
        follow: returns when the job has ended well, and raises if it has failed.
        has_ended: whether it has ended, well or not; the thread may not know yet.
        until_its_end: left when it has ended: by it the job is on record and unlocked.
    """

    def __init__(
        self,
        name: str,
        follow: Callable[[], object],
        has_ended: Callable[[], bool],
        until_its_end: ExitStack,
    ) -> None:
        self.name = name
        self._follow = follow
        self._has_ended = has_ended
        self._until_its_end = until_its_end
        self._failure: BaseException | None = None
        self._is_told = False
        self._last: list[Callable[[], object]] = []
        self._thread = threading.Thread(target=self._run, name=f"job {name}", daemon=True)
        # Before the JVM is ended, which was started before.
        atexit.register(self.end_of_program)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Whether the job has ended, and is on record and unlocked."""
        if self._thread.is_alive() and self._ends():
            self._thread.join(_LAST_WORDS_SECONDS)
        return not self._thread.is_alive()

    def then(self, action: Callable[[], object]) -> None:
        """Do something when the job has ended, perhaps twice."""
        self._last.append(action)
        if not self._thread.is_alive():
            action()  # it may have ended before it was told

    def wait(self) -> None:
        """Return when the job has ended well.

        Raises:
            JobError: it failed.
        """
        self._is_told = True
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def end_of_program(self) -> None:
        """Let the job be put on record if it has ended just now; else tell how it goes on."""
        if self.is_over:
            return
        self._is_told = True
        _log.warning(
            "the program ends, and the job %s with it: its next run goes on from its last "
            "checkpoint, or from nothing if it has no state",
            self.name,
        )

    def _ends(self) -> bool:
        try:
            return self._has_ended()
        except Exception:
            return True  # its JVM is gone, and the thread about to find out

    def _run(self) -> None:
        try:
            with self._until_its_end:
                self._follow()
        except BaseException as error:
            self._failure = error
            if not self._is_told:
                _log.error("%s", error)
        finally:
            atexit.unregister(self.end_of_program)
            for action in self._last:
                action()
