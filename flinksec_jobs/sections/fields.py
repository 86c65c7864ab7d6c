# SPDX-License-Identifier: Apache-2.0
"""What the sections of the settings are built from: their base class and their value types."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.sections.durations import duration, format_duration

T = TypeVar("T")


def types_of(annotation: Any) -> set[Any]:
    """Return a type and every type within it."""
    found = {annotation}
    for argument in get_args(annotation):
        if not isinstance(argument, str):
            found |= types_of(argument)
    return found


def section_of(field: FieldInfo) -> type[Section] | None:
    """Return the model of a field that is a section, and no table of them; see `Beside`."""
    if get_origin(field.annotation) is dict:
        return None
    for found in types_of(field.annotation):
        if isinstance(found, type) and issubclass(found, Section):
            return found
    return None


@dataclass(frozen=True)
class OneOf:
    """Marks a text that is one of what is registered; which these are is asked when it counts."""

    names: Callable[[], tuple[str, ...]]


@dataclass(frozen=True)
class Beside:
    """Marks the sections with a name that may stand beside one without: ``[kafka.NAME]``.

    Attributes:
        section: the one without a name.
    """

    section: str


def beside(field: FieldInfo) -> str | None:
    """Return the section that a field's sections with a name stand beside."""
    return next((found.section for found in field.metadata if isinstance(found, Beside)), None)


class PathMarker:
    """Marks a text field that may hold a path, as `Path` and `SecretFile` fields always do."""


class HoldsSecrets:
    """Marks a path to secrets, as `SecretFile` fields always are."""


class Section(BaseModel):
    """A frozen group of settings that refuses unknown names and never shows its input."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, populate_by_name=True
    )

    def _contradictions(self) -> Iterator[tuple[str, str]]:
        """Yield (setting, problem) for values that are right alone but not together."""
        return iter(())

    @field_validator("*", mode="before")
    @classmethod
    def _as_written(cls, value: object, info: ValidationInfo) -> object:
        """Take a list as a text with commas, and refuse what would be taken for something else."""
        field = cls.model_fields[str(info.field_name)]
        types = types_of(field.annotation)
        if isinstance(value, bool) and int in types and bool not in types:
            raise refusal("must be a whole number")
        if not isinstance(value, str):
            return value
        if get_origin(field.annotation) is tuple:
            return [item.strip() for item in value.split(",") if item.strip()]
        is_path = any(isinstance(found, PathMarker) for found in field.metadata)
        if is_path or types & {Path, SecretFile}:
            _refuse_what_a_shell_expands(value)
        return value

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> Self:
        if found := list(self._contradictions()):
            text = "; ".join(f"{setting} {problem}" for setting, problem in found)
            raise PydanticCustomError("flinksec", "{text}", {"text": text, "problems": found})
        return self


def together(section: Section, one: str, other: str) -> Iterator[tuple[str, str]]:
    """Yield a problem when just one of two settings of a section is given."""
    first, second = getattr(section, one), getattr(section, other)
    if (first is None) != (second is None):
        given, missing = (one, other) if second is None else (other, one)
        yield missing, f"is missing, and {given} needs it"


def refusal(problem: str) -> PydanticCustomError:
    """Return the exception by which a validator refuses a value; `problems` adds the value."""
    return PydanticCustomError("flinksec", "{problem}", {"problem": problem})


def location_of(text: str) -> str:
    """Return the path in a reference: without ``sealed+`` and ``file:`` before it."""
    return text.removeprefix("sealed+").removeprefix("file:")


def is_for_a_shell(text: str) -> bool:
    """Whether a path begins with what a shell would put something else for."""
    return location_of(text).startswith(("~", "$"))


def _refuse_what_a_shell_expands(text: str) -> None:
    if is_for_a_shell(text):
        sign = location_of(text)[0]
        raise refusal(f"begins with {sign}, which only a shell expands: write the whole path")


def local_path(value: object) -> object:
    """Accept ``file:`` in front of a path and make the path absolute."""
    if isinstance(value, str):
        if not value:
            raise refusal("is empty: name a file or directory")
        text = value.removeprefix("file://") if value.startswith("file:///") else value
        return Path(text.removeprefix("file:")).absolute()
    return value.absolute() if isinstance(value, Path) else value


def scalars(value: object) -> object:
    """Flatten nested tables: TOML reads an unquoted ``rest.port = 1`` as a table in a table."""
    if not isinstance(value, Mapping):
        return value
    flat = flattened(value)
    for name, found in flat.items():
        if isinstance(found, float) and not math.isfinite(found):
            raise refusal(f"{name} must be a finite number")
    return flat


def flattened(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the table with dotted names instead of tables within tables.

    Raises:
        SettingsError: a name is given twice, once with dots and once nested.
    """
    flat: dict[str, Any] = {}
    for name, value in table.items():
        full = f"{prefix}{name}"
        inner = flattened(value, f"{full}.") if isinstance(value, Mapping) else {full: value}
        if twice := next(iter(flat.keys() & inner.keys()), None):
            raise SettingsError(
                f"{twice} is given twice, once with dots and once nested",
                hint="keep one of the two",
            )
        flat |= inner
    return flat


def strings(value: object) -> object:
    """Flatten a table and write its numbers and booleans as Java properties have them."""
    if not isinstance(value, Mapping):
        return value
    return {name: _as_property(found) for name, found in flattened(value).items()}


def _as_property(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _duration(value: object) -> timedelta:
    try:
        return duration(value)  # type: ignore[arg-type]  # any other type is refused there
    except SettingsError as error:
        raise refusal(f"is not a duration: {error.hint}") from None


def _positive(value: timedelta) -> timedelta:
    if value < timedelta(milliseconds=1):
        raise refusal("must be at least 1 ms")
    return value


def _not_empty(value: tuple[T, ...]) -> tuple[T, ...]:
    if not value:
        raise refusal("is empty: give at least one")
    return value


OneOrMore = Annotated[tuple[T, ...], AfterValidator(_not_empty)]
LocalPath = Annotated[Path, BeforeValidator(local_path)]
Duration = Annotated[
    timedelta,
    BeforeValidator(lambda value: _positive(_duration(value))),
    PlainSerializer(format_duration, when_used="json"),
]
Scalar = str | bool | int | float
Scalars = Annotated[dict[str, Scalar], BeforeValidator(scalars)]
Strings = Annotated[dict[str, str], BeforeValidator(strings)]
