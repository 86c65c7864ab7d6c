# SPDX-License-Identifier: Apache-2.0
"""Records that cannot be used through no fault of the job: what they are, and what a job chooses.

One vocabulary for every reader and writer. The package ``org.flinksec.badrecords`` has the same in
Java; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from flinksec_jobs import choices

OnError = Literal["fail", "skip", "dead_letter"]
"""``fail`` the job with the record's origin and what is wrong with it; or ``skip``: leave it out,
count it and warn of it; or ``dead_letter``: write it to the topic ``job.dead_letters``, up to
``job.max_dead_letters``. Of the last two there may be ``job.max_skipped_in_a_row`` in a row."""

Stage = Literal["decode", "function", "encode", "refused"]
"""Where on its way a record turned out to be bad: read, in a function of the job, when it was to be
written, or at the server that it was sent to."""

LETTERS = "flinksec.deadletters."
"""In front of the system property of a JVM that counts the dead letters for one topic or index."""

SKIPPED = "flinksec.skipped."
"""In front of the system property of a JVM that counts what was left out of one topic or index."""


@dataclass(frozen=True)
class KafkaOrigin:
    """A record of a topic."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True)
class DocumentOrigin:
    """A document for an index; its id is content, and in no message."""

    index: str
    id: str | None


@dataclass(frozen=True)
class ElementOrigin:
    """What a function of the job got, by the function's name."""

    function: str


@dataclass(frozen=True)
class TargetOrigin:
    """What was to be written to a topic."""

    topic: str


@dataclass(frozen=True)
class FileOrigin:
    """A record of a file; its position is in words, ``line 17``."""

    path: str
    position: str


Origin = KafkaOrigin | FileOrigin | DocumentOrigin | ElementOrigin | TargetOrigin


@dataclass(frozen=True)
class BadRecord:
    """A record that cannot be used.

    Attributes:
        stage: where on its way that turned out.
        origin: which record it is.
        why: what is wrong with it: names of fields and types, nothing of its content.
    """

    stage: Stage
    origin: Origin
    why: str


def check_on_error(on_error: object) -> None:
    """Refuse what no reader or writer does.

    Raises:
        SettingsError: it lists what there is.
    """
    choices.require("on_error", on_error, get_args(OnError))
