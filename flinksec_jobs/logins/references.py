# SPDX-License-Identifier: Apache-2.0
"""Secrets in the properties of Kafka's own clients by reference: they read them where they run.

Flink's connector needs none of it: there our own `handlers` read the files. Kafka's
``DirectoryConfigProvider`` puts the content of a file in the place of
``${directory:/path/of/the/directory:file}`` when a client is made, and may read nothing but the
directories that it is told.
"""

from __future__ import annotations

from collections.abc import Mapping

from flinksec_jobs.errors import SecretError, SettingsError
from flinksec_jobs.secrets import SecretFile

_PROVIDER = "directory"
_CLASS = "common.config.provider.DirectoryConfigProvider"
# What ends a reference or a part of it, what separates allowed paths, and what JAAS would unescape.
_NOT_IN_PATHS = '${}:,\\"'


def reference(secret: SecretFile, setting: str) -> str:
    """Return what stands in a property in the place of a secret.

    Args:
        secret: the file that holds it.
        setting: the setting that names it, for messages.

    Raises:
        SettingsError: the path has a character that a reference cannot have.
    """
    path = str(secret.path)
    if any(character in _NOT_IN_PATHS or not character.isprintable() for character in path):
        raise SettingsError(
            f"{setting}: Kafka's clients cannot read a file with one of "
            f"{' '.join(_NOT_IN_PATHS)} in its path",
            hint="move the file, or rename it",
        )
    return f"${{{_PROVIDER}:{secret.path.parent}:{secret.path.name}}}"


def providers(secrets: Mapping[str, SecretFile], package: str) -> dict[str, str]:
    """Return the properties that let a client follow the references to these secrets.

    Args:
        secrets: by the settings that name them; without any, no reference is followed.
        package: in front of the names of Kafka's classes.

    Raises:
        SecretError, SettingsError: a secret cannot stand in the place of its reference.
    """
    if not secrets:
        return {}
    for setting, secret in secrets.items():
        check(secret, setting)
    directories = sorted({str(secret.path.parent) for secret in secrets.values()})
    return {
        "config.providers": _PROVIDER,
        f"config.providers.{_PROVIDER}.class": f"{package}{_CLASS}",
        f"config.providers.{_PROVIDER}.param.allowed.paths": ",".join(directories),
    }


def check(secret: SecretFile, setting: str) -> None:
    """Make sure that a secret can stand in quotes in ``sasl.jaas.config``, whole and alone.

    Kafka puts the file's content there as it is: a line break would end the quotes, and a quote
    or backslash would be taken for JAAS's own.

    Raises:
        SecretError: it cannot be used, or holds such a character.
        SettingsError: its path cannot stand in a reference.
    """
    reference(secret, setting)
    try:
        text = secret.read_bytes(setting).decode("utf-8")
    except UnicodeDecodeError:
        # Without the cause: it holds the bytes.
        raise SecretError(f"{setting} (file:{secret.path}) is not UTF-8 text") from None
    if text.endswith(("\n", "\r")):
        raise SecretError(
            f"{setting} (file:{secret.path}) ends with a line break, which Kafka's clients would "
            "take for a part of it",
            hint="write it without: printf %s",
        )
    if any(character in '"\\' or ord(character) < ord(" ") for character in text):
        raise SecretError(
            f"{setting} (file:{secret.path}) holds a quote, a backslash or a control character, "
            "which cannot stand in Kafka's sasl.jaas.config",
            hint="choose a password of other characters",
        )
