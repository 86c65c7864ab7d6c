# SPDX-License-Identifier: Apache-2.0
"""Arguments of a job's methods that take one of a few values, or a text."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from flinksec_jobs.errors import SettingsError


def require(argument: str, value: object, choices: Sequence[str]) -> None:
    """Refuse a value that is none of those that an argument takes.

    Raises:
        SettingsError: it names the argument, the nearest value and all others.
    """
    if isinstance(value, str) and value in choices:
        return
    near = difflib.get_close_matches(str(value).lower().replace("-", "_"), choices, 1)
    listed = ", ".join(f'"{choice}"' for choice in choices)
    raise SettingsError(
        f"{argument}={value!r} is not one of {listed}",
        hint=f'did you mean {argument}="{near[0]}"?' if near else f"choose from {listed}",
    )


def require_text(argument: str, value: object) -> None:
    """Refuse an empty text, which would silently be the same as none, and what is no text.

    Raises:
        SettingsError: it names the argument.
    """
    if value is None or (isinstance(value, str) and value.strip()):
        return
    found = "empty" if isinstance(value, str) else f"of the type {type(value).__name__}"
    raise SettingsError(
        f"{argument} is {found}: it must be a text", hint="write one, or leave the argument out"
    )
