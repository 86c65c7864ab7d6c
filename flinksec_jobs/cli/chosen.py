# SPDX-License-Identifier: Apache-2.0
"""Options that take several of a few names, separated by commas or given again."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import click


def chosen(given: Sequence[str], known: Collection[str], what: str) -> list[str]:
    """Return the names that an option was given, of every time that it was given.

    Args:
        given: its values, of an option with ``multiple=True``.
        known: the names that there are.
        what: what one of them is called: ``category``.

    Raises:
        click.BadParameter: it lists what there is.
    """
    names = [name.strip() for listed in given for name in listed.split(",")]
    if unknown := [name for name in names if name not in known]:
        raise click.BadParameter(
            f"there is no {what} {', '.join(map(repr, unknown))}; there are {', '.join(known)}",
            param_hint="--only",
        )
    return names
