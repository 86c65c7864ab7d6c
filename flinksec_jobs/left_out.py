# SPDX-License-Identifier: Apache-2.0
"""How many records a local run left out or made dead letters of, read from the JVM that ran it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from flinksec_jobs.bad_records import LETTERS, SKIPPED
from flinksec_jobs.errors import JobError
from flinksec_jobs.runtime import jvm

_log = logging.getLogger("flinksec_jobs")


@contextmanager
def told(job: str) -> Iterator[None]:
    """Warn, when a job has run, of what was left out and of its dead letters."""
    _forget()
    try:
        yield
    finally:
        for what, number in _counts(SKIPPED).items():
            things, _, where = what.partition(" ")
            _log.warning(
                'job %s left out %s %s, as "skip" says; its log has reasons',
                job,
                _several(number, things.removesuffix("s")),
                where,
            )
        for where, number in _counts(LETTERS).items():
            letters = _several(number, "dead letter")
            _log.warning("job %s wrote %s to %s; its log has reasons", job, letters, where)


def _several(number: str, what: str) -> str:
    return f"{number} {what}" if number == "1" else f"{number} {what}s"


def _forget() -> None:
    """Begin to count anew: a JVM may run several jobs."""
    for prefix in (SKIPPED, LETTERS):
        for what in _counts(prefix):
            jvm.view().System.clearProperty(prefix + what)


def _counts(prefix: str) -> dict[str, str]:
    """Return what was counted under a prefix, and how many; nothing of a JVM that is gone."""
    try:
        with jvm.translated("the JVM cannot be asked"):
            properties = jvm.view().System.getProperties()
            names = sorted(str(name) for name in properties.stringPropertyNames())
            ours = [name for name in names if name.startswith(prefix)]
            return {name[len(prefix) :]: str(properties.getProperty(name)) for name in ours}
    except JobError:
        return {}
