# SPDX-License-Identifier: Apache-2.0
"""The proxy in front of REST: its Secrets, and a visitor in the ingress controller's namespace."""

from __future__ import annotations

import base64
import json
import secrets
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flinksec_jobs.sandbox.certificates import Authority
from tests.kubernetes.node.node import Node
from tests.kubernetes.overlay import NAMESPACE

INGRESS = "ingress-nginx"
_HOST = f"flink-proxy.{NAMESPACE}.svc"
_USER = "alice"
_VISITOR = "visitor"
_PYTHON = "/opt/flinksec/bin/python"
_ASK = """
import json, ssl, sys, urllib.error, urllib.request
url, method, headers, ca = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), sys.argv[4]
request = urllib.request.Request(url, method=method, headers=headers)
context = ssl.create_default_context(cadata=ca)
try:
    with urllib.request.urlopen(request, timeout=60, context=context) as answer:
        print(answer.status, answer.read().decode())
except urllib.error.HTTPError as error:
    print(error.code)
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
    issued = ca.server(_HOST)
    for folder in (files.tls, files.users):
        folder.mkdir()
    (files.tls / "tls.crt").write_bytes(issued.certificate_pem)
    (files.tls / "tls.key").write_bytes(issued.key_pem)
    digest = subprocess.run(
        ["openssl", "passwd", "-6", "-stdin"],
        input=files.password,
        capture_output=True,
        text=True,
        check=True,
    )
    (files.users / "htpasswd").write_text(f"{_USER}:{digest.stdout}")
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

    def ask(
        self, path: str, *, method: str = "GET", password: str | None = None
    ) -> tuple[int, Any]:
        """The status and what was answered, if all went well; an empty password is none."""
        headers = _authorization(self._files.password if password is None else password)
        command = ("exec", _VISITOR, "--", _PYTHON, "-c", _ASK)
        arguments = (f"https://{_HOST}{path}", method, json.dumps(headers), self._files.ca)
        status, _, body = self._kubectl("-n", INGRESS, *command, *arguments).partition(" ")
        return int(status), json.loads(body) if body else None


def _authorization(password: str) -> Mapping[str, str]:
    """None for an empty one."""
    token = base64.b64encode(f"{_USER}:{password}".encode()).decode()
    return {"Authorization": f"Basic {token}"} if password else {}


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
