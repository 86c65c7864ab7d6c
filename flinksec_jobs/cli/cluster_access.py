# SPDX-License-Identifier: Apache-2.0
"""What commands on a job in a cluster have in common: where it is, and how it is reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from flinksec_jobs.cli.failures import failures_told
from flinksec_jobs.cli.output import tell
from flinksec_jobs.deploy.kube import Kube
from flinksec_jobs.deploy.kube_login import api_client
from flinksec_jobs.deploy.namespaces import default_namespace
from flinksec_jobs.deploy.reached import reach
from flinksec_jobs.flink_rest.client_files import VARIABLE
from flinksec_jobs.flink_rest.flink_rest import FlinkRest


@dataclass(frozen=True)
class Access:
    """How a job in a cluster is reached.

    Attributes:
        namespace: of the job.
        context: of the kubeconfig; ``None`` for the current one, or the account of the pod.
        client: directory of the certificate for Flink's REST; ``None`` to find it.
    """

    namespace: str | None
    context: str | None
    client: Path | None

    def api(self, patience: float = 60.0) -> Kube:
        """Log in at the API server.

        Args:
            patience: how long to go on asking one that does not answer, in seconds.
        """

        def login() -> Any:
            return api_client(self.context)

        client = login()
        namespace = self.namespace or default_namespace(self.context)
        return Kube(client, namespace, patience=patience, login=login, tell=tell)

    @contextmanager
    def flink(self, before_change: Callable[[], None] = lambda: None) -> Iterator[FlinkRest]:
        """Reach Flink's REST.

        Args:
            before_change: raises if nothing may be changed any more.
        """
        # By a login of its own: a port-forward makes web sockets of its requests for a moment.
        rest = reach(self.api(10.0), self.client, before_change=before_change)
        try:
            yield rest
        finally:
            rest.close()


_NAMESPACE = click.option(
    "-n", "--namespace", help="Of the job. Default: that of the pod, or of the kubeconfig."
)
_CONTEXT = click.option("--context", help="Of the kubeconfig. Default: the current one.")
_CLIENT = click.option(
    "--client",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="The certificate for Flink's REST: tls.crt, tls.key, ca.crt. Default: what "
    f"{VARIABLE} names, or what the deployer's pod has.",
)


def access(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options by which a job is reached, as an `Access`.

    With ``--json`` a failure is one object too.
    """

    @wraps(command)
    def called(
        *args: Any, namespace: str | None, context: str | None, client: Path | None, **given: Any
    ) -> Any:
        with failures_told(json_=bool(given.get("json_")), is_endless=bool(given.get("watch"))):
            return command(Access(namespace, context, client), *args, **given)

    return _NAMESPACE(_CONTEXT(_CLIENT(called)))
