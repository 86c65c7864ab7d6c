# SPDX-License-Identifier: Apache-2.0
"""Everything that is wrong with the settings, in one error that says where and what to do.

Values are never repeated, only their types: a secret may have been written in the wrong place.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from ..errors import SettingsError
from . import schema
from .models import Settings
from .names import nearest

_TYPE_NAMES = {
    "str": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "a boolean",
    "list": "a list",
    "tuple": "a list",
    "dict": "a table",
    "NoneType": "nothing",
}
_HINT = "`flinksec settings reference` lists every setting"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        setting: dotted name, or the name of an environment variable.
        text: what is wrong and what to do, without the value.
        origin: where the value comes from; `None` when there is none.
    """

    setting: str
    text: str
    origin: str | None = None

    def __str__(self) -> str:
        where = f" ({self.origin})" if self.origin else ""
        return f"{self.setting}{where}: {self.text}"


def settings_error(problems: Iterable[Problem]) -> SettingsError:
    """Return one error that lists every problem."""
    lines = list(dict.fromkeys(str(problem) for problem in problems))
    if len(lines) == 1:
        return SettingsError(lines[0], hint=_HINT)
    listed = "".join(f"\n  {line}" for line in lines)
    return SettingsError(f"{len(lines)} settings cannot be used:{listed}", hint=_HINT)


def translate(error: ValidationError, origins: Mapping[str, str]) -> Iterator[Problem]:
    """Yield the problems that pydantic found in a `Settings`."""
    for found in error.errors(include_url=False):
        location = _known_part(found["loc"])
        if nested := found.get("ctx", {}).get("problems"):
            for inner, text in nested:
                setting = ".".join((*map(str, location), inner))
                yield Problem(setting, text, _origin(setting, origins))
        else:
            setting = _dotted(location)
            yield Problem(setting, _text(found, location), _origin(setting, origins))


def _text(found: Any, location: tuple[int | str, ...]) -> str:
    kind = found["type"]
    given = type(found.get("input")).__name__
    what = f"found {_TYPE_NAMES.get(given, given)}"
    if kind == "flinksec":
        return str(found["msg"])
    if kind == "extra_forbidden":
        return unknown(tuple(map(str, location)))
    if kind == "missing":
        return _missing(tuple(map(str, location)))
    if kind == "literal_error":
        return _not_among(found, what)
    if kind in {"model_type", "model_attributes_type", "dict_type"}:
        return f"must be a table; {what}"
    rule = str(found["msg"]).removeprefix("Input should be ").removeprefix("Value should ")
    return f"must be {rule}; {what}" if rule != found["msg"] else f"{rule}; {what}"


def unknown(place: tuple[str, ...]) -> str:
    """Say that no setting has this name, and which has the nearest."""
    everything = {setting.name: setting for setting in schema.settings()}
    section = ".".join(place[:-1]) or place[0]
    if section in schema.sections():
        siblings = schema.sections()[section].model_fields
        if found := nearest(place[-1], siblings):
            return f"unknown setting, did you mean {section}.{found}?"
    elif found := nearest(section, Settings.model_fields):
        return f"unknown section, did you mean [{found}]?"
    elsewhere = [name for name in everything if name.endswith(f".{place[-1]}")]
    if elsewhere:
        return f"unknown setting, did you mean {' or '.join(elsewhere)}?"
    if section in schema.sections():
        return f"unknown setting; [{section}] has {', '.join(siblings)}"
    return f"unknown section; there are {', '.join(Settings.model_fields)}"


def _missing(place: tuple[str, ...]) -> str:
    setting = schema.find(place)
    meaning = setting.field.description if setting else None
    return f"is missing. {meaning}" if meaning else "is missing"


def _not_among(found: Any, what: str) -> str:
    expected = found["ctx"]["expected"]
    choices: list[str] = expected.replace(" or ", ", ").split(", ")
    given = found.get("input")
    guess = nearest(f"'{given}'", choices) if isinstance(given, str) else None
    return f"must be {expected}; {what}" + (f", did you mean {guess}?" if guess else "")


def _known_part(location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Drop pydantic's names of union members, which follow the name of a table's key."""
    setting = schema.find(tuple(str(part) for part in location))
    if setting and setting.is_table:
        return location[: len(setting.place) + 1]
    return location


def _dotted(location: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".")


def _origin(setting: str, origins: Mapping[str, str]) -> str | None:
    """Return where a setting comes from; for one that is missing, where its section does."""
    name = setting.partition("[")[0]
    if name in origins:
        return origins[name]
    section = name.partition(".")[0]
    beside = (origin for key, origin in origins.items() if key.partition(".")[0] == section)
    return next(beside, None)
