# SPDX-License-Identifier: Apache-2.0
"""How a command on a job in a cluster fails: on stderr for people, and as ``--json``'s object."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flinksec_jobs.cli import findings_output
from flinksec_jobs.cli.exit_codes import ExitCode, how_it_ended, leave
from flinksec_jobs.cli.output import say_error, say_json
from flinksec_jobs.errors import FlinkSecError


class UnclearEnd(Exception):  # noqa: N818  an end, and the error is in it
    """A command ends with `ExitCode.UNCLEAR`.

    Args:
        error: because of which.
    """

    def __init__(self, error: FlinkSecError) -> None:
        self.error = error
        super().__init__(error.message)


@contextmanager
def failures_told(*, json_: bool, is_endless: bool = False) -> Iterator[None]:
    """Print one object on stdout for a command that fails, if it is to print JSON.

    Args:
        json_: whether it is.
        is_endless: whether it goes on until it is interrupted, so that this is no failure.
    """
    try:
        yield
    except KeyboardInterrupt:
        if json_ and not is_endless:
            say_json(as_dict(FlinkSecError("it was interrupted"), ExitCode.INTERRUPTED))
        raise
    except SystemExit as end:
        if json_ and end.code == ExitCode.TERMINATED:
            say_json(as_dict(FlinkSecError("it was ended by SIGTERM"), ExitCode.TERMINATED))
        raise
    except UnclearEnd as end:
        say_error(end.error.message, end.error.hint)
        if json_:
            say_json(as_dict(end.error, ExitCode.UNCLEAR))
        leave(ExitCode.UNCLEAR)
    except FlinkSecError as error:
        if json_:
            say_json(as_dict(error, ExitCode.WRONG))
        raise  # told on stderr as those of every command


def as_dict(error: FlinkSecError, code: ExitCode) -> dict[str, object]:
    """Return the object of a failure; that of ``flinksec run --json`` has the same ``error``."""
    return {"error": error_dict(error)} | how_it_ended(code)


def error_dict(error: FlinkSecError) -> dict[str, object]:
    """Return an error for programs."""
    return {
        "message": error.message,
        "hint": error.hint,
        "findings": findings_output.as_dicts(error.findings),
    }
