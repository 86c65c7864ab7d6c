# SPDX-License-Identifier: Apache-2.0
"""How many records a local run left out because ``skip`` says so, read from the JVM that ran it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from flinksec_jobs.bad_records import SKIPPED
from flinksec_jobs.errors import JobError
from flinksec_jobs.runtime import jvm

_log = logging.getLogger("flinksec_jobs")


@contextmanager
def told(job: str) -> Iterator[None]:
    """Warn, when a job has run, of what was left out of each topic and index."""
    _forget()
    try:
        yield
    finally:
        for what, number in _counts().items():
            _log.warning(
                'job %s left out %s %s, as "skip" says; its log has reasons', job, number, what
            )


def _forget() -> None:
    """Begin to count anew: a JVM may run several jobs."""
    for what in _counts():
        jvm.view().System.clearProperty(SKIPPED + what)


def _counts() -> dict[str, str]:
    """Return what was left out and how many; nothing of a JVM that is gone."""
    try:
        with jvm.translated("the JVM cannot be asked"):
            properties = jvm.view().System.getProperties()
            names = sorted(str(name) for name in properties.stringPropertyNames())
            ours = [name for name in names if name.startswith(SKIPPED)]
            return {name[len(SKIPPED) :]: str(properties.getProperty(name)) for name in ours}
    except JobError:
        return {}
