# SPDX-License-Identifier: Apache-2.0
"""The files of ``elasticsearch.setup``: ``KIND.NAME.json``, each a body of Elasticsearch's own API.

All lie in one directory, so that a ConfigMap can be it. What begins with a dot is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flinksec_jobs import index_names, parsing
from flinksec_jobs.errors import FlinkSecError, SettingsError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.files import SCHEMA, read_text, reason
from flinksec_jobs.findings import Finding, Where, problem

SETTING = "elasticsearch.setup"

_UNUSABLE = problem("elasticsearch-setup-unusable", "a file of elasticsearch.setup cannot be used")
_SUFFIX = ".json"
_POLICY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")


@dataclass(frozen=True)
class Kind:
    """What there may be of on the servers.

    Attributes:
        word: in the names of files.
        label: in messages.
        path: where the API has them.
        needs: what a file must have; None for nothing.
        privilege: what its user needs, in Elasticsearch's words.
    """

    word: str
    label: str
    path: str
    needs: str | None
    privilege: str


LIFECYCLE = Kind(
    "lifecycle", "lifecycle", "/_ilm/policy/", "policy", "the cluster privilege `manage_ilm`"
)
COMPONENT = Kind(
    "component-template",
    "component template",
    "/_component_template/",
    "template",
    "the cluster privilege `manage_index_templates`",
)
TEMPLATE = Kind(
    "index-template",
    "index template",
    "/_index_template/",
    "index_patterns",
    "the cluster privilege `manage_index_templates`",
)
INDEX = Kind("index", "index", "/", None, "the privilege `manage` on the index")
STREAM = Kind(
    "data-stream",
    "data stream",
    "/_data_stream/",
    None,
    "the privilege `manage` on the data stream",
)

KINDS = (LIFECYCLE, COMPONENT, TEMPLATE, INDEX, STREAM)
"""In the order in which one may need another."""

# What a body may have, each an object.
_PARTS: Mapping[Kind, tuple[str, ...]] = {
    INDEX: ("aliases", "mappings", "settings"),
    STREAM: ("lifecycle",),
}


@dataclass(frozen=True)
class Planned:
    """What a file says.

    Attributes:
        kind: of what.
        name: on the servers.
        file: which says it.
        body: of the request that would create it.
    """

    kind: Kind
    name: str
    file: Path
    body: Mapping[str, Any]

    def __str__(self) -> str:
        """Return kind and name, as messages have them."""
        return f"{self.kind.label} {self.name}"

    @property
    def where(self) -> Where:
        """Where it is said."""
        return Where(setting=SETTING, file=str(self.file))


def check(directory: Path) -> Iterator[Finding]:
    """Yield what is wrong with the files of a directory."""
    for one in _read(directory):
        if isinstance(one, Finding):
            yield one


def read(directory: Path) -> list[Planned]:
    """Return what the files say, in the order in which one may need another.

    Raises:
        SettingsError: one cannot be used.
    """
    found = list(_read(directory))
    for one in found:
        if isinstance(one, Finding):
            raise SettingsError(str(one), hint=one.fix, findings=[one])
    planned = [one for one in found if isinstance(one, Planned)]
    return sorted(planned, key=lambda one: (KINDS.index(one.kind), one.name))


def _read(directory: Path) -> Iterator[Planned | Finding]:
    try:
        paths = sorted(directory.iterdir())
    except OSError as error:
        where = Where(setting=SETTING, file=str(directory))
        yield _UNUSABLE.at(where, reason(error), fix="name a directory of JSON files")
        return
    if all(path.name.startswith(".") for path in paths):
        # An empty volume, or a wrong name: the job expects nothing, and its author something.
        where = Where(setting=SETTING, file=str(directory))
        fix = "put files such as index-template.flights.json into it, or leave the setting out"
        yield _UNUSABLE.at(where, "no file is in it", fix=fix)
    for path in paths:
        if not path.name.startswith("."):
            where = Where(setting=SETTING, file=str(path))
            try:
                yield _planned(path)
            except FlinkSecError as error:
                yield _UNUSABLE.of(error, where)


def _planned(path: Path) -> Planned:
    word, _, rest = path.name.partition(".")
    name = rest.removesuffix(_SUFFIX)
    kind = next((one for one in KINDS if one.word == word), None)
    if kind is None or not name or not rest.endswith(_SUFFIX):
        words = ", ".join(one.word for one in KINDS)
        raise SettingsError(
            "its name is no KIND.NAME.json",
            hint=f"call it such as index-template.flights.json; a KIND is one of {words}",
        )
    _check_name(kind, name)
    try:
        body = parsing.json_value(read_text(path, SETTING, SCHEMA))
    except parsing.ParseError as error:
        raise SettingsError(f"it is no JSON: {error}", hint="correct it") from error
    if not isinstance(body, dict) or (kind.needs is not None and kind.needs not in body):
        needed = f' with "{kind.needs}"' if kind.needs else ""
        raise SettingsError(
            f"it is no JSON object{needed}",
            hint=f"write the body of Elasticsearch's request PUT {kind.path}{escaped(name)}",
        )
    if kind is STREAM and body.keys() - {"lifecycle"}:
        raise SettingsError(
            'a data stream is an empty object, {}, or one with "lifecycle"',
            hint="put mappings and settings into an index template with data_stream",
        )
    if kind in _PARTS:
        _check_parts(kind, name, body)
    return Planned(kind, name, path, body)


def _check_parts(kind: Kind, name: str, body: dict[str, Any]) -> None:
    hint = f"write the body of Elasticsearch's request PUT {kind.path}{escaped(name)}"
    parts = _PARTS[kind]
    if unknown := sorted(body.keys() - parts):
        said = ", ".join(f'"{escaped(one)}"' for one in unknown)
        raise SettingsError(
            f"{_an(kind.label)} has {' and '.join(parts)}, and this has {said}", hint=hint
        )
    for part, value in body.items():
        if not isinstance(value, dict):
            raise SettingsError(f'its "{part}" is no JSON object', hint=hint)
    for alias, how in body.get("aliases", {}).items():
        if how is not None and not isinstance(how, dict):
            raise SettingsError(f"its alias {escaped(alias)} is no JSON object", hint=hint)


def _check_name(kind: Kind, name: str) -> None:
    if kind is LIFECYCLE:
        wrong = None if _POLICY_NAME.fullmatch(name) else "must be letters, digits and . _ -"
    else:
        wrong = "is date math" if name.startswith("<") else index_names.problem(name)
    if wrong is not None:
        raise SettingsError(
            f"the name of {_an(kind.label)} {wrong}", hint="give the file another name"
        )


def _an(label: str) -> str:
    return f"an {label}" if label.startswith("i") else f"a {label}"
