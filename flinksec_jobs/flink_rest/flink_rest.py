# SPDX-License-Identifier: Apache-2.0
"""A client of Flink's REST interface in a cluster, over mutual TLS.

Source of paths and fields: the ``*Headers`` classes of ``org.apache.flink.runtime.rest.messages``.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from flinksec_jobs.flink_rest.answers import (
    Checkpoints,
    Job,
    JobException,
    JobState,
    Operation,
    Progress,
)
from flinksec_jobs.runtime.rest import (
    Certificate,
    RestClient,
    RestRefusedError,
    RestUnreachableError,
)
from flinksec_jobs.settings.cluster_names import JOBMANAGER

SERVICE = JOBMANAGER
PORT = 8081
_TIMEOUT_SECONDS = 20.0
_NOT_FOUND, _CONFLICT, _UNAVAILABLE = 404, 409, 503
T = TypeVar("T")


class FlinkRest:
    """Flink's REST server of one cluster, for one thread.

    Every method raises `RestUnreachableError` if there is no answer, also while no JobManager is
    the leader, and `RestRefusedError` if Flink refuses.

    Args:
        files: the client's certificate, key and whom it trusts.
        address: of the server, ``https://flink-jobmanager:8081``; its certificate must have this
            name.
        timeout: of one request in seconds.
        open_socket: opens a connection if the address cannot be reached from here: a port-forward.
        before_change: is called before whatever changes a job, and raises if nothing may be changed
            any more.
    """

    def __init__(
        self,
        files: Certificate,
        address: str = f"https://{SERVICE}:{PORT}",
        *,
        timeout: float = _TIMEOUT_SECONDS,
        open_socket: Callable[[], socket.socket] | None = None,
        before_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._client = RestClient(address, files, timeout=timeout, open_socket=open_socket)
        self._before_change = before_change

    def close(self) -> None:
        """Close the connection; a later request opens another."""
        self._client.close()

    def jobs(self) -> dict[str, JobState]:
        """Return the ids of all jobs that this JobManager knows, with their states."""
        return self._get(
            "/jobs",
            lambda found: {str(one["id"]): JobState(one["status"]) for one in found["jobs"]},
        )

    def job(self, job_id: str) -> Job | None:
        """Return a job; ``None`` if this JobManager does not know it."""
        return self._unless_not_found(lambda: self._get(f"/jobs/{job_id}", Job.of))

    def checkpoints(self, job_id: str) -> Checkpoints:
        """Return the checkpoints of a job since this JobManager has it."""
        return self._get(f"/jobs/{job_id}/checkpoints", Checkpoints.of)

    def checkpoint_interval_ms(self, job_id: str) -> int:
        """Return the time between two checkpoints."""
        return self._get(f"/jobs/{job_id}/checkpoints/config", lambda found: int(found["interval"]))

    def exceptions(self, job_id: str, most: int = 20) -> list[JobException]:
        """Return what failed in a job, newest first."""
        return self._get(
            f"/jobs/{job_id}/exceptions?maxExceptions={most}",
            lambda found: [JobException.of(one) for one in found["exceptionHistory"]["entries"]],
        )

    def stop_with_savepoint(
        self, job_id: str, trigger_id: str, directory: str, form: str = "CANONICAL"
    ) -> None:
        """Let a job write a savepoint and end. The same trigger id twice is the same stop.

        Args:
            job_id: which job.
            trigger_id: 32 hexadecimal digits of the caller's own, to ask with `operation`.
            directory: where the savepoint gets a directory of its own, ``sealed+file:///…``.
            form: ``CANONICAL`` or ``NATIVE``.
        """
        body = {"targetDirectory": directory, "drain": False}
        self._change(
            lambda: self._client.post(
                f"/jobs/{job_id}/stop", body | {"formatType": form, "triggerId": trigger_id}
            )
        )

    def take_savepoint(
        self, job_id: str, trigger_id: str, directory: str, form: str = "CANONICAL"
    ) -> None:
        """Let a job write a savepoint and go on; as `stop_with_savepoint` but for that."""
        body = {"target-directory": directory, "cancel-job": False}
        self._change(
            lambda: self._client.post(
                f"/jobs/{job_id}/savepoints", body | {"formatType": form, "triggerId": trigger_id}
            )
        )

    def operation(self, job_id: str, trigger_id: str) -> Operation:
        """Return how far a savepoint or a stop with one is.

        A JobManager keeps what came of it for five minutes (``rest.async.store-duration``), in
        memory: another one does not know it.
        """
        path = f"/jobs/{job_id}/savepoints/{trigger_id}"
        found = self._unless_not_found(lambda: self._get(path, Operation.of))
        return found or Operation(Progress.UNKNOWN)

    def cancel(self, job_id: str) -> None:
        """Cancel a job; one that has ended already, or is not known, stays as it is."""
        try:
            self._change(lambda: self._client.patch(f"/jobs/{job_id}?mode=cancel"))
        except RestRefusedError as error:
            if error.status not in {_NOT_FOUND, _CONFLICT}:
                raise

    def required(self, job_id: str) -> dict[str, int]:
        """Return how many tasks each vertex shall have, by its id: the upper bound.

        Raises:
            RestRefusedError: the job has no adaptive scheduler.
        """
        return self._get(
            f"/jobs/{job_id}/resource-requirements",
            lambda found: {
                str(vertex): int(one["parallelism"]["upperBound"]) for vertex, one in found.items()
            },
        )

    def require(self, job_id: str, parallelism: Mapping[str, int]) -> None:
        """Say how many tasks each vertex shall have; it is rescaled in place.

        Raises:
            RestRefusedError: the job has no adaptive scheduler, or there are more tasks than its
                state can be spread over.
        """
        body = {
            vertex: {"parallelism": {"lowerBound": 1, "upperBound": number}}
            for vertex, number in parallelism.items()
        }
        self._change(lambda: self._client.put(f"/jobs/{job_id}/resource-requirements", body))

    def job_metrics(self, job_id: str, names: Sequence[str]) -> dict[str, float]:
        """Return metrics of a job, those that are there: ``numRestarts``, ``uptime``, ….

        What is no number, such as ``NaN``, is left out.
        """
        wanted = ",".join(map(quote, names))
        return self._get(f"/jobs/{job_id}/metrics?get={wanted}", _numbers)

    def metric_names(self, job_id: str, vertex: str) -> list[str]:
        """Return the names of the metrics that a vertex's tasks have."""
        return self._get(
            f"/jobs/{job_id}/vertices/{vertex}/subtasks/metrics",
            _ids,
        )

    def vertex_metrics(
        self, job_id: str, vertex: str, names: Sequence[str], of: str
    ) -> dict[str, float]:
        """Return metrics of a vertex over all of its tasks, those that are there.

        Args:
            job_id: which job.
            vertex: its id.
            names: of the metrics.
            of: how tasks are put together: ``min``, ``max``, ``avg`` or ``sum``.
        """
        wanted = ",".join(map(quote, names))
        path = f"/jobs/{job_id}/vertices/{vertex}/subtasks/metrics?get={wanted}&agg={of}"
        return self._get(
            path, lambda found: _numbers([{"id": one["id"], "value": one[of]} for one in found])
        )

    def jobmanager_metric_names(self) -> list[str]:
        """Return the names of the metrics of the JobManager's process."""
        return self._get("/jobmanager/metrics", _ids)

    def jobmanager_metrics(self, names: Sequence[str]) -> dict[str, float]:
        """Return metrics of the JobManager's process, those that are there."""
        wanted = ",".join(map(quote, names))
        return self._get(f"/jobmanager/metrics?get={wanted}", _numbers)

    def taskmanager_metric_names(self) -> list[str]:
        """Return the names of the metrics that any TaskManager's process has."""
        return self._get("/taskmanagers/metrics", _ids)

    def taskmanager_metrics(self, names: Sequence[str], of: str) -> dict[str, float]:
        """Return metrics of the TaskManagers' processes, put together, those that are there.

        Args:
            names: of the metrics.
            of: how they are put together: ``min``, ``max``, ``avg`` or ``sum``.
        """
        path = f"/taskmanagers/metrics?get={','.join(map(quote, names))}&agg={of}"
        return self._get(
            path, lambda found: _numbers([{"id": one["id"], "value": one[of]} for one in found])
        )

    def taskmanagers(self) -> list[str]:
        """Return the ids of the TaskManagers that are registered."""
        return self._get(
            "/taskmanagers", lambda found: [str(one["id"]) for one in found["taskmanagers"]]
        )

    def configuration(self) -> dict[str, str]:
        """Return Flink's configuration as the JobManager has it; secrets are hidden by Flink."""
        return self._get(
            "/jobmanager/config",
            lambda found: {str(one["key"]): str(one["value"]) for one in found},
        )

    def _get(self, path: str, read: Callable[[Any], T]) -> T:
        answer = self._client_call(lambda: self._client.get(path))
        try:
            return read(answer)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise RestRefusedError(
                f"Flink's answer to {path} is not understood: {type(error).__name__} {error}",
                status=200,
            ) from error

    def _client_call(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except RestRefusedError as error:
            if error.status == _UNAVAILABLE:  # no leader yet
                raise RestUnreachableError(error.message) from error
            raise
        except ValueError as error:  # no JSON: half an answer of a server that ended
            self._client.close()
            raise RestUnreachableError(f"Flink's answer is cut short: {error}") from error

    def _change(self, ask: Callable[[], Any]) -> None:
        self._before_change()
        self._client_call(ask)

    def _unless_not_found(self, ask: Callable[[], T]) -> T | None:
        try:
            return ask()
        except RestRefusedError as error:
            if error.status == _NOT_FOUND:
                return None
            raise


def _ids(answer: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(one["id"]) for one in answer]


def _numbers(answer: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    found = {}
    for one in answer:
        try:
            value = float(one["value"])
        except (TypeError, ValueError):
            continue
        if value == value:  # noqa: PLR0124  not NaN
            found[str(one["id"])] = value
    return found
