# SPDX-License-Identifier: Apache-2.0
"""What the models know about themselves: names, kinds and places of all settings."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_origin

from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.sections.decides import Decides, declarations
from flinksec_jobs.sections.fields import (
    HoldsSecrets,
    PathMarker,
    Section,
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
    """Return the model of every section by its dotted name, without free tables."""
    return {".".join(place): section for place, section in _sections((), Settings)}


def is_section(place: SettingPath) -> bool:
    """Tell whether a section belongs there, or a free table that is a section itself."""
    return ".".join(place) in sections() or len(place) == 1


def settings() -> Iterator[Setting]:
    """Yield every setting in the order of the models."""
    yield from _settings((), Settings)


def _sections(
    place: SettingPath, model: type[Section]
) -> Iterator[tuple[SettingPath, type[Section]]]:
    for name, field in model.model_fields.items():
        if section := section_of(field):
            yield (*place, name), section
            yield from _sections((*place, name), section)


def _settings(place: SettingPath, model: type[Section]) -> Iterator[Setting]:
    for name, field in model.model_fields.items():
        if section := section_of(field):
            yield from _settings((*place, name), section)
        else:
            yield Setting((*place, name), field)


def find(place: SettingPath) -> Setting | None:
    """Return the setting of a place, for a key of a free table that table."""
    for setting in settings():
        if place == setting.place or (
            setting.is_table and place[: len(setting.place)] == setting.place
        ):
            return setting
    return None


def canonical(section: str, name: str) -> str:
    """Return the name that a section uses for a setting that may be written by an alias."""
    model = sections().get(section)
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
    while ".".join(place) in sections() and rest:
        name, _, rest = rest.partition(".")
        place = (*place, canonical(".".join(place), name))
    return (*place, rest) if rest else place
