# SPDX-License-Identifier: Apache-2.0
"""What a volume does wrong, and when."""

from __future__ import annotations

import errno
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

# What changes a volume, one step each; `flush` is what close() calls.
STEPS = (
    "mkdir",
    "create",
    "open",
    "write",
    "truncate",
    "flush",
    "fsync",
    "fsyncdir",
    "rename",
    "link",
    "unlink",
    "rmdir",
)


@dataclass
class Rule:
    """One fault.

    Attributes:
        op: the operation that fails: a step, or ``read``, ``readdir`` or ``getattr``; ``*`` for
            every step.
        path: a pattern of paths below the mount point, beginning with ``/``.
        skip: how many operations that match go well before.
        times: how many fail then; None for all.
        error: the error's name, as ``ENOSPC``.
        keep: how many bytes of a read or write are done; less than were asked for.
        lie: whether it is reported as done all the same.
        kill: the process that is killed at this step; nothing changes the volume from then on.
    """

    op: str
    path: str = "*"
    skip: int = 0
    times: int | None = None
    error: str | None = None
    keep: int | None = None
    lie: bool = False
    kill: int | None = None
    seen: int = field(default=0, compare=False)

    def applies(self, op: str, path: str) -> bool:
        """Whether this operation is one that fails; counts it."""
        if not (self.op == op or (self.op == "*" and op in STEPS)):
            return False
        if not fnmatchcase(path, self.path):
            return False
        self.seen += 1
        failed = self.seen - self.skip
        return failed > 0 and (self.times is None or failed <= self.times)

    @property
    def number(self) -> int:
        """The errno, or 0."""
        return int(getattr(errno, self.error)) if self.error else 0

    def to_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)
