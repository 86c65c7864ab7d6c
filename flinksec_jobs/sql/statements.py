# SPDX-License-Identifier: Apache-2.0
"""A text of Flink SQL as its statements: where each stands, and what it is.

Nothing is planned here; Flink parses each statement again, and is right where the two differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flinksec_jobs.sql.tokens import Text, Token, tokens

_SET_BEGINS = (("EXECUTE", "STATEMENT", "SET", "BEGIN"), ("STATEMENT", "SET", "BEGIN"))
_SET_BEGINS_ALONE = ("BEGIN", "STATEMENT", "SET")
_QUERIES = ("SELECT", "WITH", "VALUES")
_SHOWN = 60
# Words between CREATE, ALTER or DROP and what it is about.
_ADJECTIVES = ("OR", "REPLACE", "TEMPORARY", "SYSTEM")


@dataclass(frozen=True)
class Statement:
    """One statement.

    Attributes:
        text: the whole text.
        parts: what it is made of; never empty.
    """

    text: Text
    parts: tuple[Token, ...]

    @property
    def start(self) -> int:
        """Where it begins in the text."""
        return self.parts[0].start

    @property
    def sql(self) -> str:
        """The statement itself, as it is written, without its semicolon."""
        return self.text.content[self.start : self.parts[-1].end]

    @property
    def place(self) -> str:
        """``name:line:column`` of its beginning."""
        return self.text.place(self.start)

    @property
    def verb(self) -> str:
        """Its first word, ``INSERT``; empty if it begins with anything else."""
        first = self.parts[0]
        return first.value if first.kind == "word" else ""

    @property
    def object(self) -> str:
        """What it creates, alters or drops: ``TABLE``; else its second word."""
        for part in self.parts[1:]:
            if not part.is_word(*_ADJECTIVES):
                return part.value if part.kind == "word" else ""
        return ""

    @property
    def title(self) -> str:
        """Its first words up to a bracket, for messages: ``CREATE TABLE flights``."""
        if self.verb in _QUERIES:
            return self.verb
        shown: list[Token] = []
        for part in self.parts:
            if part.kind in {"symbol", "string"} and part.value != ".":
                break
            if part.is_word(*_QUERIES, "AS"):
                break
            shown.append(part)
        if not shown:
            return self.verb or repr(self.text.content[self.start : self.parts[0].end])
        title = self.text.content[self.start : shown[-1].end]
        title = " ".join(title.split())
        return title if len(title) <= _SHOWN else f"{title[:_SHOWN]}…"


def statements(text: Text) -> list[Statement]:
    """Return the statements of a text; those of a statement set stand for themselves.

    All INSERTs of a text run as one job, so that the brackets around some of them say nothing more.

    Raises:
        StatementError: a string, name or comment does not end; or a statement set does not begin
            or end, or holds something else.
    """
    found: list[Statement] = []
    begun: Token | None = None
    for parts in _split(text):
        rest, begins, ends = _bracket(parts)
        if ends and begun is None:
            raise text.refused(
                parts[0].start,
                "END, and no statement set has begun",
                "begin it with EXECUTE STATEMENT SET BEGIN",
            )
        if begins and begun is not None:
            raise text.refused(
                parts[0].start,
                "a statement set in a statement set",
                "end the first one before it with END;",
            )
        if begins:
            begun = parts[0]
        elif ends:
            begun = None
        if rest:
            statement = Statement(text, tuple(rest))
            if begun is not None and statement.verb != "INSERT":
                raise text.refused(
                    statement.start,
                    f"{statement.title} stands in a statement set, which holds only INSERT",
                    "move it before the set",
                )
            found.append(statement)
    if begun is not None:
        raise text.refused(begun.start, "this statement set does not end", "end it with END;")
    return found


def _split(text: Text) -> Iterator[list[Token]]:
    parts: list[Token] = []
    for token in tokens(text):
        if not token.is_symbol(";"):
            parts.append(token)
        elif parts:
            yield parts
            parts = []
    if parts:
        yield parts


def _bracket(parts: Sequence[Token]) -> tuple[Sequence[Token], bool, bool]:
    """Return a statement without a bracket of a statement set, and whether one begins or ends."""
    words = [part.value if part.kind == "word" else "" for part in parts]
    for begin in _SET_BEGINS:
        if tuple(words[: len(begin)]) == begin:
            return parts[len(begin) :], True, False
    if tuple(words) == _SET_BEGINS_ALONE:
        return (), True, False
    if words == ["END"]:
        return (), False, True
    return parts, False, False


@dataclass(frozen=True)
class Option:
    """An option that a statement sets, ``'topic' = 'flights'``.

    Attributes:
        key: its name.
        value: what is said.
        start: where its name stands in the text.
    """

    key: str
    value: str
    start: int


def options(statement: Statement) -> list[Option]:
    """Return the options in ``WITH (…)``, ``SET (…)`` and hints of a statement, in their order."""
    found = []
    parts = statement.parts
    for at in range(len(parts) - 2):
        key, equals, value = parts[at : at + 3]
        if key.kind == "string" and equals.is_symbol("=") and value.kind == "string":
            found.append(Option(key.value, value.value, key.start))
    return found


def runs_a_query(statement: Statement) -> bool:
    """Whether it creates a table and fills it: ``CREATE TABLE … AS SELECT``."""
    if statement.verb not in {"CREATE", "REPLACE"} or statement.object != "TABLE":
        return False
    depth = 0
    for part in statement.parts:
        depth += part.is_symbol("(") - part.is_symbol(")")
        if depth == 0 and part.is_word("AS"):
            return True
    return False


def table_name(statement: Statement) -> tuple[str, ...]:
    """Return the parts of the name of the table that a statement creates or alters."""
    parts = list(statement.parts)
    at = next((i for i, part in enumerate(parts) if part.is_word("TABLE")), len(parts)) + 1
    while at < len(parts) and parts[at].is_word("IF", "NOT", "EXISTS"):
        at += 1
    name = []
    while at < len(parts) and parts[at].kind in {"word", "name"}:
        token = parts[at]
        written = statement.text.content[token.start : token.end]
        name.append(token.value if token.kind == "name" else written)
        if at + 1 >= len(parts) or not parts[at + 1].is_symbol("."):
            break
        at += 2
    return tuple(name)
