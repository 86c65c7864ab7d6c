# SPDX-License-Identifier: Apache-2.0
"""Where what the servers have differs from what a file says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

NOTHING = object()
"""What stands for a value that is not there."""

_LONGEST = 60
# Empty, they say as much as if they were not there.
_EMPTY_IS_NOTHING = {
    "settings",
    "mappings",
    "aliases",
    "template",
    "properties",
    "composed_of",
    "dynamic_templates",
    "ignore_missing_component_templates",
    "_meta",
}
# What the servers add to what is put there, by the end of its path.
_ADDED: Mapping[tuple[str, ...], Any] = {
    ("min_age",): "0ms",
    ("delete", "delete_searchable_snapshot"): "true",
    ("lifecycle", "enabled"): "true",
    ("data_stream", "hidden"): "false",
    ("data_stream", "allow_custom_routing"): "false",
    ("data_stream", "timestamp_field"): {"name": "@timestamp"},  # OpenSearch
    ("allocate", "include"): {},
    ("allocate", "exclude"): {},
    ("allocate", "require"): {},
    ("shrink", "allow_write_after_shrink"): "false",
    ("searchable_snapshot", "force_merge_index"): "true",
}


@dataclass(frozen=True)
class Difference:
    """One place where they differ.

    Attributes:
        path: in the file's JSON; keys of settings are one name each.
        server: what the servers have, or `NOTHING`.
        file: what the file says, or `NOTHING`.
    """

    path: tuple[str, ...]
    server: Any
    file: Any

    def __str__(self) -> str:
        """Return path and both values, in one line."""
        return f"{self.place}: the server has {told(self.server)}, the file {told(self.file)}"

    @property
    def place(self) -> str:
        """The path, with dots."""
        return ".".join(self.path)

    def as_dict(self) -> dict[str, Any]:
        """Return it for programs; what is not there is not there."""
        values = (("server", self.server), ("file", self.file))
        return {"path": self.place, **{k: v for k, v in values if v is not NOTHING}}


def told(value: Any) -> str:
    """Return a value as a message has it."""
    if value is NOTHING:
        return "nothing"
    shown = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"


def compare(
    server: Any, file: Any, *, whole: bool, path: tuple[str, ...] = ()
) -> Iterator[Difference]:
    """Yield where two values in normal form differ.

    Args:
        server: what the servers have.
        file: what the file says.
        whole: whether the servers may have nothing besides, but for what they add themselves; an
            index has more than any file says: fields of documents, and settings of its own.
        path: of both.
    """
    if isinstance(server, dict) and isinstance(file, dict):
        for key in [*file, *(key for key in server if key not in file)]:
            ours, theirs = file.get(key, NOTHING), server.get(key, NOTHING)
            here = (*path, key)
            if ours is NOTHING and (not whole or _is_added(here, theirs)):
                continue
            if theirs is NOTHING and _is_nothing(key, ours):
                continue
            if theirs is NOTHING or ours is NOTHING:
                yield Difference(here, theirs, ours)
                continue
            yield from compare(theirs, ours, whole=whole, path=here)
    elif isinstance(server, list) != isinstance(file, list):
        if _as_list(server) != _as_list(file):  # one text stands for a list of one
            yield Difference(path, server, file)
    elif server != file:
        yield Difference(path, server, file)


def _is_nothing(key: str, value: Any) -> bool:
    return key in _EMPTY_IS_NOTHING and value in ({}, [])


def _is_added(path: tuple[str, ...], value: Any) -> bool:
    if _is_nothing(path[-1], value):
        return True
    return any(path[-len(end) :] == end and value == added for end, added in _ADDED.items())


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]
