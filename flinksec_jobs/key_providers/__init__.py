# SPDX-License-Identifier: Apache-2.0
"""What may hold the keys that seal state, a file for each kind.

A kind is a module of this package with a `ProviderKind` called ``KIND``. From it follow the
setting under ``[state]``, Flink's options, what may not be said of them again, the checks of
files, the files that must be Secrets in manifests, and what ``flinksec state keys`` can do. The
plugin has the same kind as a ``KeyProviderFactory``; ``docs/state-format.md`` 3.1 says what both
keep to.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import chain
from typing import Any, cast

from pydantic import Field, create_model
from pydantic.fields import FieldInfo

from flinksec_jobs import registry
from flinksec_jobs.key_providers._kind import KeyStore, Listing, ProviderKind, Said, Seals
from flinksec_jobs.sections.decides import decided_by
from flinksec_jobs.sections.fields import Section

__all__ = [
    "KeyStore",
    "Listing",
    "ProviderKind",
    "Said",
    "Seals",
    "fields",
    "flink_options",
    "kinds",
    "locations",
    "store",
]


def kinds() -> tuple[ProviderKind[Any], ...]:
    """Return every kind, in the order of the names of their files."""
    package = sys.modules[__name__]
    return tuple(
        cast(ProviderKind[Any], registry.module(package, name).KIND)
        for name in registry.names(package)
    )


def fields() -> dict[str, tuple[Any, FieldInfo]]:
    """Return the settings under ``[state]`` that name providers: annotations and descriptions."""
    return {
        kind.setting: (
            kind.annotation,
            cast(FieldInfo, Field(default=None, description=kind.description)),
        )
        for kind in kinds()
    }


def flink_options() -> tuple[str, ...]:
    """Return the options by which the plugin reads what the settings name."""
    return tuple(decided_by(create_model("Keys", __base__=Section, **cast(Any, fields()))))


def store(location: str) -> KeyStore:
    """Return the keys at what a command line names: a URI of a kind's scheme, else a path.

    Raises:
        KeyRingError: it is a URI that cannot be used; the URI is not repeated then.
    """
    with_scheme = (kind for kind in kinds() if kind.scheme and location.startswith(kind.scheme))
    without = (kind for kind in kinds() if not kind.scheme)
    return next(chain(with_scheme, without)).at(location)


def locations() -> Iterator[str]:
    """Yield how each kind is named on a command line, paths first."""
    for kind in sorted(kinds(), key=lambda kind: bool(kind.scheme)):
        yield kind.location
