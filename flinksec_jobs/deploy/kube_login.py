# SPDX-License-Identifier: Apache-2.0
"""The login at the API server: that of a pod, or one of a kubeconfig."""

from __future__ import annotations

import logging
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
    told = _Told()
    logging.getLogger().addHandler(told)  # the client logs a login that fails, and goes on without
    try:
        if context is None and in_pod():
            config.load_incluster_config(client_configuration=chosen)
        else:
            config.load_kube_config(context=context, client_configuration=chosen)
    except unreadable() as error:
        raise no_login(error) from error
    finally:
        logging.getLogger().removeHandler(told)
    _refuse_no_login(chosen, told.lines)
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


class _Told(logging.Handler):
    """Keeps what the client logs about a login."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(" ".join(record.getMessage().split()))


def _refuse_no_login(chosen: Any, told: list[str]) -> None:
    """Refuse a login by which the API server would take us for nobody: ``system:anonymous``."""
    token = str((chosen.api_key or {}).get("authorization") or "")
    if token.lower().startswith("basic "):
        raise KubeError(
            "the login of the kubeconfig is a username and a password, which no API server takes",
            hint="put a token, a client certificate or an exec plugin in their place",
        )
    if not token and not chosen.cert_file:
        why = f": {'; '.join(told)}" if told else ": its user has neither a token nor a certificate"
        raise KubeError(
            f"the kubeconfig gives no login for the API server{why}",
            hint="log in again, or run its exec plugin by hand to see why it fails; "
            "`kubectl auth whoami` says who you are",
        )


def unreadable() -> tuple[type[Exception], ...]:
    """Return what Kubernetes' client raises for a kubeconfig that it cannot read."""
    import yaml  # type: ignore[import-untyped]
    from kubernetes import config

    of_other_shapes = (TypeError, AttributeError, KeyError, IndexError)
    return (config.ConfigException, OSError, ValueError, yaml.YAMLError, *of_other_shapes)


def no_login(why: Exception) -> KubeError:
    """Return the error for a login that cannot be read."""
    named = os.environ.get("KUBECONFIG") or "~/.kube/config"
    return KubeError(
        f"there is no login for the API server in {named}: {' '.join(str(why).split())}",
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
