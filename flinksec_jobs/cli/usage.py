# SPDX-License-Identifier: Apache-2.0
"""A wrong command line, said as every other error: ``error:`` and ``hint:``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

from flinksec_jobs.cli.exit_codes import ExitCode
from flinksec_jobs.cli.output import say_error


class WrongUsageError(click.ClickException):
    """What click found wrong, in two lines."""

    exit_code = ExitCode.USAGE

    def __init__(self, error: click.ClickException) -> None:
        guesses = getattr(error, "possibilities", None) or ()
        # With guesses, click's formatted message repeats them.
        text = (error.message if guesses else error.format_message()).rstrip(".")
        super().__init__(text[:1].lower() + text[1:])
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "flinksec"
        self.hint = (
            f"did you mean {' or '.join(guesses)}?"
            if guesses
            else f"`{command} --help` shows how to use it"
        )

    def show(self, file: IO[Any] | None = None) -> None:  # noqa: ARG002  click's signature
        """Print both lines on stderr."""
        say_error(self.message, self.hint)


@contextmanager
def told() -> Iterator[None]:
    """Turn what click raises about the command line into a `WrongUsageError`."""
    try:
        yield
    except (click.exceptions.NoArgsIsHelpError, WrongUsageError):
        raise
    except click.ClickException as error:
        raise WrongUsageError(error) from error
