# SPDX-License-Identifier: Apache-2.0
"""The list of all settings and of the options of Flink that they decide, made from the models."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic_core import PydanticUndefined

from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.sections.decides import as_text, declarations
from flinksec_jobs.sections.durations import format_duration
from flinksec_jobs.sections.fields import OneOf, section_of
from flinksec_jobs.settings import schema
from flinksec_jobs.settings.flink_defaults import left_to_flink


@dataclass(frozen=True)
class Entry:
    """One setting.

    Attributes:
        name: dotted name.
        kind: what it takes, in words or as its choices.
        default: how the default is written; empty for none, ``required`` where one must be given.
        meaning: one or two sentences.
        decides: Flink's options that it decides, by their present names.
    """

    name: str
    kind: str
    default: str
    meaning: str
    decides: tuple[str, ...]


def entries() -> Iterator[Entry]:
    """Yield every setting in the order of the models."""
    for setting in schema.settings():
        yield Entry(
            setting.name,
            _kind(setting),
            _default(setting),
            setting.field.description or "",
            tuple(found.option for found in declarations(setting.field)),
        )


def markdown() -> str:
    """Return a table for each section, as the page on settings has them."""
    parts = []
    for section, field in schema.top_sections():
        of_section = [entry for entry in entries() if entry.name.partition(".")[0] == section]
        model = section_of(field)
        title = (model.__doc__ or "").strip().splitlines()[0] if model else field.description
        table = _table(of_section)
        if section == "flink":
            table += ["", _DEFAULTS, "", *_defaults()]
        named = _named(section) if section in schema.named_sections() else ""
        parts.append("\n".join([f"### `[{section}]`", "", f"{title}{named}", "", *table]))
    return "\n\n".join(parts) + "\n"


_WHERE = {"job": "every job", "local": "a local run", "cluster": "`config.yaml`"}
# Of a section's own page, the part that tells of several.
_SEVERAL = {"hdfs": "Name services and several clusters"}
_DEFAULTS = (
    "What the library sets by itself, and `[flink]` may set otherwise, under the option's name or "
    "an older one:"
)


def _named(section: str) -> str:
    """Say which settings a section with a name of its own has."""
    has, of_named = (schema.section_at(place) for place in ((section,), (section, "name")))
    which = "the same settings"
    if has is not None and of_named is not None and has is not of_named:
        which = f"{' and '.join(f'`{name}`' for name in of_named.model_fields)} alone,"
    told = "[Two clusters](clusters.md)"
    if title := _SEVERAL.get(section):
        told = f"[{title}]({section}.md#{title.lower().replace(' ', '-')})"
    return f" `[{section}.NAME]` has {which} under a name of your own: {told}."


def _table(of_section: Iterable[Entry]) -> list[str]:
    """Options of Flink have a column where the section decides any."""
    rows = [
        (
            f"`{entry.name.partition('.')[2] or 'any key'}`",
            entry.kind,
            entry.default,
            entry.meaning,
            " ".join(f"`{option}`" for option in entry.decides),
        )
        for entry in of_section
    ]
    head: tuple[str, ...] = ("Setting", "Takes", "Default", "Meaning", "Decides in Flink")
    width = len(head) if any(row[-1] for row in rows) else len(head) - 1
    return _lines(head[:width], [row[:width] for row in rows])


def _defaults() -> list[str]:
    rows: dict[tuple[str, ...], list[str]] = {}
    for found in left_to_flink():
        value = "" if found.value is None else f"`{as_text(found.value)}`"
        rows.setdefault((f"`{found.option}`", value, found.why), []).append(_WHERE[found.where])
    head = ("Option", "Value", "Set by", "Why")
    return _lines(
        head, [(name, value, ", ".join(by), why) for (name, value, why), by in rows.items()]
    )


def _lines(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [
        f"| {' | '.join(head)} |",
        "|" + "---|" * len(head),
        *(f"| {' | '.join(map(_cell, row))} |" for row in rows),
    ]


def _kind(setting: schema.Setting) -> str:
    annotation = setting.field.annotation
    if setting.is_table:
        return "table"
    if marked := [found for found in setting.field.metadata if isinstance(found, OneOf)]:
        return ", ".join(marked[0].names())
    kinds = [found for found in _members(annotation) if found is not type(None)]
    if setting.is_list:
        return "list of text"
    if get_origin(kinds[0]) is Literal:
        return ", ".join(map(str, get_args(kinds[0])))
    names = {
        SecretFile: "secret, file:/path",
        Path: "path",
        timedelta: "duration",
        str: "path or URI" if setting.is_path else "text",
        bool: "true, false",
        int: "whole number",
    }
    return names[kinds[0]]


def _members(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union, without what `Annotated` adds to them."""
    if get_origin(annotation) in {Literal, tuple, None}:
        return (annotation,)
    if hasattr(annotation, "__metadata__"):
        return _members(get_args(annotation)[0])
    return tuple(member for found in get_args(annotation) for member in _members(found))


def _default(setting: schema.Setting) -> str:
    default = setting.field.default
    if default is PydanticUndefined:
        return "required"
    if default is None or default in ({}, ()):
        return ""
    if isinstance(default, timedelta):
        return format_duration(default)
    return str(default).lower() if isinstance(default, bool) else str(default)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
