# SPDX-License-Identifier: Apache-2.0
"""The login at the API server: that of a pod, or one of a kubeconfig."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from flinksec_jobs.deploy.kube_errors import KubeError
from flinksec_jobs.errors import DeployError
from flinksec_jobs.files import SETTINGS, read_text

_TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
_NAMESPACE = _TOKEN.with_name("namespace")


def api_client(context: str | None = None) -> Any:
    """Return a ``kubernetes.client.ApiClient`` that is logged in.

    Args:
        context: of the kubeconfig. Default: in a pod its own account, else the current context.

    Raises:
        DeployError: the client is not installed, there is no login, or one without a check of the
            server's certificate.
    """
    try:
        from kubernetes import client, config
    except ModuleNotFoundError as error:
        raise DeployError(
            "this command needs the Python package kubernetes",
            hint="pip install 'flinksec-jobs[kubernetes]'",
        ) from error
    chosen = client.Configuration()
    try:
        if context is None and in_pod():
            config.load_incluster_config(client_configuration=chosen)
        else:
            config.load_kube_config(context=context, client_configuration=chosen)
    except unreadable() as error:
        raise no_login(error) from error
    if not str(chosen.host).lower().startswith("https://"):
        raise KubeError(
            f"the API server would be asked in clear, with the login: {chosen.host or 'no server'}",
            hint="put an address with https:// as the server of the cluster into the kubeconfig",
        )
    if not chosen.verify_ssl:
        raise KubeError(
            "the kubeconfig takes anyone for the API server: insecure-skip-tls-verify",
            hint="put the cluster's certificate-authority-data in its place",
        )
    chosen.retries = False  # ours know what may be repeated
    return client.ApiClient(chosen)


def unreadable() -> tuple[type[Exception], ...]:
    """Return what Kubernetes' client raises for a kubeconfig that it cannot read."""
    import yaml  # type: ignore[import-untyped]
    from kubernetes import config

    of_other_shapes = (TypeError, AttributeError, KeyError, IndexError)
    return (config.ConfigException, OSError, ValueError, yaml.YAMLError, *of_other_shapes)


def no_login(why: Exception) -> KubeError:
    """Return the error for a login that cannot be read."""
    return KubeError(
        f"there is no login for the API server: {' '.join(str(why).split())}",
        hint="KUBECONFIG names the file of logins, --context one in it; see `kubectl config view`",
    )


def in_pod() -> bool:
    """Whether this process is in a pod with an account of its own."""
    return "KUBERNETES_SERVICE_HOST" in os.environ and _TOKEN.exists()


def own_namespace() -> str | None:
    """Return the namespace of the pod that this process is in."""
    if not in_pod() or not _NAMESPACE.exists():
        return None
    return read_text(_NAMESPACE, "the namespace of the pod", SETTINGS).strip()
