# SPDX-License-Identifier: Apache-2.0
"""The record of a deployment: what runs, what is being done, and what was done.

It is the ConfigMap ``flinksec-record``. Each write names the ``resourceVersion`` that was read, so
that of two commands only one goes on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from flinksec_jobs.deploy.kept_json import KeptError, read_as, read_list
from flinksec_jobs.deploy.kube_errors import ConflictError
from flinksec_jobs.deploy.operation import Operation, Outcome, is_operation_key
from flinksec_jobs.deploy.outside import ApiServer, KubeObject
from flinksec_jobs.deploy.own_objects import RECORD
from flinksec_jobs.errors import DeployError

NOT_UNDERSTOOD = (
    "run the same or a newer version of flinksec-jobs; if somebody has edited it, put back what it "
    f"was; else `kubectl delete configmap {RECORD.name}`, and `flinksec deploy OVERLAY` records "
    "the job that runs, without its history; one that was stopped also needs --from-savepoint PATH"
)
_CURRENT, _HISTORY = "current", "history"
MOST_HISTORY = 50


@dataclass(frozen=True)
class Current:
    """The version that is deployed.

    Attributes:
        revision: its number.
        job_id: of its job.
        origin: checkpoint or savepoint that this job began from; empty for none.
        stopped: whether it was stopped.
        savepoint: with which it was stopped, and from which the next job goes on.
        accepted: whether it has proven that it runs. If it was stopped and is not, nothing was
            found that it can go on from.
        previous: revision that ran before, to roll back to.
        before: savepoint that the previous version was stopped with.
    """

    revision: int
    job_id: str
    origin: str = ""
    stopped: bool = False
    savepoint: str = ""
    accepted: bool = True
    previous: int | None = None
    before: str = ""

    @property
    def left_nothing(self) -> bool:
        """Whether it was ended, and nothing was found that the next job can go on from."""
        return self.stopped and not self.accepted


@dataclass(frozen=True)
class Past:
    """An operation that has ended.

    Attributes:
        id: of its own.
        command: as on the command line.
        who: the account.
        started: when, in epoch seconds.
        ended: when.
        outcome: what came of it.
        why: it did not come out as it was meant to.
        source: revision that it left.
        target: revision that it went to.
        image: of the target.
        settings: hash of the target's ConfigMaps.
        job_id: of the job that runs since.
        origin: what that began from.
        stood_still: seconds from the end of the old job until the next one ran; ``None`` if none
            was stopped, or none ran.
        repeats: whether records that were committed are processed again.
        phases: what was entered, and when.
    """

    id: str
    command: str
    who: str
    started: float
    ended: float
    outcome: str
    why: str = ""
    source: int | None = None
    target: int | None = None
    image: str = ""
    settings: str = ""
    job_id: str = ""
    origin: str = ""
    stood_still: float | None = None
    repeats: bool = False
    phases: Sequence[Sequence[Any]] = ()

    @property
    def is_good(self) -> bool:
        """Whether it came out as it was meant to."""
        return self.outcome in {Outcome.ACCEPTED, Outcome.STOPPED}

    def line(self) -> str:
        """Return it in one line, for people."""
        try:
            at = datetime.fromtimestamp(self.started, UTC).strftime("%Y-%m-%d %H:%M:%S")
        except (ValueError, OverflowError):
            at = "at no time"
        still = "" if self.stood_still is None else f", stood still {self.stood_still:.0f} s"
        where = f" to revision {self.target}" if self.target is not None else ""
        why = f": {self.why}" if self.why else ""
        return f"{at} {self.command}{where} by {self.who}: {self.outcome}{still}{why}"


@dataclass(frozen=True)
class Book:
    """All that the record has.

    Attributes:
        current: what is deployed; ``None`` before the first deployment.
        pending: what a command has begun, and not ended.
        history: what was done, newest first.
    """

    current: Current | None = None
    pending: Operation | None = None
    history: tuple[Past, ...] = ()


class Record:
    """The record, as one command reads and writes it.

    Args:
        api: the API server.
        before_write: is called before each write: the lease is looked at there.

    Attributes:
        has_begun: whether this command has written that it goes on with an operation.
    """

    def __init__(self, api: ApiServer, before_write: Callable[[], None] = lambda: None) -> None:
        self._api, self._before_write = api, before_write
        self.has_begun = False
        self._found: KubeObject | None = None

    def read(self) -> Book:
        """Read it.

        Raises:
            DeployError: it is not understood.
        """
        self._found = self._api.get(RECORD)
        data = (self._found or {}).get("data") or {}
        try:
            return Book(
                read_as(Current, data[_CURRENT]) if _CURRENT in data else None,
                Operation.of_data(data),
                tuple(
                    read_as(Past, json.dumps(one)) for one in read_list(data.get(_HISTORY, "[]"))
                ),
            )
        except KeptError as error:
            raise DeployError(
                f"the record {RECORD} is not understood: {error}", hint=NOT_UNDERSTOOD
            ) from error

    def write(self, book: Book) -> None:
        """Write it in place of what was read or written last.

        Raises:
            ConflictError: somebody else has written meanwhile.
        """
        self._before_write()
        kept = {
            key: value
            for key, value in ((self._found or {}).get("data") or {}).items()
            if key not in {_CURRENT, _HISTORY} and not is_operation_key(key)
        }
        content = self._content(kept | _data(book))
        try:
            if self._found is None:
                self._found = self._api.create(content)
            else:
                version = self._found["metadata"]["resourceVersion"]
                content["metadata"]["resourceVersion"] = version
                self._found = self._api.replace(content)
        except ConflictError:
            # An answer may have been lost, and what it was about is done.
            found = self._api.get(RECORD)
            if found is None or (found.get("data") or {}) != content["data"]:
                raise
            self._found = found

    def enter(self, book: Book, operation: Operation) -> Book:
        """Write down that an operation enters its next phase, before anything of it is done."""
        entered = replace(book, pending=operation)
        self.has_begun = True
        self.write(entered)
        return entered

    def end(self, book: Book, past: Past, current: Current | None) -> Book:
        """Write down what came of an operation."""
        ended = Book(current, None, (past, *book.history)[:MOST_HISTORY])
        self.write(ended)
        self.has_begun = False
        return ended

    def _content(self, data: Mapping[str, str]) -> KubeObject:
        return {
            "apiVersion": RECORD.api_version,
            "kind": RECORD.kind,
            "metadata": {"name": RECORD.name, "namespace": self._api.namespace},
            "data": dict(data),
        }


def _data(book: Book) -> dict[str, str]:
    data = dict(book.pending.as_data()) if book.pending else {}
    if book.current:
        data[_CURRENT] = json.dumps(asdict(book.current), sort_keys=True)
    if book.history:
        data[_HISTORY] = json.dumps([asdict(one) for one in book.history], ensure_ascii=False)
    return data


def read_record(api: ApiServer) -> Book:
    """Return the record, for those who only look.

    Raises:
        DeployError: it is not understood.
    """
    return Record(api).read()


__all__ = ["RECORD", "Book", "ConflictError", "Current", "Past", "Record", "read_record"]
