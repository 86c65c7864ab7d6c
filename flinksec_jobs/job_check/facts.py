# SPDX-License-Identifier: Apache-2.0
"""What Flink tells of a job that was built, and of the metadata of a checkpoint.

`org.flinksec.availability.Inspection` writes it as JSON; nothing in it is a judgement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PlannedOperator:
    """An operator of a job.

    Attributes:
        ids: by which state finds it, 32 hexadecimal digits; the generated one first.
        uid: its ``.uid("…")``; ``None`` if it has none.
        name: for people.
        parallelism: in how many parts it runs.
        max_parallelism: the most that it allows; -1 if it takes that of its state.
    """

    ids: tuple[str, ...]
    uid: str | None
    name: str
    parallelism: int
    max_parallelism: int

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> PlannedOperator:
        """Read one."""
        return cls(
            tuple(told["ids"]),
            told["uid"],
            told["name"] or "",
            told["parallelism"],
            told["max_parallelism"],
        )


@dataclass(frozen=True)
class StateOperator:
    """An operator of a checkpoint.

    Attributes:
        id: 32 hexadecimal digits.
        uid: its ``.uid("…")``; ``None`` if it had none.
        name: for people; empty for state of Flink before 2.1.
        parallelism: in how many parts it ran.
        max_parallelism: the most parts that its state can be given to.
        bytes: of its state, before it is sealed.
        has_state: whether there is any.
    """

    id: str
    uid: str | None
    name: str
    parallelism: int
    max_parallelism: int
    bytes: int
    has_state: bool

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> StateOperator:
        """Read one."""
        return cls(
            told["id"],
            told["uid"],
            told["name"] or "",
            told["parallelism"],
            told["max_parallelism"],
            told["bytes"],
            told["has_state"],
        )


@dataclass(frozen=True)
class StateFile:
    """A file that a checkpoint names.

    Attributes:
        uri: where it is.
        bytes: of plaintext, all of it; ``None`` if the checkpoint names a part of the file.
        error: why Flink cannot open it; it has looked only where nobody else can, on HDFS.
    """

    uri: str
    bytes: int | None
    error: str | None = None


@dataclass(frozen=True)
class StateFacts:
    """What the metadata of a checkpoint or savepoint tells.

    Attributes:
        uri: of its directory; of one that Flink removed meanwhile, that of the next.
        asked: the URI that was asked about.
        error: why the metadata cannot be read; all else is then empty.
        number: Flink's, of one run of the job.
        ends_job: whether it is a savepoint that its job was to end with.
        operators: whose state it is.
        files: what it names.
        unknown: kinds of handles whose files are not known.
    """

    uri: str
    asked: str = ""
    error: str | None = None
    number: int = 0
    ends_job: bool = False
    operators: Sequence[StateOperator] = ()
    files: Sequence[StateFile] = ()
    unknown: Sequence[str] = ()

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> StateFacts:
        """Read one."""
        if "error" in told:
            return cls(told["uri"], told["asked"], error=told["error"])
        return cls(
            uri=told["uri"],
            asked=told["asked"],
            number=told["number"],
            ends_job=told["ends_job"],
            operators=[StateOperator.of(one) for one in told["operators"]],
            files=[_file(one) for one in told["files"]],
            unknown=told["unknown"],
        )

    @property
    def bytes(self) -> int:
        """Of state, before it is sealed."""
        return sum(one.bytes for one in self.operators)


def _file(told: Mapping[str, Any]) -> StateFile:
    length = told["bytes"]
    return StateFile(told["uri"], length if length >= 0 else None, told.get("error"))
