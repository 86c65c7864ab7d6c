# SPDX-License-Identifier: Apache-2.0
"""What a setting declares about Flink: the options that it decides.

The declarations stand at the fields of the sections, and everything else derives from them: what
a run sets, what ``[flink]`` and ``-D`` may not say again, and the tables of the documentation.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic.fields import FieldInfo

from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.sections.fields import Section, section_of

FlinkValue = str | int | float | bool
MayDiffer = Literal["nowhere", "by process", "by run"]
RUN: Literal["run"] = "run"
_D = TypeVar("_D", "Decides", "ShutsOut")


@dataclass(frozen=True)
class Decides:
    """Metadata of a setting: an option of Flink that it decides.

    Attributes:
        option: Flink's name, the present one; the table of options knows the older ones.
        value: makes Flink's value of the section; `None` leaves the option unset. Without it the
            setting's own value is written. `RUN` for what depends on more than the settings: the
            run writes it.
        may_differ: where ``[flink]`` or ``-D`` may say it again. ``by process``: the processes of
            one cluster may differ, by ``-D``. ``by run``: a local run too, by ``[flink]``.
    """

    option: str
    value: Callable[[Any], object] | Literal["run"] | None = None
    may_differ: MayDiffer = "nowhere"


@dataclass(frozen=True)
class ShutsOut:
    """Metadata of a setting: an option that Flink would take in its place, so nothing may set it.

    Attributes:
        option: Flink's name, the present one.
        may_differ: as for `Decides`.
    """

    option: str
    may_differ: MayDiffer = "nowhere"


@dataclass(frozen=True)
class Decided:
    """Who decides an option.

    Attributes:
        settings: dotted names; several where each decides it for a process of its own.
        may_differ: as for `Decides`.
    """

    settings: tuple[str, ...]
    may_differ: MayDiffer


def options_of(section: Section, *, only: Collection[str] = ()) -> dict[str, FlinkValue]:
    """Return Flink's options that a section decides, those of the sections in it among them.

    Args:
        section: all settings, or one section.
        only: the names of its fields that count; without them all do.
    """
    options: dict[str, FlinkValue] = {}
    for name, field in type(section).model_fields.items():
        if only and name not in only:
            continue
        found = getattr(section, name)
        if isinstance(found, Section):
            options |= options_of(found)
        for decides in _declared(field, Decides):
            value = _value(decides, section, found)
            if value is not None:
                options[decides.option] = value
    return options


def as_texts(options: Mapping[str, FlinkValue]) -> dict[str, str]:
    """Write the values of options as texts, the way Flink reads them."""
    return {name: as_text(value) for name, value in options.items()}


def as_text(value: FlinkValue) -> str:
    """Write a value as text, the way Flink reads it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


@functools.cache
def decided_by(model: type[Section]) -> Mapping[str, Decided]:
    """Return who decides, by the names of Flink's options.

    Args:
        model: of all settings; those of a section would lack its name.
    """
    options: dict[str, Decided] = {}
    for setting, field in _fields(model, ""):
        for found in declarations(field):
            before = options.get(found.option)
            options[found.option] = (
                replace(before, settings=(*before.settings, setting))
                if before
                else Decided((setting,), found.may_differ)
            )
    return options


def declarations(field: FieldInfo) -> list[Decides | ShutsOut]:
    """Return what a setting declares."""
    return [*_declared(field, Decides), *_declared(field, ShutsOut)]


def _declared(field: FieldInfo, kind: type[_D]) -> list[_D]:
    return [found for found in field.metadata if isinstance(found, kind)]


def _fields(model: type[Section], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}", field
        if section := section_of(field):
            yield from _fields(section, f"{prefix}{name}.")


def _value(decides: Decides, section: Section, value: object) -> FlinkValue | None:
    if decides.value == RUN:
        return None
    return _as_flink(decides.value(section) if callable(decides.value) else value)


def _as_flink(value: object) -> FlinkValue | None:
    """Write a value as Flink reads it."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, timedelta):
        return f"{value // timedelta(milliseconds=1)} ms"
    if isinstance(value, SecretFile):
        return str(value.path)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or None
    raise TypeError(type(value))
