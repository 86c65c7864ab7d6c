# SPDX-License-Identifier: Apache-2.0
"""The values of an Enum or a Literal: all text, or all whole numbers."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any

from flinksec_jobs.errors import RecordTypeError

Symbols = tuple[str, ...] | tuple[int, ...]
_LIMIT = 2**63


def is_enum(hint: Any) -> bool:
    """Whether a type is a class of an Enum."""
    return isinstance(hint, type) and issubclass(hint, enum.Enum)


def of_enum(cls: Any, where: str) -> Symbols:
    """Return the values of an Enum, each once, in the order of its members.

    Raises:
        RecordTypeError: its members can be combined, or are not all text or whole numbers.
    """
    if issubclass(cls, enum.Flag):
        raise RecordTypeError(
            f"{where} has the type {cls.__name__}, a Flag, whose members can be combined",
            hint="use an int, or a list of an Enum",
        )
    return _checked([member.value for member in cls], f"{where} has the type {cls.__name__}, which")


def of_literal(arguments: Sequence[Any], where: str) -> tuple[Symbols, bool]:
    """Return the values of a Literal, and whether None is one of them.

    Raises:
        RecordTypeError: they are not all text or all whole numbers.
    """
    values = [argument for argument in arguments if argument is not None]
    return _checked(values, f"{where} has the type Literal, which"), len(values) < len(arguments)


def _checked(values: list[Any], subject: str) -> Symbols:
    """Take what is of exactly the one class or the other, or of a subclass with the same value."""
    if not values:
        raise RecordTypeError(f"{subject} has no value", hint="give it one")
    if all(isinstance(value, str) and not isinstance(value, enum.Enum) for value in values):
        if not all(_is_text(value) for value in values):
            raise RecordTypeError(
                f"{subject} has a value with half of a surrogate pair, which is not text",
                hint="write it as text",
            )
        return tuple(str(value) for value in values)
    if all(type(value) is int and -_LIMIT <= value < _LIMIT for value in values):
        return tuple(values)
    raise RecordTypeError(
        f"{subject} has values that are neither all text nor all whole numbers of 64 bits",
        hint="give all of them a text, or all a whole number",
    )


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
