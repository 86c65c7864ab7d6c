# SPDX-License-Identifier: Apache-2.0
"""How commands print: every line passes through here, so that no text from outside acts."""

from __future__ import annotations

import sys

import click

from flinksec_jobs.escaping import as_json, escaped, escaped_lines


def say(line: object = "", *, err: bool = False) -> None:
    """Print one line: what is not printable in it is escaped, newlines too.

    Args:
        line: anything that `str` takes.
        err: on stderr.
    """
    click.echo(escaped(line), err=err)


def tell(line: object) -> None:
    """Print a line about progress, on stderr."""
    say(line, err=True)


def say_lines(text: str, *, err: bool = False) -> None:
    """Print a text whose newlines are meant; all else that is not printable is escaped."""
    click.echo(escaped_lines(text), err=err)


def say_error(message: str, hint: str | None = None) -> None:
    """Print an error on stderr, and the way out if there is one."""
    say_lines(f"error: {message}", err=True)
    if hint:
        say_lines(f"hint: {hint}", err=True)


def say_data(line: str) -> None:
    """Print a line of data: as it is for a program or a file, escaped on a terminal."""
    if sys.stdout.isatty():
        say(line)
    else:
        put(f"{line}\n")


def say_json(value: object) -> None:
    """Print a value as JSON on one line of stdout, what is not printable as JSON's escapes."""
    click.echo(as_json(value))


def clear_screen() -> None:
    """Begin anew at the top of the terminal."""
    click.clear()


def put(document: str) -> None:
    """Print a document as it is, with no newline added: for a program to read, or a file."""
    click.echo(document.encode("utf-8", "surrogateescape"), nl=False)


def several(number: int, what: str) -> str:
    """Return how many there are of something whose plural ends in s: ``1 letter``."""
    return f"{number} {what}{'' if number == 1 else 's'}"
