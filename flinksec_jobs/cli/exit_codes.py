# SPDX-License-Identifier: Apache-2.0
"""The exit codes of ``flinksec``, and the one way out of a command that does not end well."""

from __future__ import annotations

import signal
from enum import IntEnum
from typing import NoReturn


class ExitCode(IntEnum):
    """How a command ends. Processes of a cluster become Java, and end as Flink does."""

    WELL = 0
    WRONG = 1
    """It failed, or it looked for problems and found one, or could not look."""
    USAGE = 2
    """The command line is wrong, or for a diagnosis the settings cannot be read."""
    UNREAD = 3
    """Something that was to be checked could not be read; what is wrong in the rest was shown."""
    ROLLED_BACK = 4
    """A new version of a job was not accepted, and the old one runs again."""
    UNCLEAR = 5
    """It is not known whether a job runs as it should; the next command goes on from there."""
    INTERRUPTED = 128 + signal.SIGINT
    TERMINATED = 128 + signal.SIGTERM


def how_it_ended(code: ExitCode) -> dict[str, object]:
    """Return what the object of every command that changes a deployment says of its end."""
    return {"ok": code is ExitCode.WELL, "exit_code": int(code)}


def leave(code: ExitCode) -> NoReturn:
    """End the command."""
    raise SystemExit(int(code))


def leave_unless(well: object) -> None:
    """End the command with `ExitCode.WRONG` unless all is well."""
    if not well:
        leave(ExitCode.WRONG)
