# SPDX-License-Identifier: Apache-2.0
"""Kafka's ``sasl.jaas.config``: one login module and its options, on one line."""

from __future__ import annotations

from collections.abc import Mapping

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.logins import references
from flinksec_jobs.secrets import SecretFile


class UnwritableError(SettingsError):
    """A value cannot stand in ``sasl.jaas.config``.

    Attributes:
        setting: the setting that it comes from.
    """

    def __init__(self, setting: str, problem: str, *, hint: str | None = None) -> None:
        super().__init__(f"{setting} {problem}", hint=hint)
        self.setting = setting


def login_module(
    name: str, options: Mapping[str, str | SecretFile], settings: Mapping[str, str] | None = None
) -> str:
    """Return the text that names a login module.

    Args:
        name: the module's class.
        options: in their order; a secret's content is put in its place by Kafka's client, see
            `references`.
        settings: the settings that options come from, for messages.

    Raises:
        UnwritableError: a value cannot stand in it.
        SettingsError: the path of a secret cannot.
    """
    named = settings or {}
    listed = (
        f"{option}={_written(value, named.get(option, option))}"
        for option, value in options.items()
    )
    return f"{name} required {' '.join(listed)};"


def _written(value: str | SecretFile, setting: str) -> str:
    if isinstance(value, SecretFile):
        return f'"{references.reference(value, setting)}"'
    if value in {"true", "false"}:
        return value
    if not value.isprintable():
        raise UnwritableError(setting, "holds a control character")
    if "${" in value:
        raise UnwritableError(
            setting, "holds ${, by which Kafka's clients refer to files", hint="use another name"
        )
    # JAAS takes a backslash for an escape.
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
