# SPDX-License-Identifier: Apache-2.0
"""Whether a ``config.yaml`` is the one that the settings give.

It is made from them; then both lie side by side, and one is changed without the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from flinksec_jobs.cluster import flink_conf
from flinksec_jobs.cluster.flink_conf_values import Options
from flinksec_jobs.findings import Finding, Where, problem
from flinksec_jobs.sections.decides import decided_by
from flinksec_jobs.settings.cluster import QUERY_PORT
from flinksec_jobs.settings.flink_options import (
    Class,
    FlinkOption,
    effective,
    flink_options,
    names,
    of_class,
    options_set_by,
)
from flinksec_jobs.settings.passthrough import is_sealed

if TYPE_CHECKING:
    from flinksec_jobs.settings import Settings

_DRIFT = problem("config-is-not-of-the-settings", "config.yaml differs from the settings")
_FIX = "make config.yaml anew: `flinksec cluster conf --settings settings.toml`"
# Each kind of process has its own; they are added at start (`flink_conf.role_options`).
_BY_ROLE = frozenset({QUERY_PORT})
_PLACES: tuple[Class, ...] = ("state", "recovery")


_COMPARED: tuple[Class, ...] = (
    "tls",
    "state",
    "sealed-value",
    "value",
    "pinned",
    "internal",
    "announced",
    "recovery",
)


def drift(
    config: Options, settings: Settings, home: Path | None = None, file: str | None = None
) -> list[Finding]:
    """Return where a configuration says something else than the settings.

    Compared are the options that the settings decide, those that say where state goes or that
    open something, and all of ``[flink]``. Other options, which the settings do not know, may be
    in the file alone.

    Args:
        config: the options of ``config.yaml``, by their full names.
        settings: beside it.
        home: the distribution whose own ``config.yaml`` is the base; default: that of PyFlink.
        file: where the configuration lies.
    """
    expected = flink_conf.config(settings, home)
    decided = {name: " or ".join(by.settings) for name, by in decided_by(type(settings)).items()}
    compared = {
        option.name: option
        for option in (
            *map(flink_options().__getitem__, decided),
            *of_class(*_COMPARED),
            *(option for key in settings.flink for option in options_set_by(key)),
        )
        if option.kind != "java" and "<" not in option.name and option.name not in _BY_ROLE
    }
    found = [
        one
        for option in compared.values()
        for one in _of(config, expected, option, decided.get(option.name))
    ]
    found += _families(config, expected, settings, decided)
    found += _java(config, expected)
    return [one.placed(file=file) for one in found]


def _of(
    config: Options, expected: Options, option: FlinkOption, setting: str | None
) -> Iterator[Finding]:
    given, wanted = effective(config, option), effective(expected, option)
    if _text(given) == _text(wanted):
        return
    is_ours = setting is not None
    if wanted is None and not is_ours and option.kind in _PLACES and is_sealed(given):
        return  # a place that the settings do not decide, and it is sealed
    if wanted is None and "value" in option.kind and _text(given).lower() in option.values:
        return  # what holds anyway
    key = next((key for key in names(option) if key in config), option.name)
    yield _problem(key, given, wanted, setting or "")


def _families(
    config: Options, expected: Options, settings: Settings, decided: Mapping[str, str]
) -> Iterator[Finding]:
    """Keys that no single option has: a reporter's own in ``[flink]``, ``flink.hadoop.…``."""
    for key in dict.fromkeys((*settings.flink, *config)):
        known = options_set_by(key)
        is_family = any("<" in option.name for option in known)
        is_said = key in settings.flink and (is_family or not known)
        setting = next((decided[option.name] for option in known if option.name in decided), "")
        is_decided = is_family and (
            bool(setting) or any(option.kind in _COMPARED for option in known)
        )
        if (is_said or is_decided) and _text(config.get(key)) != _text(expected.get(key)):
            yield _problem(key, config.get(key), expected.get(key), setting if is_decided else "")


def _java(config: Options, expected: Options) -> Iterator[Finding]:
    """Arguments for Java are added to; none of those of the settings may be missing."""
    option = flink_options()[flink_conf.JAVA_OPTIONS]
    given = _text(effective(config, option)).split()
    for argument in _text(effective(expected, option)).split():
        # What the distribution ships (--add-opens) has a rule of its own.
        if argument not in given and not argument.startswith("--add-"):
            yield _DRIFT.at(
                Where(field=option.name), f"lacks {argument}, which the settings give", fix=_FIX
            )


def _problem(key: str, given: object, wanted: object, setting: str) -> Finding:
    by = f" ({setting})" if setting else ""
    if wanted is None:
        why = f"is {_text(given)}, and the settings{by} give none"
    elif given is None:
        why = f"is missing, and the settings{by} give {_text(wanted)}"
    else:
        why = f"is {_text(given)}, and the settings{by} give {_text(wanted)}"
    return _DRIFT.at(Where(field=key), why, fix=_FIX)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = "" if value is None else str(value).strip()
    return text.lower() if text.lower() in {"true", "false", "none", "zookeeper"} else text
