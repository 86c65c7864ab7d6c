# SPDX-License-Identifier: Apache-2.0
"""How a job's Kafka clients prove who they are: by a mechanism of SASL, or without SASL.

A mechanism is a module of `flinksec_jobs.logins.sasl` that holds a subclass of `Login` called
``LOGIN``. The file has the mechanism's name in small letters, with underscores for hyphens:
``gssapi.py``. Settings, connectors, checks, a cluster's configuration, hints and documentation ask
the login; but for the default, none of them names a mechanism.
"""

from __future__ import annotations

from typing import Any, cast

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.logins import sasl
from flinksec_jobs.logins.login import Login, Told
from flinksec_jobs.logins.without_sasl import WithoutSasl
from flinksec_jobs.registry import module, names

__all__ = [
    "Login",
    "Told",
    "WithoutSasl",
    "chosen_login",
    "fields",
    "mechanism",
    "mechanisms",
    "of",
]


def mechanisms() -> tuple[str, ...]:
    """Return the names of all mechanisms of SASL, as Kafka writes them."""
    return tuple(name.upper().replace("_", "-") for name in names(sasl))


def mechanism(name: str) -> type[Login]:
    """Return a mechanism of SASL.

    Args:
        name: one of `mechanisms`.
    """
    return cast(type[Login], module(sasl, name.lower().replace("-", "_")).LOGIN)


def fields() -> dict[str, tuple[Any, Any]]:
    """Return the settings under ``[kafka]`` that mechanisms have of their own."""
    return {
        name: field for known in mechanisms() for name, field in mechanism(known).fields.items()
    }


def chosen_login(settings: Told) -> type[Login]:
    """Return the kind of login that the settings ask for; they have a section ``[kafka]``."""
    if settings.kafka is None:
        raise SettingsError(
            "there is no login to Kafka without a section [kafka]",
            hint="`flinksec settings reference` lists what goes into it",
        )
    return mechanism(settings.kafka.sasl_mechanism) if settings.kafka.uses_sasl else WithoutSasl


def of(settings: Told) -> Login:
    """Return the login of the settings, which have a section ``[kafka]``.

    Raises:
        SettingsError: a setting that it needs is missing.
    """
    login = chosen_login(settings)
    for setting, problem in login.contradictions(settings):
        raise SettingsError(
            f"{setting} {problem}", hint="`flinksec settings reference` lists every setting"
        )
    return login(settings)
