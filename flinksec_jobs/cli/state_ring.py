# SPDX-License-Identifier: Apache-2.0
"""Which keys a ``flinksec state`` command works with."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import click

from flinksec_jobs import key_providers, state
from flinksec_jobs.sealed import KeyChain, KeyProvider
from flinksec_jobs.settings import StateSettings, load_settings

_R = TypeVar("_R")


class _Keys(click.types.StringParamType):
    """A directory or a URI; one of them in the environment, so a path may have spaces."""

    def split_envvar_value(self, rv: str) -> list[str]:
        return [rv] if rv else []


def _options(function: Callable[..., _R], more: str = "") -> Callable[..., _R]:
    where = ", or ".join(key_providers.locations())
    keys = click.option(
        "--keys",
        "locations",
        multiple=True,
        envvar="FLINKSEC_STATE__KEYS",
        type=_Keys(),
        metavar="DIRECTORY|URI",
        help=f"{where[:1].upper()}{where[1:]}. May be given again: the first one seals, all of "
        f"them open. Default: FLINKSEC_STATE__KEYS.{more}",
    )
    settings = click.option(
        "--settings",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="In place of --keys: a job's settings file, whose [state] names the keys.",
    )
    return keys(settings(function))


def with_keys(function: Callable[..., _R]) -> Callable[..., _R]:
    """Give a command the keys that its options name, as ``ring``."""

    @functools.wraps(function)
    def opened(*args: Any, **kwargs: Any) -> _R:
        with ExitStack() as stack:
            ring = _open(stack, kwargs.pop("locations"), kwargs.pop("settings"))
            return function(*args, ring=_given(ring), **kwargs)

    return _options(opened)


def with_keys_held(function: Callable[..., _R]) -> Callable[..., _R]:
    """Give it the same, with the key rings held: none of their keys is deleted meanwhile."""

    @functools.wraps(function)
    def opened(*args: Any, **kwargs: Any) -> _R:
        with ExitStack() as stack:
            ring = _open(stack, kwargs.pop("locations"), kwargs.pop("settings"), hold=True)
            return function(*args, ring=_given(ring), **kwargs)

    return _options(opened)


def with_keys_if_given(function: Callable[..., _R]) -> Callable[..., _R]:
    """Return the same, but ``ring`` is None if no option names keys."""

    @functools.wraps(function)
    def opened(*args: Any, **kwargs: Any) -> _R:
        with ExitStack() as stack:
            ring = _open(stack, kwargs.pop("locations"), kwargs.pop("settings"))
            return function(*args, ring=ring, **kwargs)

    return _options(opened, " Without any, only headers are read, which nothing authenticates.")


def _given(ring: KeyProvider | None) -> KeyProvider:
    if ring is None:
        raise click.UsageError("missing option '--keys' or '--settings'")
    return ring


def _open(
    stack: ExitStack, locations: tuple[str, ...], settings: Path | None, *, hold: bool = False
) -> KeyProvider | None:
    source = click.get_current_context().get_parameter_source("locations")
    if settings is not None and (not locations or source is click.core.ParameterSource.ENVIRONMENT):
        found = load_settings(settings).need(StateSettings)
        if hold:
            for kind, value in found.providers:
                stack.enter_context(kind.store(value).held())
        return stack.enter_context(state.open_keys(found))
    if settings is not None:
        raise click.UsageError("'--keys' and '--settings' do not go together")
    stores = [key_providers.store(location) for location in locations]
    if hold:
        for store in stores:
            stack.enter_context(store.held())
    providers = [stack.enter_context(store.opened()) for store in stores]
    return KeyChain(*providers) if len(providers) > 1 else next(iter(providers), None)
