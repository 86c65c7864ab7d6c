# SPDX-License-Identifier: Apache-2.0
"""Fields that a job names for what is around a value: the key, and metadata."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.formats import Format

KEY_FORMAT = "json"
"""The format of a key where a job says none."""


def metadata(given: Mapping[str, str] | None) -> dict[str, str]:
    """Return which field stands for what.

    Raises:
        SettingsError: it says something else.
    """
    if given is None:
        return {}
    if isinstance(given, Mapping) and all(
        isinstance(part, str) for pair in given.items() for part in pair
    ):
        return dict(given)
    raise SettingsError(
        f"metadata={given!r} is no mapping of fields to what they stand for",
        hint='write metadata={"written_at": "timestamp"}',
    )


def written(given: Mapping[str, str] | None) -> dict[str, str]:
    """Return which field goes where.

    Raises:
        SettingsError: it says something else, or two fields go to one place.
    """
    found = metadata(given)
    twice = [place for place, times in Counter(found.values()).items() if times > 1]
    if twice:
        fields = ", ".join(name for name, place in found.items() if place == twice[0])
        raise SettingsError(
            f"metadata writes several fields as {twice[0]!r}: {fields}", hint="keep one of them"
        )
    return found


def of_key(
    fields: Sequence[str], form: str | Format = KEY_FORMAT, *, in_value: bool = True
) -> tuple[str, ...]:
    """Return the fields that make the key.

    Args:
        fields: what a job says.
        form: ``key_format``, which says nothing without fields.
        in_value: ``key_in_value``, likewise.

    Raises:
        SettingsError: they are no list of names, one comes twice, or there are none and the rest
            says something about them.
    """
    if isinstance(fields, str) or not all(isinstance(name, str) for name in fields):
        raise SettingsError(
            f"key_fields={fields!r} is no list of names", hint='write key_fields=["id"]'
        )
    names = tuple(fields)
    if len(set(names)) < len(names):
        raise SettingsError(
            f"key_fields={list(names)!r} names a field twice", hint="name each field once"
        )
    said = None
    if form != KEY_FORMAT:
        said = f"key_format={form if isinstance(form, str) else form.name!r}"
    elif not in_value:
        said = "key_in_value=False"
    if said is not None and not names:
        raise SettingsError(
            f"{said} is about key_fields, and there are none",
            hint="name the fields of the key: key_fields=[…], or leave it out",
        )
    return names
