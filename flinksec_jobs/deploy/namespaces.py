# SPDX-License-Identifier: Apache-2.0
"""The namespace of a command that is not told one."""

from __future__ import annotations

from flinksec_jobs.deploy.kube_login import no_login, own_namespace, unreadable
from flinksec_jobs.errors import DeployError


def default_namespace(context: str | None = None) -> str:
    """Return the namespace of this pod, else that of a context of the kubeconfig.

    Args:
        context: its name. Default: the current one.

    Raises:
        DeployError: there is none.
    """
    if context is None and (own := own_namespace()):
        return own
    from kubernetes import config

    try:
        contexts, current = config.list_kube_config_contexts()
    except unreadable() as error:
        raise no_login(error) from error
    found = [one for one in contexts if context in {None, one["name"]}] if context else [current]
    named = [one["context"].get("namespace") for one in found]
    if not named or not named[0]:
        raise DeployError(
            "it is not known in which namespace the job is",
            hint="name it: --namespace; or give the context of the kubeconfig one: kubectl config "
            "set-context --current --namespace NAME",
        )
    return str(named[0])
