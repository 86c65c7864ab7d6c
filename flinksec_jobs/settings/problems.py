# SPDX-License-Identifier: Apache-2.0
"""Everything that is wrong with the settings, in one error that says where and what to do.

The value that was found is shown, escaped and cut, unless it may be a secret: then only its type.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, time
from typing import Any

from pydantic import ValidationError

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.findings import Finding, Where, problem
from flinksec_jobs.settings import schema
from flinksec_jobs.settings.names import nearest

_TYPE_NAMES = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "tuple": "a list",
    "dict": "a table",
    "NoneType": "nothing",
    "date": "a date",
    "time": "a time",
    "datetime": "a date and time",
}
# By pydantic's kinds of errors.
_WANTED = {
    "string_type": "a text in quotes",
    "path_type": "a path in quotes",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "dict_type": "a table",
    "tuple_type": "a list, or a text with commas",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
}
_LONGEST = 60
# How validators begin that say what a value must be, and not already what was found.
_VALUE_ASKED = ("must be ", "must have ", "must end ", "is not ")
_HINT = "`flinksec settings reference` lists every setting"


_UNKNOWN = problem("setting-unknown", "no setting has this name")
_MISSING = problem("setting-missing", "a setting is missing")
_WRONG = problem("setting-wrong", "a setting has a value that it cannot have")
# By pydantic's kinds of errors.
_KINDS = {"extra_forbidden": _UNKNOWN, "missing": _MISSING}


def unknown_setting(name: str, text: str) -> Finding:
    """Say that no setting, or no variable, has this name."""
    return _UNKNOWN.at(Where(setting=name), text, fix=_HINT)


def wrong_setting(name: str, text: str, origin: str | None = None) -> Finding:
    """Say what is wrong with a value, without the value.

    Args:
        name: dotted name, or the name of an environment variable.
        text: what is wrong and what to do.
        origin: where the value comes from; `None` when there is none.
    """
    return _WRONG.at(Where(setting=name, origin=origin), text, fix=_HINT)


def settings_error(found: Iterable[Finding]) -> SettingsError:
    """Return one error that lists every problem."""
    told = {_line(one): one for one in found}
    if len(told) == 1:
        return SettingsError(next(iter(told)), hint=_HINT, findings=list(told.values()))
    listed = "".join(f"\n  {line}" for line in told)
    return SettingsError(
        f"{len(told)} settings cannot be used:{listed}", hint=_HINT, findings=list(told.values())
    )


def _line(found: Finding) -> str:
    where = f" ({found.where.origin})" if found.where.origin else ""
    return f"{found.where.setting}{where}: {found.why}"


def translate(error: ValidationError, origins: Mapping[str, str]) -> Iterator[Finding]:
    """Yield the problems that pydantic found in a `Settings`."""
    for found in error.errors(include_url=False):
        location = _known_part(schema.as_written(found["loc"]))
        if nested := found.get("ctx", {}).get("problems"):
            for inner, text in nested:
                setting = ".".join((*map(str, location), inner))
                yield wrong_setting(setting, text, _origin(setting, origins))
        else:
            setting = _dotted(location)
            text = _text_of_a_key(found) if _is_key(location) else _text(found, location)
            kind = _KINDS.get(found["type"], _WRONG)
            yield kind.at(Where(setting=setting, origin=_origin(setting, origins)), text, fix=_HINT)


def _found(found: Any, location: tuple[int | str, ...]) -> str:
    """Say what was found: the value where it may be shown, else its type."""
    value = found.get("input")
    if _may_be_shown(value, location):
        return f"found {_shown(value)}"
    given = type(value).__name__
    return f"found {_TYPE_NAMES.get(given, given)}"


def _may_be_shown(value: object, location: tuple[int | str, ...]) -> bool:
    """Whether a value is short and cannot be a secret, nor hold one as a URL may."""
    setting = schema.find(tuple(str(part) for part in location if not isinstance(part, int)))
    if setting is None or setting.is_table or setting.holds_secrets:
        return False
    if isinstance(value, str):
        return not (":" in value and "@" in value)
    return isinstance(value, bool | int | float | date | time)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return escaped(f"'{cut}'" if isinstance(value, str) else cut)


def _is_key(location: tuple[int | str, ...]) -> bool:
    """Whether it is a key of a free table, whose value pydantic tries as one type after another."""
    setting = schema.find(tuple(map(str, location)))
    return setting is not None and setting.is_table and len(location) > len(setting.place)


def _text_of_a_key(found: Any) -> str:
    if found["type"] == "flinksec":
        return str(found["msg"])
    return f"must be a text in quotes, a number, true or false; {_found(found, ())}"


def _text(found: Any, location: tuple[int | str, ...]) -> str:
    kind = found["type"]
    if kind == "flinksec":
        told = str(found["msg"])
        return f"{told}; {_found(found, location)}" if told.startswith(_VALUE_ASKED) else told
    if kind == "extra_forbidden":
        return unknown(tuple(map(str, location)))
    if kind == "missing":
        return _missing(tuple(map(str, location)))
    if kind == "string_too_short":
        return "is empty: leave the setting out, or give it a value"
    return _wanted(found, location)


def _wanted(found: Any, location: tuple[int | str, ...]) -> str:
    """Say what a value must be, and what it is."""
    kind, what = found["type"], _found(found, location)
    if kind == "literal_error":
        return _not_among(found, what)
    if kind in _WANTED:
        return f"must be {_WANTED[kind]}; {what}"
    rule = str(found["msg"]).removeprefix("Input should be ").removeprefix("Value should ")
    return f"must be {rule}; {what}" if rule != found["msg"] else f"{rule}; {what}"


def unknown(place: tuple[str, ...]) -> str:
    """Say that no setting has this name, and which has the nearest."""
    everything = {setting.name: setting for setting in schema.settings()}
    tops = [name for name, _ in schema.top_sections()]
    section = ".".join(place[:-1]) or place[0]
    known = schema.section_at(place[:-1])
    if known is not None:
        siblings = known.model_fields
        if found := nearest(place[-1], siblings):
            return f"unknown setting, did you mean {section}.{found}?"
        if found := _table_like(place[:-1]):
            return f"unknown setting, did you mean [{found}]?"
    elif found := nearest(section, tops):
        return f"unknown section, did you mean [{found}]?"
    elsewhere = [name for name in everything if name.endswith(f".{place[-1]}")]
    if elsewhere:
        return f"unknown setting, did you mean {' or '.join(elsewhere)}?"
    if known is not None:
        return f"unknown setting; [{section}] has {', '.join(siblings)}"
    return f"unknown section; there are {', '.join(tops)}"


def _table_like(place: tuple[str, ...]) -> str | None:
    """Return the table that was probably meant by the name of a section: kafka.properties."""
    if not schema.is_named(place):
        return None
    tables = {one.name for one in schema.settings() if one.is_table and len(one.place) > 1}
    return nearest(".".join(place), tables, cutoff=0.8)


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
    while name:
        if name in origins:
            return origins[name]
        name = name.rpartition(".")[0]
    section = setting.partition(".")[0]
    beside = (origin for key, origin in origins.items() if key.partition(".")[0] == section)
    return next(beside, None)
