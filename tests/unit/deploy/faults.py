# SPDX-License-Identifier: Apache-2.0
"""What can happen to a call: the command is killed before or after it, or its answer is lost."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class Killed(BaseException):
    """As by SIGKILL: nothing in the command can catch it."""


@dataclass
class Faults:
    """Counts all calls to the outside, and makes some of them fail.

    Attributes:
        calls: names of the calls that were made.
        at: the number of the first call that fails, from 0; -1 for none.
        last: the number of the last that fails; -1 for the first alone.
        done: whether what the call is about is done all the same.
        error: raises by the name of the call.
    """

    calls: list[str] = field(default_factory=list)
    at: int = -1
    last: int = -1
    done: bool = False
    error: Callable[[str], BaseException] = lambda _: Killed()

    def call(self, name: str, do: Callable[[], Any]) -> Any:
        number = len(self.calls)
        self.calls.append(name)
        if self.at < 0 or not self.at <= number <= max(self.at, self.last):
            return do()
        if self.done:
            with contextlib.suppress(Exception):
                do()
        raise self.error(name)

    def stop(self) -> None:
        """Let all calls succeed, and forget those that were made."""
        self.at = self.last = -1
        self.calls.clear()


def counted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a method of a fake one of the calls that can fail."""

    @functools.wraps(function)
    def call(self: Any, *args: Any, **options: Any) -> Any:
        name = f"{type(self).__name__}.{function.__name__}"
        return self.world.faults.call(name, lambda: function(self, *args, **options))

    return call
