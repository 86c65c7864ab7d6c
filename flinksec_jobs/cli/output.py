# SPDX-License-Identifier: Apache-2.0
"""How commands print: every line passes through here, so that no text from outside acts."""

from __future__ import annotations

import click

from flinksec_jobs.escaping import as_json, escaped_lines


def say(text: object = "", *, err: bool = False) -> None:
    """Print a line, or lines, with control characters and the like escaped.

    Args:
        text: newlines in it are meant; a name that may have some goes through `escaped` before.
        err: on stderr.
    """
    click.echo(escaped_lines(str(text)), err=err)


def say_json(value: object, *, indent: int | None = None) -> None:
    """Print a value as JSON on stdout, what is not printable as JSON's escapes."""
    click.echo(as_json(value, indent=indent))


def put(document: str) -> None:
    """Print a document as it is, with no newline added: what a program is to read, or a file."""
    click.echo(document.encode("utf-8", "surrogateescape"), nl=False)
