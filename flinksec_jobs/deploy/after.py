# SPDX-License-Identifier: Apache-2.0
"""What is deployed when an operation has ended."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flinksec_jobs.deploy.operation import Operation, Outcome
from flinksec_jobs.deploy.record import Book, Current


def current_after(
    book: Book, now: Operation, outcome: Outcome, *, left_nothing: bool = False
) -> Current | None:
    """Return what is deployed after an operation.

    Args:
        book: before it.
        now: the operation.
        outcome: of it.
        left_nothing: whether the job was ended, and nothing was found to go on from.
    """
    if outcome is Outcome.RUNS_ON:
        return book.current
    if outcome is Outcome.STOPPED:
        return Current(
            revision=now.source or 0,
            job_id=now.old_job,
            origin=book.current.origin if book.current else "",
            stopped=True,
            savepoint=now.origin,
            **_former(book),
        )
    if outcome is Outcome.UNDONE:
        # Of what never ran nothing is to be gone on from.
        undone = Current(now.target or 0, now.new_job, now.origin, stopped=True)
        return None if left_nothing else replace(undone, savepoint=now.back_origin)
    is_good = outcome in {Outcome.ACCEPTED, Outcome.ROLLED_BACK}
    if now.back_job:
        previous, before = (
            (book.current.previous, book.current.before) if book.current else (None, "")
        )
        return Current(
            now.source or 0,
            now.back_job,
            now.back_origin,
            accepted=is_good,
            previous=previous,
            before=before,
        )
    if outcome is Outcome.ABANDONED and not now.new_job:
        left = replace(book.current, accepted=False) if book.current else None
        return replace(left, stopped=True, savepoint="") if left and left_nothing else left
    former = _former(book)
    if book.current and book.current.revision != now.target:
        former = {"previous": book.current.revision, "before": now.origin}
    return Current(now.target or 0, now.new_job, now.origin, accepted=is_good, **former)


def _former(book: Book) -> dict[str, Any]:
    if book.current is None:
        return {}
    return {"previous": book.current.previous, "before": book.current.before}
