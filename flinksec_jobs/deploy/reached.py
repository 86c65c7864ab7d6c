# SPDX-License-Identifier: Apache-2.0
"""Flink's REST of a job, reached from where the command runs.

In a pod of the namespace it is the Service. From outside it is a port-forward to the JobManager's
pod, another one for each connection, since the pod may be replaced meanwhile. Both ends still show
their certificates: the API server and the kubelet pass on bytes that they cannot read.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

from flinksec_jobs.deploy.kube import Kube
from flinksec_jobs.deploy.kube_login import in_pod
from flinksec_jobs.deploy.pods import JOBMANAGER_PODS, PodLook
from flinksec_jobs.flink_rest.client_files import client_files
from flinksec_jobs.flink_rest.flink_rest import PORT, FlinkRest
from flinksec_jobs.flink_rest.port_forward import forwarded
from flinksec_jobs.runtime.rest import RestUnreachableError


def reach(
    api: Kube,
    directory: Path | None = None,
    *,
    before_change: Callable[[], None] = lambda: None,
) -> FlinkRest:
    """Return a client of Flink's REST; it connects when it is asked.

    Args:
        api: the API server.
        directory: of the client's certificate; default as `client_files` finds it.
        before_change: raises if nothing may be changed any more.

    Raises:
        CertificateError: there is none that can be used.
    """
    files = client_files(directory)
    if in_pod():
        return FlinkRest(files, before_change=before_change)

    def open_socket() -> socket.socket:
        return forwarded(_core(api), api.namespace, _jobmanager(api), PORT)

    return FlinkRest(files, open_socket=open_socket, before_change=before_change)


def _core(api: Kube) -> object:
    from kubernetes.client import ApiClient, CoreV1Api

    # A client of its own: while a port-forward is opened, all its requests are those of a web
    # socket, and another thread renews the lease with the client of `api`.
    return CoreV1Api(ApiClient(api.client.configuration))


def _jobmanager(api: Kube) -> str:
    """Return the pod to connect to: the newest that runs."""
    pods = sorted(
        map(PodLook.of, api.list("v1", "Pod", JOBMANAGER_PODS)), key=lambda pod: pod.created
    )
    running = [pod.name for pod in pods if pod.phase == "Running"]
    if not running:
        state = f"{pods[-1].name} is {pods[-1].phase}" if pods else "there is none"
        raise RestUnreachableError(f"no pod of the JobManager runs: {state}")
    return running[-1]
