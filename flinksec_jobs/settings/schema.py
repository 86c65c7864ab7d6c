# SPDX-License-Identifier: Apache-2.0
"""What the models know about themselves: names, kinds and places of all settings."""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args, get_origin

from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.sections.decides import Decides, declarations
from flinksec_jobs.sections.fields import (
    HoldsSecrets,
    PathMarker,
    Section,
    beside,
    section_of,
    types_of,
)
from flinksec_jobs.settings.models import Settings

SettingPath = tuple[str, ...]
"""Where a value belongs: ``("kafka", "ca_certs")``, ``("flink", "rest.port")``."""


@dataclass(frozen=True)
class Setting:
    """One setting, or one table whose keys are not ours to know.

    Attributes:
        place: section and name; one part only for a table that is a section itself.
        field: pydantic's description of it.
    """

    place: SettingPath
    field: FieldInfo

    @property
    def name(self) -> str:
        """The dotted name."""
        return ".".join(self.place)

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return "FLINKSEC_" + "__".join(self.place).upper()

    @property
    def is_table(self) -> bool:
        """Whether it is a table of free keys."""
        return get_origin(self.field.annotation) is dict

    @property
    def is_list(self) -> bool:
        """Whether it is a list."""
        return get_origin(self.field.annotation) is tuple

    @property
    def is_secret(self) -> bool:
        """Whether it refers to a secret."""
        return SecretFile in types_of(self.field.annotation)

    @property
    def holds_secrets(self) -> bool:
        """Whether it names a file or directory that holds secrets."""
        marked = any(isinstance(found, HoldsSecrets) for found in self.field.metadata)
        return marked or self.is_secret

    @property
    def is_path(self) -> bool:
        """Whether it may be a path, relative ones being relative to the settings file."""
        marked = any(isinstance(found, PathMarker) for found in self.field.metadata)
        return marked or self.is_secret or Path in types_of(self.field.annotation)

    @property
    def is_optional(self) -> bool:
        """Whether it may be unset."""
        return type(None) in types_of(self.field.annotation)


def secret_options() -> Iterator[str]:
    """Yield Flink's options that name files and directories which hold secrets."""
    for setting in settings():
        if setting.holds_secrets:
            for found in declarations(setting.field):
                if isinstance(found, Decides) and found.value is None:
                    yield found.option


def sections() -> dict[str, type[Section]]:
    """Return the model of every section by its dotted name, without free tables.

    Those that may have any name, as ``[kafka.NAME]``, are not among them: see `section_at`.
    """
    return {".".join(place): section for place, section in _sections((), Settings)}


def section_at(place: SettingPath) -> type[Section] | None:
    """Return the model of the section that belongs there, with a name of its own or without."""
    plain = _without_name(place)
    if plain != place and len(plain) == 1:
        named = Settings.model_fields[named_sections()[place[0]]]
        model: type[Section] = get_args(named.annotation)[1]
        return model
    return sections().get(".".join(plain))


def is_section(place: SettingPath) -> bool:
    """Tell whether a section belongs there, or a free table that is a section itself."""
    return section_at(place) is not None or len(place) == 1


def is_named(place: SettingPath) -> bool:
    """Tell whether a place is that of a section with a name, or in one."""
    return _without_name(place) != place


def top_sections() -> Iterator[tuple[str, FieldInfo]]:
    """Yield the sections and tables that have no other around them, in their order."""
    yield from _fields(Settings)


@functools.cache
def named_sections() -> Mapping[str, str]:
    """Return the fields of `Settings` for sections with a name, by the section beside them."""
    found = {beside(field): name for name, field in Settings.model_fields.items()}
    return {section: name for section, name in found.items() if section is not None}


def as_written(place: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Return a place in `Settings` as people write it: those of ``[kafka.NAME]`` are by ``kafka``.

    Args:
        place: names of fields and keys, and numbers of items.
    """
    written = {name: section for section, name in named_sections().items()}
    return (written.get(str(place[0]), place[0]), *place[1:]) if place else place


def _without_name(place: SettingPath) -> SettingPath:
    """Return the place in the section without a name, which has the same settings or more."""
    if len(place) > 1 and place[0] in named_sections():
        known = sections()[place[0]].model_fields
        if canonical(place[0], place[1]) not in known:
            return (place[0], *place[2:])
    return place


def _fields(model: type[Section]) -> Iterator[tuple[str, FieldInfo]]:
    return ((name, found) for name, found in model.model_fields.items() if not beside(found))


def settings() -> Iterator[Setting]:
    """Yield every setting in the order of the models."""
    yield from _settings((), Settings)


def _sections(
    place: SettingPath, model: type[Section]
) -> Iterator[tuple[SettingPath, type[Section]]]:
    for name, field in _fields(model):
        if section := section_of(field):
            yield (*place, name), section
            yield from _sections((*place, name), section)


def _settings(place: SettingPath, model: type[Section]) -> Iterator[Setting]:
    for name, field in _fields(model):
        if section := section_of(field):
            yield from _settings((*place, name), section)
        else:
            yield Setting((*place, name), field)


def find(place: SettingPath) -> Setting | None:
    """Return the setting of a place, for a key of a free table that table."""
    plain = _without_name(place)
    for setting in settings():
        if plain == setting.place or (
            setting.is_table and plain[: len(setting.place)] == setting.place
        ):
            if plain != place:
                return Setting((place[0], place[1], *setting.place[1:]), setting.field)
            return setting
    return None


def canonical(section: str, name: str) -> str:
    """Return the name that a section uses for a setting that may be written by an alias."""
    model = sections().get(section) or section_at(tuple(section.split(".")))
    for own, field in model.model_fields.items() if model else ():
        alias = field.validation_alias
        if isinstance(alias, AliasChoices) and name in alias.choices:
            return own
    return name


def place_of(dotted: str) -> SettingPath:
    """Split a dotted name; what follows the name of a free table is one key, dots and all."""
    section, _, rest = dotted.partition(".")
    if not rest:
        return (section,)
    if section not in sections():
        return (section, rest)
    place: SettingPath = (section,)
    while section_at(place) is not None and rest:
        name, _, rest = rest.partition(".")
        place = (*place, canonical(".".join(place), name))
    return (*place, rest) if rest else place
