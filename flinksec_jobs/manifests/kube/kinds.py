# SPDX-License-Identifier: Apache-2.0
"""Which fields a kind has, which type they are, and which values they take; see `known_kinds`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flinksec_jobs.manifests.kube.known_kinds import table
from flinksec_jobs.manifests.kube.objects import Object, Place, mapping


def wrong_fields(entry: Object) -> Iterator[tuple[str, Place]]:
    """Yield what does not fit: ``unknown``, ``type`` or ``value``, and where."""
    name = entry.type
    if name:
        yield from _fields(entry, name, entry.content, "")


def _fields(
    entry: Object, name: str, value: Mapping[str, Any], path: str
) -> Iterator[tuple[str, Place]]:
    fields = table("types")[name]
    for key, inner in value.items():
        here = f"{path}.{key}" if path else str(key)
        if key not in fields:
            yield "unknown", entry.at(here, f"{name.rpartition('.')[2]} has no field {key}")
        elif inner is not None:
            yield from _typed(entry, fields[key], inner, here)
            yield from _valued(entry, f"{name}.{key}", inner, here)


def _typed(entry: Object, wanted: Any, value: object, path: str) -> Iterator[tuple[str, Place]]:
    if isinstance(wanted, list):
        outer, inner = wanted
        if not isinstance(value, list if outer == "list" else Mapping):
            yield "type", entry.at(path, f"is {_kind(value)}, not a {outer}")
        elif isinstance(value, list):
            for index, one in enumerate(value):
                yield from _typed(entry, inner, one, f"{path}[{index}]")
        else:
            for key, one in mapping(value).items():
                yield from _typed(entry, inner, one, f"{path}[{key}]")
    elif wanted.startswith("."):
        if isinstance(value, Mapping):
            yield from _fields(entry, wanted[1:], value, path)
        else:
            yield "type", entry.at(path, f"is {_kind(value)}, not a mapping")
    elif not _is(wanted, value):
        yield "type", entry.at(path, f"is {_kind(value)}, not {_ARTICLE.get(wanted, wanted)}")


def _valued(entry: Object, name: str, value: object, path: str) -> Iterator[tuple[str, Place]]:
    allowed: list[str] = table("values").get(name, [])
    given = value if isinstance(value, list) else [value]
    for one in given:
        if allowed and one not in allowed:
            yield "value", entry.at(path, f"{one!r} is none of {', '.join(map(repr, allowed))}")


_ARTICLE = {"string": "a text", "integer": "an integer", "boolean": "true or false"}


def _kind(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "a text"}
    return names.get(type(value), "a list" if isinstance(value, list) else "a mapping")


def _is(wanted: str, value: object) -> bool:
    is_bool = isinstance(value, bool)
    return {
        "string": isinstance(value, str),
        "integer": isinstance(value, int) and not is_bool,
        "number": isinstance(value, int | float) and not is_bool,
        "boolean": is_bool,
        "intstr": isinstance(value, int | str) and not is_bool,
        "quantity": isinstance(value, int | float | str) and not is_bool,
    }.get(wanted, True)
