# SPDX-License-Identifier: Apache-2.0
"""A dead letter: a record that could not be used, with headers that say why."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MARK = "__flinksec.letter"
HOLDS = "__flinksec.holds"
TARGET = "__flinksec.target"
FILE = "__flinksec.file"
ERRORS = "__connect.errors."
RECORD = "record"

_ID_CHARACTERS = 8
_LARGEST_PARTITION = 2**31 - 1

Headers = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True)
class Cause:
    """Why letters are dead, as far as it is the same for all of them.

    Attributes:
        source: the topic, or the directory, that the records were read from; empty if it is not
            known.
        target: the topic or index that they were to be written to; empty for none.
        stage: where on their way it turned out, in Kafka Connect's words.
        found_by: the class or function that it failed in.
        error: the class of the exception.
    """

    source: str
    target: str
    stage: str
    found_by: str
    error: str

    @property
    def id(self) -> str:
        """A short name, the same in every topic and at any time."""
        parts = (self.source, self.target, self.stage, self.found_by, self.error)
        text = "\0".join(part.replace("\0", "") for part in parts)
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:_ID_CHARACTERS]


@dataclass(frozen=True)
class Letter:
    """A record of a topic of dead letters, or a document of an index of them.

    Attributes:
        topic: of dead letters, or the index.
        partition: its partition there.
        offset: its offset there.
        timestamp: that of the record, epoch milliseconds.
        key: the record's key; None for none.
        value: the record's value; None for none.
        headers: the record's own headers, in their order.
        facts: what is said of it: the name of a header, without ``__connect.errors.``, to its
            text.
        id: of the document in an index; empty for a record of a topic.
    """

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None = field(repr=False)
    value: bytes | None = field(repr=False)
    headers: Headers = field(repr=False)
    facts: Mapping[str, str]
    id: str = ""

    @classmethod
    def of(cls, record: Any) -> Letter:
        """Read a record of kafka-python: a letter of ours, or of Kafka Connect's."""
        headers: Headers = tuple((str(name), content) for name, content in record.headers or ())
        own, said = _divided(headers)
        facts = {
            name.removeprefix(ERRORS): (content or b"").decode("utf-8", "replace")
            for name, content in said
        }
        return cls(
            record.topic,
            record.partition,
            record.offset,
            record.timestamp,
            record.key,
            record.value,
            own,
            facts,
        )

    @property
    def place(self) -> dict[str, str | int]:
        """Where the letter is."""
        if self.id:
            return {"index": self.topic, "id": self.id}
        return {"topic": self.topic, "partition": self.partition, "offset": self.offset}

    @property
    def cause(self) -> Cause:
        """Why it is dead."""
        said = self.facts.get
        return Cause(
            source=said("topic", "") or said(FILE, "").rpartition("/")[0],
            target=said(TARGET, ""),
            stage=said("stage", ""),
            found_by=said("class.name", ""),
            error=said("exception.class.name", ""),
        )

    @property
    def message(self) -> str:
        """What is wrong with it; empty if nothing is said."""
        return self.facts.get("exception.message", "")

    @property
    def job(self) -> str:
        """The job, or the connector, that wrote it."""
        return self.facts.get("connector.name", "")

    @property
    def holds_a_record(self) -> bool:
        """Whether key and value are those of the record that was read, and not something later."""
        return self.facts.get(HOLDS, RECORD) == RECORD and bool(self.facts.get("topic"))

    @property
    def origin_partition(self) -> int | None:
        """The partition that the record was read from; None if it is not known."""
        said = self.facts.get("partition", "")
        if said.isascii() and said.isdigit() and int(said) <= _LARGEST_PARTITION:
            return int(said)
        return None


def _divided(headers: Sequence[tuple[str, bytes | None]]) -> tuple[Headers, Headers]:
    """Return the record's own headers and those that say why it is dead.

    Ours stand behind the last mark. Kafka Connect has no mark: there its names tell.
    """
    marks = [place for place, (name, _) in enumerate(headers) if name == MARK]
    if marks:
        return tuple(headers[: marks[-1]]), tuple(headers[marks[-1] + 1 :])
    own = tuple(header for header in headers if not header[0].startswith(ERRORS))
    return own, tuple(header for header in headers if header[0].startswith(ERRORS))
