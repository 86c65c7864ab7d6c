# SPDX-License-Identifier: Apache-2.0
"""Patterns of directories: ``carrier={carrier}/day={departed_at:%Y-%m-%d}``."""

from __future__ import annotations

import re

from flinksec_jobs.errors import SettingsError

# Numbers only: the names of months and days depend on a language, other directives on a machine.
DIRECTIVES = "YmdHMSjuGV"

_PLACE = re.compile(r"\{([^{}:]*)(?::([^{}]*))?\}")
_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
# What Hive escapes in names, but for the equals sign that stands between a name and its value.
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\"#%'*:?\\\x7f{}\[\]^]|[\ud800-\udfff]")
_NOT_IN_TIMES = re.compile(r"[\x00-\x1f\"#'*:?\\\x7f{}\[\]^/]|[\ud800-\udfff]")
_LONGEST = 200


def parsed(pattern: str, argument: str = "partition_by") -> list[str]:
    """Return the parts of a pattern, as Java's ``Partitions`` takes them.

    Args:
        pattern: names of directories with a slash between two of them, in which ``{field}`` stands
            for what a field holds, ``{field:%Y-%m-%d}`` for the time of one in UTC, and
            ``{:%Y-%m-%d}`` for the record's event time.
        argument: that gives it, for messages.

    Returns:
        ``/`` between two directories, ``=TEXT``, ``{FIELD`` and ``{FIELD:FORMAT``.

    Raises:
        SettingsError: it makes no names that HDFS takes and that readers look into.
    """
    if not isinstance(pattern, str):
        raise SettingsError(
            f"{argument}={pattern!r} is no text",
            hint="name directories and fields, as carrier={carrier}/day={departed_at:%Y-%m-%d}",
        )
    parts: list[str] = []
    for number, level in enumerate(pattern.split("/")):
        parts += ["/"] * bool(number)
        parts += _level(level, f"{argument}={pattern!r}")
    if not any(part.startswith("{") for part in parts):
        raise SettingsError(
            f"{argument}={pattern!r} names no field, and all records would go to one directory",
            hint="add that to the path, or name a field in braces, as day={departed_at:%Y-%m-%d}",
        )
    return parts


def require_ends(parts: list[str], argument: str) -> None:
    """Refuse parts of a pattern that do not say when the time of a partition is over.

    Args:
        parts: as `parsed` returns them.
        argument: what needs it, for messages.

    Raises:
        SettingsError: it names what is missing.
    """
    levels = "\n".join(parts).split("\n/\n")
    places = [[p for p in level.split("\n") if p.startswith("{")] for level in levels]
    times = [place for level in places for place in level if ":" in place]
    if any(len(level) > len(of) > 0 for level in places if (of := [p for p in level if ":" in p])):
        raise SettingsError(
            f"{argument} is about the times of partitions, and partition_by has a directory whose "
            "name has a time and a field",
            hint="write a slash between the two",
        )
    if len({place.partition(":")[0] for place in times}) > 1:
        raise SettingsError(
            f"{argument} is about the time of a partition, and partition_by has several",
            hint="write all parts of it by one field, or by the event time: {:%Y}/{:%m}",
        )
    has = {letter for place in times for letter in re.findall(r"%(.)", place)}
    day = any(whole <= has for whole in ({*"Ymd"}, {*"Yj"}, {*"GVu"}))
    begun = any(whole <= has for whole in ({*"Y"}, {*"GV"}))
    gaps = ("H" in has and not day, "M" in has and "H" not in has, "S" in has and "M" not in has)
    months = ("m" in has and "Y" not in has, bool(has & {*"dj"}) and not day)
    if not begun or any(gaps) or any(months):
        raise SettingsError(
            f"{argument} needs partitions whose names say when they end, and those of partition_by "
            "do not",
            hint="write a whole time, such as day={:%Y-%m-%d} or {:%Y}/{:%m}/{:%d}/{:%H}",
        )


def _level(level: str, argument: str) -> list[str]:
    if not level:
        raise SettingsError(
            f"{argument} has a directory without a name",
            hint="write one slash between two directories, and none around them",
        )
    if level.startswith((".", "_")):
        raise SettingsError(
            f"{argument} has the directory {level!r}, which readers take for hidden",
            hint="begin its name with a letter",
        )
    parts: list[str] = []
    end = 0
    for place in _PLACE.finditer(level):
        parts += _text(level[end : place.start()], argument)
        parts.append(_place(place[1], place[2], argument))
        end = place.end()
    return parts + _text(level[end:], argument)


def _text(text: str, argument: str) -> list[str]:
    if found := _NOT_IN_NAMES.search(text):
        raise SettingsError(
            f"{argument} has {found[0]!r} in the name of a directory",
            hint="write fields as {name} or {name:%Y-%m-%d}, and around them only letters, digits, "
            "'=', '-', '_' and '.'",
        )
    if text != text.strip() or len(text.encode()) > _LONGEST:
        raise SettingsError(
            f"{argument} has {text!r} in the name of a directory, which is too long or has blanks "
            "around it",
            hint="choose a shorter name without blanks around it",
        )
    return [f"={text}"] if text else []


def _place(name: str, form: str | None, argument: str) -> str:
    if name and not _NAME.fullmatch(name):
        raise SettingsError(
            f"{argument}: {{{name}}} is no name of a field",
            hint="write {field}, or {record.field} for one within another",
        )
    if form is None:
        if name:
            return f"{{{name}"
        raise SettingsError(
            f"{argument}: {{}} stands for the event time, and has no form",
            hint="write how, as {:%Y-%m-%d}",
        )
    directives = re.findall(r"%(.?)", form)
    unknown = [f"%{one}" for one in directives if one not in DIRECTIVES or not one]
    unknown += _NOT_IN_TIMES.findall(form)
    if unknown or not directives:
        what = unknown[0] if unknown else form
        raise SettingsError(
            f"{argument}: {what!r} is not what a time is written with in a name",
            hint=f"choose from {' '.join(f'%{one}' for one in DIRECTIVES)}, with '-', '_' or 'T' "
            "between them",
        )
    return f"{{{name}:{form}"
