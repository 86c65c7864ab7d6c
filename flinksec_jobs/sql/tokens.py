# SPDX-License-Identifier: Apache-2.0
"""Words, names and strings of Flink SQL, as its parser sees them: comments are none of them.

The rules are those of Calcite's lexer with Flink's settings: strings in single quotes and names in
backticks, each with its own quote doubled inside; comments from ``--`` or ``//`` to the end of the
line, and between ``/*`` and ``*/``; a hint, ``/*+ … */``, is no comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from flinksec_jobs.errors import StatementError

Kind = Literal["word", "name", "string", "symbol"]

_SPACE = re.compile(r"\s+")
_LINE_COMMENT = re.compile(r"(?:--|//)[^\n\r]*")
_WORD = re.compile(r"\w+")
_COMMENT = ("this comment", "*/")
_QUOTED = {"'": "string", "`": "name"}


@dataclass(frozen=True)
class Token:
    """One word, name, string or symbol.

    Attributes:
        kind: a ``word`` may be one of SQL or a name; a ``name`` stood in backticks.
        value: without its quotes; of a word in upper case.
        start: where it begins in the text.
        end: where it ends.
    """

    kind: Kind
    value: str
    start: int
    end: int

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these words of SQL."""
        return self.kind == "word" and self.value in words

    def is_symbol(self, symbol: str) -> bool:
        """Whether it is this symbol."""
        return self.kind == "symbol" and self.value == symbol


@dataclass(frozen=True)
class Text:
    """A text of SQL.

    Attributes:
        name: what messages call it: the file, or ``SQL``.
        content: the text.
    """

    name: str
    content: str

    def place(self, offset: int) -> str:
        """Return ``name:line:column`` of an offset, both from 1."""
        line, column = self.position(offset)
        return f"{self.name}:{line}:{column}"

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column of an offset, from 1, counted as Flink's parser does."""
        before = self.content[:offset].replace("\r\n", "\n").replace("\r", "\n")
        line = before.count("\n") + 1
        return line, len(before) - (before.rfind("\n") + 1) + 1

    def refused(self, offset: int, problem: str, hint: str) -> StatementError:
        """Return the error of something that stands there."""
        return StatementError(f"{self.place(offset)}: {problem}", hint=hint)


def tokens(text: Text) -> Iterator[Token]:
    """Yield what a text is made of.

    Raises:
        StatementError: a string, name or comment does not end.
    """
    content, at = text.content, 0
    while at < len(content):
        if skipped := _SPACE.match(content, at) or _LINE_COMMENT.match(content, at):
            at = skipped.end()
        elif content.startswith("/*", at) and not content.startswith("/*+", at):
            at = _end(text, at, content.find("*/", _in_comment(content, at)), 2, *_COMMENT)
        elif kind := _QUOTED.get(content[at]):
            end = _end_of_quoted(text, at)
            quote = content[at]
            value = content[at + 1 : end - 1].replace(quote * 2, quote)
            yield Token("name" if kind == "name" else "string", value, at, end)
            at = end
        elif word := _WORD.match(content, at):
            yield Token("word", word[0].upper(), at, word.end())
            at = word.end()
        else:
            size = 3 if content.startswith("/*+", at) else 2 if content.startswith("*/", at) else 1
            yield Token("symbol", content[at : at + size], at, at + size)
            at += size


def _in_comment(content: str, start: int) -> int:
    """Return from where on a comment may end: after ``/**``, a fourth character belongs to it."""
    is_formal = content.startswith("/**", start) and content[start + 3 : start + 4] not in {"", "/"}
    return start + (4 if is_formal else 2)


def _end_of_quoted(text: Text, start: int) -> int:
    content, quote = text.content, text.content[start]
    at = start + 1
    while True:
        what = "this string" if quote == "'" else "this name"
        at = _end(text, start, content.find(quote, at), 1, what, quote)
        if not content.startswith(quote, at):
            return at
        at += 1  # doubled, it stands for itself


def _end(text: Text, start: int, found: int, size: int, what: str, closing: str) -> int:  # noqa: PLR0917
    if found < 0:
        raise text.refused(
            start, f"{what} does not end", f"close it with {closing}, before the statement's end"
        )
    return found + size
