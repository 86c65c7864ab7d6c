# SPDX-License-Identifier: Apache-2.0
"""A job that is built, told where it goes on from just before it is submitted."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flinksec_jobs import state
from flinksec_jobs.resume import begin as beginning
from flinksec_jobs.resume import identity
from flinksec_jobs.resume.named import look
from flinksec_jobs.resume.request import Request, Resume
from flinksec_jobs.runtime import build_only, cluster_run, graph, jvm, local_jvm, running
from flinksec_jobs.settings.flink_options import flink_options, names

if TYPE_CHECKING:
    from pyflink.datastream import StreamExecutionEnvironment

    from flinksec_jobs.settings import Settings, StateSettings

PATHS = names(flink_options()[state.RECOVERY_PATH])
CLAIM_MODES = names(flink_options()[beginning.CLAIM_MODE])
_log = logging.getLogger("flinksec_jobs.resume")
_from_savepoint: list[str] = []


def start_from(path: str) -> None:
    """Let the next job of this process start from a checkpoint or savepoint, whatever else is."""
    _from_savepoint[:] = [path]


@dataclass(frozen=True)
class Job:
    """What is known of the job.

    Attributes:
        name: its name.
        settings: its settings.
        env: its environment, with all its operators.
        uses: its topics, indices and paths.
        bounded: whether all its sources end by themselves.
    """

    name: str
    settings: Settings
    env: StreamExecutionEnvironment
    uses: Collection[str]
    bounded: bool


@contextmanager
def started(job: Job) -> Iterator[None]:
    """Tell Flink where a job goes on from, and put on record that it has ended well.

    Raises:
        ResumeError: that is not clear, or another process runs the job.
        SealedStateError: what it would go on from is not whole.
        SettingsError: state is where nobody can look for a checkpoint.
    """
    explicit = _from_savepoint.pop() if _from_savepoint else None
    kept = job.settings.state
    if kept is None or not state.is_mounted(kept):
        if explicit is not None:
            _start_from(job, explicit)
        elif kept is not None:
            _leave_to_flink(job, kept)
        yield
        return
    in_cluster = jvm.runs_in_a_cluster()
    request = Request(
        job=job.name,
        settings=kept,
        resume=resume_of(job.settings),
        uses=job.uses,
        accept=job.settings.job.accept,
        bounded=job.bounded,
        job_id=graph.option(job.env, beginning.JOB_ID),
        in_cluster=in_cluster,
        highly_available=in_cluster and cluster_run.is_highly_available(),
        explicit=explicit,
        named=_named(job.env),
        contents_of=graph.contents_of,
    )
    if build_only.is_wanted():
        build_only.tell_origin(beginning.would_begin_from(request))
        yield
        return
    with beginning.begin(request) as begun:
        graph.change_options(job.env, _wanted(job.settings, begun.options), removed=PATHS)
        yield
        if not in_cluster:
            home, job_id = local_jvm.current().directory, begun.record.start.job_id
            begun.finished(stopped=running.was_told_to_stop(home, job_id))


def resume_of(settings: Settings) -> Resume:
    """``job.resume``, or what it is by default."""
    return settings.job.resume or ("required" if jvm.runs_in_a_cluster() else "latest")


def _wanted(settings: Settings, options: dict[str, str]) -> dict[str, str]:
    if settings.flink.keys().isdisjoint(CLAIM_MODES):
        return options
    return {name: value for name, value in options.items() if name not in CLAIM_MODES}


def _named(env: StreamExecutionEnvironment) -> str | None:
    return next((path for name in PATHS if (path := graph.option(env, name))), None)


def _start_from(job: Job, path: str) -> None:
    """Start from what was named, without a directory of the job's own to look into."""
    kept = job.settings.state
    with ExitStack() as stack:
        keys = None
        if kept and kept.providers:
            keys = stack.enter_context(state.open_keys(kept))
        uri = look(path, keys).uri
    identity.check_sources(
        graph.contents_of(uri).operators, job.name, job.uses, job.settings.job.accept, uri
    )
    _log.warning("job %s goes on from %s, as requested", job.name, uri)
    options = {state.RECOVERY_PATH: uri, beginning.CLAIM_MODE: "NO_CLAIM"}
    graph.change_options(job.env, options, removed=PATHS)


def _leave_to_flink(job: Job, kept: StateSettings) -> None:
    """State on another file system, where this library does not look for checkpoints."""
    if path := _named(job.env):
        identity.check_sources(
            graph.contents_of(path).operators, job.name, job.uses, job.settings.job.accept, path
        )
        _log.warning("job %s goes on from %s, as requested", job.name, path)
    elif resume_of(job.settings) == "never":
        _log.warning('job %s starts from nothing: job.resume is "never"', job.name)
    elif jvm.runs_in_a_cluster() and cluster_run.is_highly_available():
        _log.warning(
            "job %s keeps its state on %s, where nobody can tell its first start from lost state; "
            "high availability tells where it goes on from",
            job.name,
            kept.uri,
        )
    else:
        state.local_path(kept.uri)  # refuses it
