# SPDX-License-Identifier: Apache-2.0
"""A table that is written, declared by a record class: the statement that a person would write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flinksec_jobs import records
from flinksec_jobs.errors import SettingsError


def create_table(
    name: str, columns: Mapping[str, str], key: Sequence[str], options: Mapping[str, str]
) -> str:
    """Return the statement that creates a table.

    Args:
        name: of the table.
        columns: their types, as statements write them.
        key: the columns of its primary key; none for no key.
        options: of its connector.
    """
    lines = [f"{_name(column)} {type_}" for column, type_ in columns.items()]
    if key:
        lines.append(f"PRIMARY KEY ({', '.join(map(_name, key))}) NOT ENFORCED")
    said = [f"{_text(option)} = {_text(value)}" for option, value in options.items()]
    body, with_ = ",\n    ".join(lines), ",\n    ".join(said)
    return f"CREATE TEMPORARY TABLE {_name(name)} (\n    {body}\n) WITH (\n    {with_}\n);"


def key_of(record: type, primary_key: str | Sequence[str]) -> list[str]:
    """Return the fields of a primary key.

    Raises:
        SettingsError: one is no field of the record.
    """
    key = [primary_key] if isinstance(primary_key, str) else list(primary_key)
    fields = records.field_names(record)
    for field in key:
        if field not in fields:
            raise SettingsError(
                f"primary_key names {field!r}, which is no field of {record.__name__}",
                hint=f"it has {', '.join(fields)}",
            )
    return key


def options_of(given: Mapping[str, Any]) -> dict[str, str]:
    """Return arguments as options: with dashes, lists with semicolons, true and false."""
    options: dict[str, str] = {}
    for argument, value in given.items():
        option = argument.replace("_", "-")
        if isinstance(value, Mapping):
            options |= {f"{option}.{key}": str(inner) for key, inner in value.items()}
        elif isinstance(value, bool):
            options[option] = str(value).lower()
        elif isinstance(value, list | tuple):
            options[option] = ";".join(map(str, value))
        elif value is not None:
            options[option] = str(value)
    return options


def _name(text: str) -> str:
    return "`" + text.replace("`", "``") + "`"


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
