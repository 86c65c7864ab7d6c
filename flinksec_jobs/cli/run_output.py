# SPDX-License-Identifier: Apache-2.0
"""How a run shows itself on stderr: where it is, how it gets on, what it has done."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.status import Status
from rich.text import Text

from flinksec_jobs.cli.failures import error_dict
from flinksec_jobs.cli.output import say
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.runtime.run_figures import RunFigures, RunListener
from flinksec_jobs.runtime.running import RunningJob

# A live line on a terminal; elsewhere, as in a file, a line now and then.
_EVERY_SECONDS_LIVE, _EVERY_SECONDS = 0.5, 60.0
_KIB = 1024


class Show(RunListener):
    """Tells of all runs of this process."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._console = Console(stderr=True)
        self._status: Status | None = None
        self._last: RunFigures | None = None
        self._told_at = 0.0
        self._runs: list[dict[str, Any]] = []

    def __enter__(self) -> Show:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def started(self, job: RunningJob) -> None:
        """Tell where a job is."""
        self._last, self._told_at = None, time.monotonic()
        say(f"job {job.name} runs, its log is {job.log_file}", err=True)
        say(
            f"Flink's web UI and REST: {job.rest}, for clients with {job.client.certificate} "
            f"and {job.client.key.name}",
            err=True,
        )
        if self._is_terminal:
            self._status = self._console.status("")
            self._status.start()

    def moment(self, figures: RunFigures) -> None:
        """Tell how it gets on, if it is time to."""
        now = time.monotonic()
        if now - self._told_at < (_EVERY_SECONDS_LIVE if self._is_terminal else _EVERY_SECONDS):
            return
        line = progress_line(figures, self._last)
        self._last, self._told_at = figures, now
        if self._status is not None:
            self._status.update(Text(line))
        else:
            say(line, err=True)

    def ended(self, job: RunningJob, figures: RunFigures, failure: BaseException | None) -> None:
        """Tell what it has done; how it failed is told as an error."""
        self.stop()
        self._runs.append(
            {"name": job.name, "id": job.job_id, "ok": failure is None}
            | figures.as_dict()
            | {"log": str(job.log_file)}
        )
        if failure is None:
            say(summary_line(job.name, figures), err=True)

    def stop(self) -> None:
        """Leave the live line."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def as_dict(self, failure: BaseException | None) -> dict[str, Any]:
        """Return the object of ``--json``: every job that ran, and why the last one failed."""
        error: dict[str, object] | None = None
        if isinstance(failure, FlinkSecError):
            error = error_dict(failure)
        elif failure is not None:
            error = {"message": f"{type(failure).__name__}: {failure}".removesuffix(": ")}
        return {"ok": failure is None, "jobs": self._runs, "error": error}


def progress_line(figures: RunFigures, before: RunFigures | None) -> str:
    """One line: records and their rates since the moment before, and the last checkpoint."""
    seconds = figures.seconds - before.seconds if before else figures.seconds
    parts = [
        f"{name} {now:,} ({max(now - was, 0) / max(seconds, 0.001):,.0f}/s)"
        for name, now, was in (
            ("in", figures.records_in, before.records_in if before else 0),
            ("out", figures.records_out, before.records_out if before else 0),
        )
    ]
    parts.append(_checkpoints(figures))
    return f"{_duration(figures.seconds)}: records {', '.join(parts)}"


def summary_line(name: str, figures: RunFigures) -> str:
    """Return what a job that has ended well has done."""
    parts = [
        f"{figures.records_in:,} records in{_each(figures.sources)}",
        f"{figures.records_out:,} out{_each(figures.sinks)}",
        _checkpoints(figures),
    ]
    return f"job {escaped(name)} has ended well after {_duration(figures.seconds)}: " + ", ".join(
        parts
    )


def _each(counts: Mapping[str, int]) -> str:
    if not counts:
        return ""
    return " (" + ", ".join(f"{escaped(name)} {count:,}" for name, count in counts.items()) + ")"


def _checkpoints(figures: RunFigures) -> str:
    if not figures.checkpoints and not figures.failed_checkpoints:
        return "no checkpoint"
    told = f"{figures.checkpoints} checkpoint{'s' if figures.checkpoints != 1 else ''}"
    if figures.checkpoints:
        told += (
            f", the last of {figures.checkpoint_bytes / _KIB:,.0f} KiB in "
            f"{figures.checkpoint_ms:,} ms"
        )
    if figures.failed_checkpoints:
        told += f", {figures.failed_checkpoints} not completed"
    return told


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"
