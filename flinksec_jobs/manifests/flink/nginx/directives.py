# SPDX-License-Identifier: Apache-2.0
"""The text of an nginx configuration as directives.

Source: nginx 1.22, ``src/core/ngx_conf_file.c``: words end at blanks, ``;`` and ``{``, but for
``${``; a quoted word is one whatever is in it; a backslash keeps the next character.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_ESCAPED = {"t": "\t", "r": "\r", "n": "\n"}
_LONGEST = 1_000_000
_DEEPEST = 50


class Unclear(Exception):  # noqa: N818  no error: there is something that is not understood
    """What a configuration does cannot be told; the message says why."""


@dataclass(frozen=True)
class Directive:
    """One directive.

    Attributes:
        name: such as ``location``.
        arguments: the words after it.
        block: what stands in braces, if anything.
    """

    name: str
    arguments: tuple[str, ...] = ()
    block: tuple[Directive, ...] | None = None

    def each(self, *names: str) -> Iterator[Directive]:
        """Return the directives of its block that have one of these names."""
        return (one for one in self.block or () if one.name in names)

    def first(self, name: str) -> Directive | None:
        """Return the first directive of its block that has a name."""
        return next(self.each(name), None)

    def everything(self) -> Iterator[Directive]:
        """All directives of its block, and of theirs."""
        for one in self.block or ():
            yield one
            yield from one.everything()


def parse(text: str) -> Directive:
    """Return the whole of a configuration as the block of a directive without a name.

    Raises:
        Unclear: it is no configuration of nginx.
    """
    if len(text) > _LONGEST:
        raise Unclear("it is too long")
    words = _words(text)
    return Directive("", (), _block(words, 0))


def _block(words: Iterator[tuple[str, bool]], depth: int) -> tuple[Directive, ...]:
    if depth > _DEEPEST:
        raise Unclear("its blocks are nested too deep")
    found: list[Directive] = []
    line: list[str] = []
    for word, is_mark in words:
        if not is_mark:
            line.append(word)
        elif word == "}" and not line and depth:
            return tuple(found)
        elif word in {";", "{"} and line:
            block = _block(words, depth + 1) if word == "{" else None
            found.append(Directive(line[0], tuple(line[1:]), block))
            line = []
        else:
            raise Unclear(f"there is a {word} where none belongs")
    if line or depth:
        raise Unclear("it ends in the middle")
    return tuple(found)


def _words(text: str) -> Iterator[tuple[str, bool]]:
    """Each word, and whether it is one of the marks ``;``, ``{`` and ``}``."""
    place, length = 0, len(text)
    while place < length:
        character = text[place]
        if character in " \t\r\n":
            place += 1
        elif character == "#":
            end = text.find("\n", place)
            place = length if end < 0 else end
        elif character in ";{}":
            yield character, True
            place += 1
        elif character in "\"'":
            word, place = _until(text, place + 1, character)
            yield word, False
        else:
            word, place = _until(text, place, None)
            yield word, False


def _until(text: str, place: int, quote: str | None) -> tuple[str, int]:
    """Return a word up to its quote, or to what ends a bare one; and where the text goes on."""
    word: list[str] = []
    while place < len(text):
        character = text[place]
        if character == "\\" and place + 1 < len(text):
            following = text[place + 1]
            if following in "\"'\\":
                word.append(following)
            else:
                word.append(_ESCAPED.get(following, f"\\{following}"))
            place += 2
        elif character == quote:
            return "".join(word), place + 1
        elif quote is None and (
            character in " \t\r\n;" or (character == "{" and (not word or word[-1] != "$"))
        ):
            return "".join(word), place
        else:
            word.append(character)
            place += 1
    if quote:
        raise Unclear("a quoted word has no end")
    return "".join(word), place
