# SPDX-License-Identifier: Apache-2.0
"""The letters that a command is about: chosen, counted while they are read, and printed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from flinksec_jobs.cli import letter_lines
from flinksec_jobs.cli.output import say, say_json, several
from flinksec_jobs.dead_letter_topics.groups import Group
from flinksec_jobs.dead_letter_topics.letter import Letter
from flinksec_jobs.errors import SettingsError

_LINE_SECONDS = 10.0


@dataclass(frozen=True)
class Asked:
    """Which letters a command is about."""

    topic: str | None
    settings_file: Path | None
    cluster: str | None
    job: str | None
    causes: tuple[str, ...]


class Chosen:
    """The letters that a command is about, while they are read.

    Args:
        asked: which they are.
        topic: of dead letters, or the index.
        all_letters: of it.
    """

    def __init__(self, asked: Asked, topic: str, all_letters: Iterable[Letter]) -> None:
        self._asked = asked
        self.name = topic
        self._letters = all_letters
        self._unseen = set(asked.causes)

    def __iter__(self) -> Iterator[Letter]:
        job, causes = self._asked.job, set(self._asked.causes)
        for letter in self._letters:
            if job is not None and letter.job != job:
                continue
            if causes:
                cause = letter.cause.id
                if cause not in causes:
                    continue
                self._unseen.discard(cause)
            yield letter

    def check_causes(self) -> None:
        """Refuse causes that no letter has, after all have been read."""
        if self._unseen:
            raise SettingsError(
                f"no letter in {self.name} has the cause {', '.join(sorted(self._unseen))}",
                hint="`flinksec dead-letters ls` shows causes with their ids",
            )


def say_groups(groups: list[Group], what: str, name: str, *, as_json: bool) -> None:
    """Print letters by their cause."""
    if as_json:
        say_json({what: name, "causes": [group.as_dict() for group in groups]})
        return
    for group in groups:
        for line in letter_lines.told(group):
            say(line)
    total = sum(group.count for group in groups)
    say(f"{several(total, 'letter')} of {several(len(groups), 'cause')} in {name}")


def show_first(read: Chosen, most: int, *, as_json: bool, content: bool) -> Letter | None:
    """Print the first letters, and return the one behind them; None if there is none."""
    shown = 0
    for letter in read:
        if shown == most:
            return letter
        if as_json:
            say_json(letter_lines.as_dict(letter, content=content))
        else:
            for line in letter_lines.lines(letter, content=content):
                say(line)
        shown += 1
    if not shown and not as_json:
        say(f"no such letters in {read.name}")
    return None


def say_more(how: str, *, as_json: bool) -> None:
    """Tell people how the next ones are shown."""
    if not as_json:
        say(f"there are more: {how} shows the next")


@contextmanager
def bar(verb: str, total: int | None = None) -> Iterator[Callable[..., None]]:
    """Show progress on stderr: a bar on a terminal, elsewhere a line each ten seconds."""
    columns = (TextColumn(f"letters {verb}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    told = time.monotonic()
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as shown:
        task = shown.add_task(verb, total=total)

        def advance(done: int, of: int | None = None) -> None:
            nonlocal told
            shown.update(task, completed=done, total=of if of is not None else total)
            if not console.is_terminal and time.monotonic() - told >= _LINE_SECONDS:
                told = time.monotonic()
                say(f"letters {verb}: {done} of {of if of is not None else total}", err=True)

        yield advance
