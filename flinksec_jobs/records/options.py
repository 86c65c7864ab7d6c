# SPDX-License-Identifier: Apache-2.0
"""What a field of a record may say besides its type: another name outside, digits of a Decimal."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Iterable
from typing import Any, cast

from flinksec_jobs.errors import RecordTypeError

_KEY = "flinksec"
MOST_DIGITS = 38  # Flink's, and those of most databases


@dataclasses.dataclass(frozen=True)
class Options:
    """What `field` was told.

    Attributes:
        alias: the name of the field outside of Python and Flink; None for its own.
        precision: all digits of a Decimal; None where nothing is said.
        scale: those of them after the point.
    """

    alias: str | None = None
    precision: int | None = None
    scale: int | None = None


NOTHING = Options()


def field(
    *,
    alias: str | None = None,
    precision: int | None = None,
    scale: int | None = None,
    default: Any = dataclasses.MISSING,
    default_factory: Callable[[], Any] | Any = dataclasses.MISSING,
    init: bool = True,
    repr: bool = True,  # noqa: A002  dataclasses' own names
    hash: bool | None = None,  # noqa: A002
    compare: bool = True,
    kw_only: Any = dataclasses.MISSING,
) -> Any:
    """Describe a field of a record, as ``dataclasses.field`` does, with more to say.

    It stands where a default does, ``tail: str = field(alias="tail-number")``, or beside a type:
    ``Annotated[str, field(alias="tail-number")]``, also within a list or dict, and in a TypedDict.

    Args:
        alias: the name of the field in JSON, Avro and all other formats; any text.
        precision: all digits of a ``Decimal``, 1 to 38; 38 if there is only a ``scale``. Without
            either a Decimal has up to 20 digits before the point and 18 after it, as written.
        scale: how many of them stand after the point, always all of them; 0 if there is only a
            ``precision``.
        default: as in ``dataclasses.field``; a field that is missing in a document takes it.
        default_factory: likewise; a list or dict that it makes is a document's default too.
        init: as in ``dataclasses.field``.
        repr: likewise.
        hash: likewise.
        compare: likewise.
        kw_only: likewise.

    Raises:
        RecordTypeError: the alias is empty, or no Decimal has so many digits.
    """
    options = Options(alias, precision, scale)
    _check(options)
    return dataclasses.field(
        default=default,
        default_factory=default_factory,
        init=init,
        repr=repr,
        hash=hash,
        compare=compare,
        kw_only=kw_only,
        metadata={_KEY: options},
    )


def of_field(part: dataclasses.Field[Any]) -> Options:
    """Return what a field of a dataclass says in the place of its default."""
    return cast("Options", part.metadata.get(_KEY, NOTHING))


def of_annotation(extras: Iterable[Any], where: str) -> Options:
    """Return what stands beside a type in ``Annotated``; what is not `field`'s is passed over.

    Raises:
        RecordTypeError: a default stands there, which dataclasses would not see.
    """
    found = NOTHING
    for extra in extras:
        if isinstance(extra, dataclasses.Field) and _KEY in extra.metadata:
            if (extra.default, extra.default_factory) != (dataclasses.MISSING,) * 2:
                raise RecordTypeError(
                    f"{where} has a default within Annotated, where it has no effect",
                    hint="write it behind the type: name: type = default",
                )
            found = merged(found, extra.metadata[_KEY])
    return found


def merged(one: Options, other: Options) -> Options:
    """Return both, where the second one wins."""
    said = {name: value for name, value in dataclasses.asdict(other).items() if value is not None}
    return dataclasses.replace(one, **said)


def digits(options: Options) -> tuple[int, int]:
    """Return precision and scale; both 0 where nothing is said."""
    if options.precision is None and options.scale is None:
        return 0, 0
    precision = MOST_DIGITS if options.precision is None else options.precision
    return precision, options.scale or 0


def without_extras(hint: Any) -> tuple[Any, list[Any]]:
    """Split ``Annotated[…]`` into the type and what stands beside it."""
    extras: list[Any] = []
    while typing.get_origin(hint) is typing.Annotated:
        extras = [*hint.__metadata__, *extras]
        hint = hint.__origin__
    return hint, extras


def _is_name(alias: object) -> bool:
    try:
        return isinstance(alias, str) and bool(alias.encode())
    except UnicodeEncodeError:  # half of a surrogate pair
        return False


def _check(options: Options) -> None:
    if options.alias is not None and not _is_name(options.alias):
        raise RecordTypeError(
            f"field(alias={options.alias!r}): the name is no text", hint="write the name as a text"
        )
    if (options.precision, options.scale) == (None, None):
        return
    precision, scale = digits(options)
    whole = type(precision) is int and type(scale) is int
    if not (whole and 1 <= precision <= MOST_DIGITS and 0 <= scale <= precision):
        raise RecordTypeError(
            f"field(precision={options.precision}, scale={options.scale}): no Decimal has so many "
            "digits",
            hint=f"give a precision of 1 to {MOST_DIGITS}, and a scale of 0 up to it",
        )
