# SPDX-License-Identifier: Apache-2.0
"""Sections with a name, such as ``[kafka.NAME]`` beside ``[kafka]``.

People write them as tables within the section without a name; `Settings` keeps them in fields of
their own, which are marked with `Beside`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flinksec_jobs.sections.fields import Section, beside, section_of

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST = 40


def taken_apart(model: type[Section], given: object) -> object:
    """Return what was written with the tables of sections with a name in their own fields.

    Args:
        model: of all settings.
        given: sections by name, as they are written.
    """
    if not isinstance(given, Mapping):
        return given
    apart = dict(given)
    for field, name in _fields(model):
        content = apart.get(name)
        if not isinstance(content, Mapping):
            continue
        plain = section_of(model.model_fields[name])
        known = plain.model_fields if plain else {}
        named = {
            key: value
            for key, value in content.items()
            if key not in known and isinstance(value, Mapping | Section)
        }
        if named:
            apart[field] = {**apart.get(field, {}), **named}
            apart[name] = {key: value for key, value in content.items() if key not in named}
            if not apart[name]:
                del apart[name]
    return apart


def put_together(model: type[Section], dumped: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain values as they are written: the other way round."""
    fields = dict(_fields(model))
    whole: dict[str, Any] = {}
    for name, value in dumped.items():
        if name not in fields:
            whole.setdefault(name, {})
            whole[name] = {**value, **whole[name]} if isinstance(value, Mapping) else value
        elif value:
            whole[fields[name]] = {**whole.get(fields[name], {}), **value}
    return whole


def wrong_names(section: str, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield (setting, problem) for names that sections cannot have."""
    for name in names:
        if not _NAME.fullmatch(name) or len(name) > _LONGEST:
            yield (
                f"{section}.{name}",
                "is no setting, and no name for a section: up to "
                f"{_LONGEST} small letters, digits and single underscores, a letter first",
            )


def _fields(model: type[Section]) -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        if section := beside(field):
            yield name, section
