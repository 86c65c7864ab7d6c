# SPDX-License-Identifier: Apache-2.0
"""The formats of tables that are those of streams, by their names and options in statements.

An option of a format has the name of its field with dashes: ``'avro.schema-file' = 'order.avsc'``.
Its Java half is ``org.flinksec.tables.OwnFormats``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from flinksec_jobs import formats
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.settings.names import nearest

NAMES = ("avro", "debezium", "protobuf")
_PREFIXES = {"format": "", "value.format": "value.", "key.format": "key."}
# A table takes rows away, for which it needs both halves of an update; kinds of rows say the rest.
_OF_STREAMS = {"debezium": {"updates", "op_field"}}
_TRUTH = {"true": True, "false": False}


def options_of(name: str) -> list[str]:
    """Return the options of a format in a table, without its name before them."""
    kind = formats.all_formats()[name]
    left_out = _OF_STREAMS.get(name, set())
    return [
        field.name.replace("_", "-")
        for field in dataclasses.fields(kind)
        if not field.name.startswith("_") and field.name not in left_out
    ]


def wrong(options: Mapping[str, str], *, whole: bool) -> Iterator[tuple[str, SettingsError]]:
    """Yield what is wrong with the options of formats of ours, after the option.

    Args:
        options: of a table, or some of them.
        whole: whether all options are there, so that one may be missing.
    """
    for option, prefix in _PREFIXES.items():
        name = options.get(option)
        if name not in NAMES:
            continue
        if option == "key.format" and name == "debezium":
            yield (
                option,
                SettingsError(
                    "'key.format' = 'debezium' is none: the envelope is that of a value",
                    hint="write 'key.format' = 'json' for the key that Debezium gives a record",
                ),
            )
            continue
        yield from _wrong(name, f"{prefix}{name}.", options, option if whole else None)


def _wrong(
    name: str, prefix: str, options: Mapping[str, str], option: str | None
) -> Iterator[tuple[str, SettingsError]]:
    known, given = options_of(name), {}
    for key, value in options.items():
        if not key.startswith(prefix):
            continue
        of_format = key.removeprefix(prefix)
        if of_format not in known:
            guess = nearest(of_format, known, cutoff=0.6)
            yield (
                key,
                SettingsError(
                    f"'{key}' is no option of the format '{name}'",
                    hint=f"did you mean '{prefix}{guess}'?"
                    if guess
                    else f"it has {', '.join(known)}",
                ),
            )
            return
        given[of_format.replace("-", "_")] = value
    kind = formats.all_formats()[name]
    fields = {field.name: field for field in dataclasses.fields(kind)}
    values: dict[str, Any] = dict(given)
    for field, value in given.items():
        if "bool" in str(fields[field].type):
            if value not in _TRUTH:
                key = f"{prefix}{field.replace('_', '-')}"
                yield (
                    key,
                    SettingsError(
                        f"'{key}' = '{value}' is neither 'true' nor 'false'",
                        hint="write one of them",
                    ),
                )
                return
            values[field] = _TRUTH[value]
    needed = [
        field.name
        for field in fields.values()
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    if option is not None and (missing := [one for one in needed if one not in given]):
        listed = ", ".join(f"'{prefix}{one.replace('_', '-')}'" for one in missing)
        yield (
            option,
            SettingsError(
                f"'{option}' = '{name}' needs {listed}", hint="add it to the options of the table"
            ),
        )
        return
    try:
        if option is not None:
            kind(**values)
    except SettingsError as error:
        yield option or prefix, error
