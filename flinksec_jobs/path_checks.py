# SPDX-License-Identifier: Apache-2.0
"""Whether the file or directory of one setting can be used, as findings."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from flinksec_jobs.errors import FlinkSecError, SettingsError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.files import open_regular, reason, unreadable
from flinksec_jobs.findings import Finding, Kind, Where, problem
from flinksec_jobs.secrets import SecretFile

SECRET = problem("secret-unusable", "the file of a secret cannot be read, or is open to others")


def check_secret(secret: SecretFile, setting: str) -> Iterator[Finding]:
    """Yield a finding if a secret cannot be read, is empty, or is open to others."""
    where = Where(setting=setting, file=str(secret.path))
    return attempt(SECRET, where, lambda: secret.check(setting))


def check_text(
    secret: SecretFile, setting: str, read: Callable[[SecretFile, str], object]
) -> Iterator[Finding]:
    """Yield a finding if a secret that is text cannot be read as ``read`` reads it."""
    where = Where(setting=setting, file=str(secret.path))
    return attempt(SECRET, where, lambda: read(secret, setting))


def attempt(kind: Kind, where: Where, action: Callable[[], object]) -> Iterator[Finding]:
    """Yield a finding of this kind if an action raises."""
    try:
        action()
    except FlinkSecError as error:
        yield kind.of(error, where, fix="`flinksec settings reference` says what it must be")


def readable(path: Path, where: Where) -> None:
    """Read a file as whoever needs it will; a module of a program is large.

    Raises:
        SettingsError: it cannot be read, or is no regular file.
    """
    try:
        with open_regular(path) as file:
            file.read(1)
    except OSError as error:
        raise unreadable(path, str(where.setting), error, SettingsError) from error


def listable(path: Path, setting: str) -> None:
    """List a directory.

    Raises:
        SettingsError: it cannot be listed, or is none.
    """
    try:
        next(path.iterdir(), None)
    except ValueError as error:  # a NUL, which no name has
        raise _unlistable(path, setting, "is no name that a directory can have") from error
    except OSError as error:
        raise _unlistable(path, setting, reason(error)) from error


def _unlistable(path: Path, setting: str, why: str) -> SettingsError:
    return SettingsError(
        f"{setting} {escaped(path)} cannot be read: {why}",
        hint=f"it must be a directory that user id {os.geteuid()} may read",
    )
