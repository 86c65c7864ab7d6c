# SPDX-License-Identifier: Apache-2.0
"""A connection to a pod's port through the API server, as ``kubectl port-forward`` has it."""

from __future__ import annotations

import json
import queue
import re
import socket
import threading
from collections.abc import Callable
from typing import Any

from flinksec_jobs.runtime.rest import RestUnreachableError

SILENT_SECONDS = 20.0
# How kubernetes.stream.ws_client names the threads that copy.
_THREAD = "Kubernetes port forward proxy"

# As the package websocket-client tells it: status, headers, body.
_HANDSHAKE = re.compile(r"Handshake status (\d+) (.*?) -\+-\+- .* -\+-\+- (.*)", re.DOTALL)
_HINT = (
    "see whether the API server, or a proxy before it, lets web sockets through; or run the "
    "command in the deployer's pod: kubectl exec deployment/flink-deployer -- flinksec …"
)
_HINTS = {
    401: "log in again: the API server does not take this login",
    403: "your account needs create on pods/portforward in this namespace, or run the command in "
    "the deployer's pod: kubectl exec deployment/flink-deployer -- flinksec …",
    404: "the pod was replaced meanwhile: run the command again",
}


def forwarded(core: Any, namespace: str, pod: str, port: int) -> socket.socket:
    """Open a connection to a port of a pod; who asks needs ``create`` on ``pods/portforward``.

    Args:
        core: a ``kubernetes.client.CoreV1Api``.
        namespace: of the pod.
        pod: its name.
        port: on which it listens.

    Raises:
        RestUnreachableError: the API server lets nobody through, or does not answer.
    """
    from kubernetes.client.exceptions import ApiException
    from kubernetes.stream import portforward

    _quieten()
    asked = core.connect_get_namespaced_pod_portforward
    try:
        forward = _in_time(lambda: portforward(asked, pod, namespace, ports=str(port)))
    except (ApiException, OSError) as error:
        status, said = _told(str(getattr(error, "reason", None) or error))
        raise RestUnreachableError(
            f"no port-forward to port {port} of the pod {namespace}/{pod}: {said}",
            hint=_HINTS.get(status, _HINT),
        ) from None  # its text has headers
    # One end of a pair; a thread copies between the other and the API server until this is closed.
    # The client wraps it in an object of its own, which TLS does not take.
    return socket.socket(fileno=forward.socket(port).detach())


def _in_time(opened: Callable[[], Any]) -> Any:
    """Return what the client opens; it would itself wait for ever for a server that is silent."""
    answers: queue.SimpleQueue[tuple[Any, Exception | None]] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put((opened(), None))
        except Exception as error:  # told by whoever waits
            answers.put((None, error))

    threading.Thread(target=ask, name=_THREAD, daemon=True).start()
    try:
        forward, error = answers.get(timeout=SILENT_SECONDS)
    except queue.Empty:
        raise TimeoutError(f"no answer after {SILENT_SECONDS:g} s") from None
    if error is not None:
        raise error
    return forward


def _told(reason: str) -> tuple[int, str]:
    """Return the status and what the API server says, of a text that has its headers too."""
    found = _HANDSHAKE.match(reason)
    if found is None:
        return 0, " ".join(reason.split())
    status, phrase, body = found.groups()
    try:
        said = str(json.loads(body)["message"])
    except (ValueError, TypeError, KeyError):
        said = phrase
    return int(status), f"{status} {said}"


def _quieten() -> None:
    """Let the client's threads end in silence when their pod does; whoever waits is told anyway."""
    before = threading.excepthook
    if getattr(before, "is_ours", False):
        return

    def hook(what: threading.ExceptHookArgs) -> None:
        name = what.thread.name if what.thread else ""
        if not (name.startswith(_THREAD) and issubclass(what.exc_type, OSError)):
            before(what)

    hook.is_ours = True  # type: ignore[attr-defined]
    threading.excepthook = hook
