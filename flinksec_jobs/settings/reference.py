# SPDX-License-Identifier: Apache-2.0
"""The list of all settings, made from the models."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic_core import PydanticUndefined

from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.settings import schema
from flinksec_jobs.settings.durations import format_duration
from flinksec_jobs.settings.models import Settings


@dataclass(frozen=True)
class Entry:
    """One setting.

    Attributes:
        name: dotted name.
        kind: what it takes, in words or as its choices.
        default: how the default is written; empty for none, ``required`` where one must be given.
        meaning: one or two sentences.
    """

    name: str
    kind: str
    default: str
    meaning: str


def entries() -> Iterator[Entry]:
    """Yield every setting in the order of the models."""
    for setting in schema.settings():
        yield Entry(
            setting.name, _kind(setting), _default(setting), setting.field.description or ""
        )


def markdown() -> str:
    """Return a table for each section, as `docs/settings.md` has them."""
    parts = []
    for section, field in Settings.model_fields.items():
        rows = [
            f"| `{entry.name.partition('.')[2] or 'any key'}` | {_cell(entry.kind)} "
            f"| {_cell(entry.default)} | {_cell(entry.meaning)} |"
            for entry in entries()
            if entry.name.partition(".")[0] == section
        ]
        model = schema.section_of(field)
        title = (model.__doc__ or "").strip().splitlines()[0] if model else field.description
        head = ["| Setting | Takes | Default | Meaning |", "|---|---|---|---|"]
        parts.append("\n".join([f"### `[{section}]`", "", f"{title}", "", *head, *rows]))
    return "\n\n".join(parts) + "\n"


def _kind(setting: schema.Setting) -> str:
    annotation = setting.field.annotation
    if setting.is_table:
        return "table"
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
