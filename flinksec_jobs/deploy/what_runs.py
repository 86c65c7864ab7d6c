# SPDX-License-Identifier: Apache-2.0
"""What runs of a deployment, also where somebody else has applied it, and its record."""

from __future__ import annotations

from dataclasses import replace

from flinksec_jobs.deploy.found import Finder, Found
from flinksec_jobs.deploy.job_version import Version
from flinksec_jobs.deploy.operation_runner import OperationRunner
from flinksec_jobs.deploy.record import Book, Current
from flinksec_jobs.deploy.step_errors import RefusedError
from flinksec_jobs.deploy.steps import Steps


class WhatRuns:
    """Looks at what runs, and records it.

    Args:
        steps: what that is done with.
        runner: keeps versions.
        finder: looks.
    """

    def __init__(self, steps: Steps, runner: OperationRunner, finder: Finder) -> None:
        self._steps, self._runner, self._finder = steps, runner, finder

    def recorded(self, book: Book) -> Version:
        """Return the version that is recorded as the one that runs, or ran last.

        Raises:
            RefusedError: nothing is recorded.
        """
        if book.current is None:
            raise RefusedError(
                "nothing is recorded of this deployment",
                hint="`flinksec deploy OVERLAY` with the overlay that runs records it",
            )
        return self._steps.version(book.current.revision)

    def look(self, book: Book, version: Version) -> Found:
        """Look at the cluster, by the names of what is recorded; else of a version."""
        like = self._steps.version(book.current.revision) if book.current else version
        return self._finder.look(like)

    def changed(self, version: Version) -> list[str]:
        """Name what is in the cluster, and not as in a version."""
        return self._finder.changed(version)

    def known(self, book: Book, found: Found, like: Version) -> Book:
        """Return the record with what runs, also if somebody else has applied it."""
        assert found.job is not None  # noqa: S101
        current = book.current
        if current and current.job_id == found.job.job_id:
            recorded = self._steps.version(current.revision)
            changed = self._finder.changed(recorded)
            if not changed:
                return book
            self._tell(f"somebody else has changed since: {', '.join(changed)}")
            like = recorded
        elif current:
            self._tell(f"somebody else has started the job that runs: {found.job.job_id}")
        revision = self._runner.keep(self._finder.live(like))
        now = Current(
            revision.number,
            found.job.job_id,
            found.began_from,
            accepted=found.is_running,
            previous=current.revision if current else None,
        )
        if current and current.job_id == found.job.job_id:
            now = replace(current, revision=revision.number)
        return self._written(replace(book, current=now))

    def recorded_as(self, book: Book, version: Version) -> Book:
        """Return the record in which a version is the one that runs, as it is the same."""
        assert book.current is not None  # noqa: S101
        number = self._runner.keep(version).number
        if number == book.current.revision:
            return book
        return self._written(replace(book, current=replace(book.current, revision=number)))

    def _written(self, book: Book) -> Book:
        self._steps.record.write(book)
        return book

    def _tell(self, what: str) -> None:
        self._steps.waiting.tell(what)


__all__ = ["WhatRuns"]
