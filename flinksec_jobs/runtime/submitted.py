# SPDX-License-Identifier: Apache-2.0
"""A job that the mini cluster of a local run has taken, and Flink's client of it."""

from __future__ import annotations

from typing import Any

from py4j.protocol import Py4JJavaError
from pyflink.common import CompletableFuture, JobClient, JobExecutionResult, JobStatus

from flinksec_jobs.runtime import jvm


class LocalJobClient(JobClient):  # type: ignore[misc]
    """Flink's client of a job, which remembers that it was asked to stop the job.

    PyFlink's own makes no savepoints: Flink 2 wants to be told their form. And the mini cluster,
    which it asks for the state of the job, is shut down with the job.
    """

    def __init__(self, j_job_client: Any) -> None:
        super().__init__(j_job_client)
        self._stops: list[Any] = []

    def get_job_status(self) -> CompletableFuture:
        """Tell the state of the job, also when it has ended."""
        ended = self._j_job_client.getJobExecutionResult()
        if not ended.isDone():
            try:
                return super().get_job_status()
            except Py4JJavaError:
                if not ended.isDone():
                    raise
        java = jvm.view()
        status = getattr(java.org.apache.flink.api.common.JobStatus, _last_state(ended))
        told = java.java.util.concurrent.CompletableFuture.completedFuture(status)
        return CompletableFuture(told, JobStatus._from_j_job_status)

    def stop_with_savepoint(
        self, advance_to_end_of_event_time: bool, savepoint_directory: str | None = None
    ) -> CompletableFuture:
        """Stop the job with a savepoint, as Flink does."""
        asked = self._j_job_client.stopWithSavepoint(
            advance_to_end_of_event_time, savepoint_directory, _form()
        )
        self._stops.append(asked)
        return CompletableFuture(asked, str)

    def trigger_savepoint(self, savepoint_directory: str | None = None) -> CompletableFuture:
        """Make a savepoint, as Flink does."""
        asked = self._j_job_client.triggerSavepoint(savepoint_directory, _form())
        return CompletableFuture(asked, str)

    def has_stopped_it(self) -> bool:
        """Whether it was asked to stop the job, and that has not failed."""
        return any(not stop.isCompletedExceptionally() for stop in self._stops)


def _last_state(ended: Any) -> str:
    """Return the state of a job that has ended, as Flink names it."""
    try:
        ended.get()
    except Py4JJavaError as error:
        cause = error.java_exception.getCause()
        was_cancelled = cause.getClass().getSimpleName() == "JobCancellationException"
        return "CANCELED" if was_cancelled else "FAILED"
    return "FINISHED"


def _form() -> Any:
    """Return the form that Flink's own commands give savepoints."""
    return jvm.view().org.apache.flink.core.execution.SavepointFormatType.CANONICAL


class SubmittedJob:
    """A job that the mini cluster of a local run has taken.

    Args:
        client: Flink's client of it.
    """

    def __init__(self, client: LocalJobClient) -> None:
        self.client = client
        self._j_client = client._j_job_client
        self._result = self._j_client.getJobExecutionResult()

    @property
    def id(self) -> str:
        """Flink's id of the job, 32 hexadecimal digits."""
        return str(self._j_client.getJobID().toString())

    def rest_address(self) -> str | None:
        """Return the address of the mini cluster's REST server; None if the job has ended."""
        # The client of a mini cluster does not tell it: ask the cluster that it holds.
        field = self._j_client.getClass().getDeclaredField("miniCluster")
        field.setAccessible(True)
        cluster = field.get(self._j_client)
        try:
            return str(cluster.getRestAddress().get().toString())
        except Exception:
            if cluster.isRunning():
                raise
            return None  # it is shut down with its job, which may have been quick

    def is_done(self) -> bool:
        """Whether it has ended, well or not."""
        return bool(self._result.isDone())

    def result(self) -> JobExecutionResult:
        """Return Flink's result when it has ended well.

        Raises:
            Py4JJavaError: it has not.
        """
        return JobExecutionResult(self._result.get())

    def was_stopped(self) -> bool:
        """Whether it has ended because its client stopped it, and not at its own end."""
        return self.client.has_stopped_it()


def submit(environment: Any, name: str) -> SubmittedJob:
    """Hand the job of a ``StreamExecutionEnvironment`` over, and do not wait for its end."""
    client = type(environment).execute_async(environment, name)
    return SubmittedJob(LocalJobClient(client._j_job_client))
