# SPDX-License-Identifier: Apache-2.0
"""The values of a Flink configuration, as YAML or this library writes them."""

from __future__ import annotations

from collections.abc import Mapping

from flinksec_jobs.settings.flink_options import flink_options, names

Options = Mapping[str, object]
"""A Flink configuration: options by their full names."""


def is_true(config: Options, key: str, default: bool = False) -> bool:
    """Whether an option is true; `default` is Flink's."""
    return str(config.get(key, default)).strip().lower() == "true"


def text(config: Options, key: str) -> str:
    """Return an option's value as text; nothing if it is not set."""
    return str(config.get(key, "")).strip()


def key_of(config: Options, name: str) -> str:
    """Return the key that gives an option its value: its name, or an old one that stands alone."""
    return next((key for key in names(flink_options()[name]) if key in config), name)
