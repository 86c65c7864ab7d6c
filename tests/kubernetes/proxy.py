# SPDX-License-Identifier: Apache-2.0
"""The proxy in front of REST: its Secrets, and a visitor in the ingress controller's namespace."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flinksec_jobs.sandbox.test_ca import Authority
from tests.kubernetes.node.node import Node
from tests.kubernetes.overlay import NAMESPACE
from tests.proxy.files import authorization, write_certificate, write_users

INGRESS = "ingress-nginx"
_HOST = f"flink-proxy.{NAMESPACE}.svc"
_VISITOR = "visitor"
_PYTHON = "/opt/flinksec/bin/python"
_ASK = """
import json, ssl, sys, urllib.error, urllib.request
question = json.load(sys.stdin)
request = urllib.request.Request(
    question["url"], method=question["method"], headers=question["headers"]
)
context = ssl.create_default_context(cadata=question["ca"])
try:
    with urllib.request.urlopen(request, timeout=60, context=context) as answer:
        print(answer.status, answer.read().decode())
except urllib.error.HTTPError as error:
    print(error.code)
"""

# A pod is ready before kube-proxy has told the node's rules of it: until then the Service refuses.
_REACH = """
import socket, sys, time
end = time.monotonic() + 120
while True:
    try:
        socket.create_connection((sys.argv[1], 443), timeout=10).close()
        break
    except OSError:
        if time.monotonic() > end:
            raise
        time.sleep(0.5)
"""


@dataclass(frozen=True)
class Files:
    """What the proxy's Secrets are made of.

    Attributes:
        tls: a folder with its certificate.
        users: a folder with who may come in.
        ca: what has signed the certificate, as PEM.
        password: the user's.
    """

    tls: Path
    users: Path
    ca: str
    password: str = field(repr=False)


def make_files(directory: Path) -> Files:
    """Write them into a new folder, the password too."""
    directory.mkdir()
    ca = Authority.create("a public CA")
    files = Files(directory / "tls", directory / "users", ca.pem.decode(), secrets.token_hex(16))
    write_certificate(files.tls, ca.server(_HOST))
    write_users(files.users, files.password)
    (directory / "password").write_text(files.password)
    return files


class Visitor:
    """A pod from where the proxy is reached, and nothing else.

    Args:
        node: where it runs.
        files: the proxy's.
        image: with Python.
    """

    def __init__(self, node: Node, files: Files, image: str) -> None:
        self._kubectl = node.kubectl
        self._files = files
        self._kubectl.apply(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": INGRESS}}, _pod(image)
        )

    def wait(self) -> None:
        """Wait until it can ask, and somebody is there to answer."""
        self._kubectl(
            *("-n", NAMESPACE, "rollout", "status", "deployment/flink-proxy", "--timeout=300s")
        )
        pod = f"pod/{_VISITOR}"
        self._kubectl("-n", INGRESS, "wait", "--for=condition=Ready", pod, "--timeout=300s")
        self._kubectl("-n", INGRESS, "exec", _VISITOR, "--", _PYTHON, "-c", _REACH, _HOST)

    def ask(self, path: str, password: str | None, *, method: str = "GET") -> tuple[int, Any]:
        """The status, and what was answered if all went well."""
        question = {
            "url": f"https://{_HOST}{path}",
            "method": method,
            "headers": authorization(password),
            "ca": self._files.ca,
        }
        # By its input: command lines are told when they fail.
        command = ("exec", "--stdin", _VISITOR, "--", _PYTHON, "-c", _ASK)
        said = self._kubectl("-n", INGRESS, *command, input=json.dumps(question))
        status, _, body = said.partition(" ")
        return int(status), json.loads(body) if body else None


def _pod(image: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": _VISITOR, "namespace": INGRESS},
        "spec": {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
            "containers": [
                {
                    "name": "python",
                    "image": image,
                    "imagePullPolicy": "Never",
                    "command": [_PYTHON, "-c", "import signal; signal.pause()"],
                }
            ],
        },
    }
