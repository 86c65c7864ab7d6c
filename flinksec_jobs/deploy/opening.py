# SPDX-License-Identifier: Apache-2.0
"""The outside of a deployment, opened: from a person's machine, from CI, or from a pod of it.

Flink's REST is asked directly from within the namespace, else through a port-forward to the pod
that is the JobManager when a connection is opened.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

from flinksec_jobs.deploy import kube_login
from flinksec_jobs.deploy.kube import Kube
from flinksec_jobs.deploy.kubernetes_look import JOBMANAGER_PODS
from flinksec_jobs.errors import DeployError
from flinksec_jobs.flink_rest.client_files import client_files
from flinksec_jobs.flink_rest.flink_rest import PORT, FlinkRest
from flinksec_jobs.flink_rest.port_forward import forwarded
from flinksec_jobs.runtime.rest import RestUnreachableError

NAMESPACE = "FLINKSEC_NAMESPACE"


def open_kube(
    context: str | None, namespace: str | None, *, named: str = "", patience: float = 60.0
) -> Kube:
    """Log in at the API server.

    Args:
        context: of the kubeconfig; ``None`` for the current one, or a pod's own account.
        namespace: chosen; ``None`` for that of the manifests, the variable or the pod.
        named: the namespace that the manifests name.
        patience: how long to go on asking an API server that does not answer, in seconds.

    Raises:
        DeployError: there is no login, or no namespace is named, or two are.
    """
    if namespace and named and namespace != named:
        raise DeployError(
            f"--namespace is {namespace}, and the manifests are for {named}",
            hint="leave --namespace out, or change the namespace of the overlay",
        )
    found = named or namespace or os.environ.get(NAMESPACE) or kube_login.own_namespace()
    if not found:
        raise DeployError(
            "no namespace is named", hint=f"name one: --namespace, or the variable {NAMESPACE}"
        )
    return Kube(kube_login.api_client(context), found, patience=patience)


def open_flink(kube: Kube, context: str | None, client: Path | None) -> FlinkRest:
    """Return a client of Flink's REST, whichever pod is the JobManager.

    Args:
        kube: the API server, for the namespace of the job.
        context: of the kubeconfig.
        client: directory of the client certificate; ``None`` for the usual places.

    Raises:
        CertificateError: there is no client certificate.
    """
    files = client_files(client)
    if kube_login.own_namespace() == kube.namespace:
        return FlinkRest(files)
    return FlinkRest(files, open_socket=_forward(kube, context))


def _forward(kube: Kube, context: str | None) -> Callable[[], socket.socket]:
    from kubernetes.client import CoreV1Api

    # A client of its own: while a port-forward is opened, its requests are those of a web socket.
    core = CoreV1Api(kube_login.api_client(context))

    def opened() -> socket.socket:
        pods = [
            one
            for one in kube.list("v1", "Pod", JOBMANAGER_PODS)
            if (one.get("status") or {}).get("phase") == "Running"
            and "deletionTimestamp" not in one["metadata"]
        ]
        if not pods:
            raise RestUnreachableError("no JobManager runs")
        newest = max(pods, key=lambda one: str(one["metadata"].get("creationTimestamp")))
        return forwarded(core, kube.namespace, newest["metadata"]["name"], PORT)

    return opened
