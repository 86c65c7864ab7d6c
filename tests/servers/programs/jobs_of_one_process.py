# SPDX-License-Identifier: Apache-2.0
"""What the parts of functions_in_batches.py have in common."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pyflink.datastream import DataStream

from flinksec_jobs import FlinkSecError, SecureJob, fast

WAYS: dict[str, Callable[[DataStream], Any]] = {"plain": lambda stream: stream, "fast": fast}
"""How functions run: as PyFlink runs them, and in batches."""


def ending(build: Callable[[SecureJob], DataStream], **overrides: Any) -> str:
    """How a job ends whose stream is printed."""
    try:
        with SecureJob("ends", overrides=overrides) as job:
            build(job).print()
    except FlinkSecError as error:
        return str(error)
    return "ended well"


@contextmanager
def warnings_of_fast() -> Iterator[list[str]]:
    """What fast() says."""
    said: list[str] = []

    class Said(logging.Handler):
        def emit(self, entry: logging.LogRecord) -> None:
            said.append(entry.getMessage())

    handler = Said()
    logging.getLogger("flinksec_jobs").addHandler(handler)
    try:
        yield said
    finally:
        logging.getLogger("flinksec_jobs").removeHandler(handler)
        said[:] = [line for line in said if line.startswith("fast()")]
