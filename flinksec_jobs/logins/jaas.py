# SPDX-License-Identifier: Apache-2.0
"""Kafka's ``sasl.jaas.config``: one login module and its options, on one line."""

from __future__ import annotations

from collections.abc import Mapping

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.logins import references
from flinksec_jobs.secrets import SecretFile


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
        SettingsError: a value cannot stand in it.
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
        raise SettingsError(f"{setting} holds a control character")
    if "${" in value:
        raise SettingsError(
            f"{setting} holds ${{, by which Kafka's clients refer to files",
            hint="use another name",
        )
    # JAAS takes a backslash for an escape.
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
