# SPDX-License-Identifier: Apache-2.0
"""What the sections of the settings are built from: their base class and their value types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from ..errors import SettingsError
from .durations import duration, format_duration

T = TypeVar("T")


class Section(BaseModel):
    """A frozen group of settings that refuses unknown names and never shows its input."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, populate_by_name=True
    )

    def _contradictions(self) -> Iterator[tuple[str, str]]:
        """Yield (setting, problem) for values that are right alone but not together."""
        return iter(())

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> Self:
        if found := list(self._contradictions()):
            text = "; ".join(f"{setting} {problem}" for setting, problem in found)
            raise PydanticCustomError("flinksec", "{text}", {"text": text, "problems": found})
        return self


def refusal(problem: str) -> PydanticCustomError:
    """Return the exception by which a validator refuses a value, without repeating the value."""
    return PydanticCustomError("flinksec", "{problem}", {"problem": problem})


class PathMarker:
    """Marks a text field that may hold a path, as `Path` and `SecretFile` fields always do."""


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
    return flattened(value) if isinstance(value, Mapping) else value


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
