# SPDX-License-Identifier: Apache-2.0
"""What Flink knows of a job that is built and not yet submitted, and of a checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flinksec_jobs.errors import JobError
from flinksec_jobs.runtime import at_once, jvm

if TYPE_CHECKING:
    from pyflink.common import JobClient, JobExecutionResult
    from pyflink.datastream import StreamExecutionEnvironment

_BOUNDED = "org.apache.flink.streaming.api.transformations.WithBoundedness"
_AFTER_FINISH = "execution.checkpointing.checkpoints-after-tasks-finish"


@dataclass(frozen=True)
class Checkpointing:
    """Flink's checkpoints of a job, all settings and defaults considered; times in milliseconds.

    Attributes:
        enabled: whether there are any.
        interval: time between them.
        timeout: the longest that one may take.
        min_pause: the least between the end of one and the next.
        exactly_once: whether a record counts once after a failure.
        after_finish: whether there is one more when some of the tasks have come to their end.
    """

    enabled: bool
    interval: int = 0
    timeout: int = 0
    min_pause: int = 0
    exactly_once: bool = True
    after_finish: bool = True


def checkpointing(environment: StreamExecutionEnvironment) -> Checkpointing:
    """Ask Flink for the checkpoints of a job."""
    config = environment._j_stream_execution_environment.getCheckpointConfig()
    return Checkpointing(
        enabled=bool(config.isCheckpointingEnabled()),
        interval=int(config.getCheckpointInterval()),
        timeout=int(config.getCheckpointTimeout()),
        min_pause=int(config.getMinPauseBetweenCheckpoints()),
        exactly_once=str(config.getCheckpointingConsistencyMode()) == "EXACTLY_ONCE",
        after_finish=(_options(environment).get(_AFTER_FINISH) or "true").lower() == "true",
    )


def is_bounded(environment: StreamExecutionEnvironment) -> bool:
    """Whether all sources of a job end by themselves."""
    java = jvm.view()
    loader = java.Thread.currentThread().getContextClassLoader()
    source = java.Class.forName(_BOUNDED, True, loader)
    for sink in environment._j_stream_execution_environment.getTransformations():
        for step in sink.getTransitivePredecessors():
            if source.isInstance(step) and str(step.getBoundedness().name()) != "BOUNDED":
                return False
    return True


def change_options(
    environment: StreamExecutionEnvironment, given: Mapping[str, str], removed: Iterable[str] = ()
) -> None:
    """Set and remove Flink's options of a job that is not submitted yet."""
    configuration = _configuration(environment)
    for name in removed:
        configuration.removeKey(name)
    for name, value in given.items():
        configuration.setString(name, value)


def option(environment: StreamExecutionEnvironment, name: str) -> str | None:
    """Return a Flink option of a job as it is set, the cluster's included."""
    return _options(environment).get(name)


@dataclass(frozen=True)
class Contents:
    """What Flink tells of a checkpoint or savepoint.

    Attributes:
        operators: names of those that have state in it; Flink before 2.1 kept none.
        ends_job: whether it is a savepoint that its job was to end with.
    """

    operators: tuple[str, ...] = ()
    ends_job: bool = False


def contents_of(uri: str) -> Contents:
    """Let Flink read the metadata of a checkpoint.

    Raises:
        JobError: its metadata cannot be read.
    """
    java = jvm.view()
    path = java.org.apache.flink.core.fs.Path(f"{uri.rstrip('/')}/_metadata")
    with jvm.translated(f"the metadata of {uri} cannot be read"):
        stream = java.java.io.DataInputStream(path.getFileSystem().open(path))
        try:
            metadata = java.org.apache.flink.runtime.checkpoint.Checkpoints.loadCheckpointMetadata(
                stream, java.Thread.currentThread().getContextClassLoader(), uri
            )
        finally:
            stream.close()
        names = [state.getOperatorName().orElse("") for state in metadata.getOperatorStates()]
        properties = metadata.getCheckpointProperties()
        ends_job = properties is not None and bool(properties.isSynchronous())
    return Contents(tuple(map(str, names)), ends_job)


def _configuration(environment: StreamExecutionEnvironment) -> Any:
    util = jvm.view().org.apache.flink.python.util.PythonConfigUtil
    return util.getEnvironmentConfig(environment._j_stream_execution_environment)


def _options(environment: StreamExecutionEnvironment) -> dict[str, str]:
    found = environment._j_stream_execution_environment.getConfiguration().toMap()
    return {str(name): str(found[name]) for name in found}


def run_by(
    environment: StreamExecutionEnvironment,
    name: str,
    run: Callable[[], JobExecutionResult],
    start: Callable[[], JobClient],
) -> None:
    """Let ``environment.execute()`` and ``execute_async()`` run a job as its own methods do.

    What tables run past it is warned of.

    Args:
        environment: the job's.
        name: the job's.
        run: runs it to its end.
        start: submits it.
    """

    def check(method: str, job_name: str | None) -> None:
        if job_name not in {None, name}:
            raise JobError(
                f"env.{method}({job_name!r}) gives the job {name} another name",
                hint="leave the argument out: the state is kept under the name of the SecureJob",
            )

    def execute(job_name: str | None = None) -> JobExecutionResult:
        check("execute", job_name)
        return run()

    def execute_async(job_name: str | None = None) -> JobClient:
        check("execute_async", job_name)
        return start()

    environment.execute = execute
    environment.execute_async = execute_async
    at_once.install()


def refuse_if_nothing_ran(job_name: str, submissions: Any) -> None:
    """Refuse a block that has left nothing to run, unless all has run inside it.

    Args:
        job_name: the job's.
        submissions: what `jvm.count_submissions` gave; ``None`` in a cluster, which tells itself.

    Raises:
        JobError: nothing was ever defined.
    """
    if submissions is not None and submissions.count() == 0:
        raise nothing_to_run(job_name)


def nothing_to_run(job_name: str) -> JobError:
    """Return the error of a job that defines nothing."""
    return JobError(
        f"the job {job_name} defines nothing that could run",
        hint="a stream runs when it has a sink: stream.sink_to(job.to_kafka(…)), or stream.print()",
    )
