# SPDX-License-Identifier: Apache-2.0
"""What differs when a JobManager has started the job: its configuration is there, and the JVM."""

from __future__ import annotations

import sys
import traceback
from types import TracebackType

from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.runtime import build_only, jvm


def option(name: str) -> str | None:
    """Return a Flink option of the cluster, its command line included."""
    return jvm.context_option(name)


def is_highly_available() -> bool:
    """Whether a JobManager that is started again finds the job and its last checkpoint."""
    return (option("high-availability.type") or "NONE").upper() != "NONE"


def tell_errors_briefly() -> None:
    """Tell an error that a user can act upon in two lines, after its traceback.

    The traceback comes first: what stands last in a log is read first.
    """
    sys.excepthook = _tell


def _tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not isinstance(error, FlinkSecError):
        sys.__excepthook__(kind, error, trace)
        return
    build_only.tell_refusal(error)
    lines = traceback.format_exception(kind, error, trace)
    print("".join(lines[:-1]), file=sys.stderr, end="")  # noqa: T201  the log of the cluster
    print(f"error: {error.message}", file=sys.stderr)  # noqa: T201
    if error.hint:
        print(f"hint: {error.hint}", file=sys.stderr)  # noqa: T201
