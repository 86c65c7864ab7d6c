# SPDX-License-Identifier: Apache-2.0
"""Which topics a source reads: one, several, or all that a pattern matches."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.runtime import jvm

Topics = str | Sequence[str] | re.Pattern[str]
"""A topic's name, several, or a pattern that a whole name has to match."""

_NAME = re.compile(r"[A-Za-z0-9._-]{1,249}")  # Kafka's own rule


def is_name(topic: str) -> bool:
    """Whether a topic can be called so."""
    return bool(_NAME.fullmatch(topic)) and topic not in {".", ".."}


@dataclass(frozen=True)
class Chosen:
    """What a source reads.

    Attributes:
        names: the topics; empty with a pattern.
        pattern: in the syntax that Python and Java share; None with names.
    """

    names: tuple[str, ...]
    pattern: str | None = None

    def __str__(self) -> str:
        """Return it as it stands in names of operators and in checkpoints."""
        return f"/{self.pattern}/" if self.pattern is not None else ", ".join(self.names)

    def subscribe(self, builder: Any) -> None:
        """Tell PyFlink's builder of a source."""
        if self.pattern is None:
            builder.set_topics(*self.names)
            return
        # PyFlink compiles it without translation: a pattern that Java refuses is told by name.
        with jvm.translated(f"the pattern {self.pattern!r} of from_kafka"):
            builder.set_topic_pattern(self.pattern)


def named(topic: object, argument: str = "topic") -> str:
    """Return the name of a topic.

    Raises:
        SettingsError: Kafka knows no such names.
    """
    if isinstance(topic, str) and is_name(topic):
        return topic
    raise SettingsError(
        f"{argument}={topic!r} cannot be the name of a topic",
        hint="a name has up to 249 letters of ASCII, digits, dots, hyphens and underscores",
    )


def chosen(topics: Topics) -> Chosen:
    """Return what a source reads.

    Raises:
        SettingsError: there is no topic, one comes twice, or is none by its name; or a pattern
            has flags.
    """
    if isinstance(topics, re.Pattern):
        if not isinstance(topics.pattern, str):
            raise SettingsError(
                f"topic={topics!r} is a pattern of bytes", hint="make it of text: re.compile('…')"
            )
        if topics.flags & ~re.UNICODE:
            raise SettingsError(
                f"topic={topics!r} has flags, which do not reach the JVM",
                hint="write them into the pattern: re.compile('(?i)orders-.*')",
            )
        return Chosen((), topics.pattern)
    if isinstance(topics, str) or not isinstance(topics, Iterable):
        return Chosen((named(topics),))
    names = tuple(named(topic) for topic in topics)
    if not names or len(set(names)) < len(names):
        raise SettingsError(
            f"topic={list(topics)!r} names {'a topic twice' if names else 'no topic'}",
            hint='name each topic once: ["orders", "returns"]',
        )
    return Chosen(names)
