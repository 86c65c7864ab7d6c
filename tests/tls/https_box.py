# SPDX-License-Identifier: Apache-2.0
"""What connections over HTTPS are tried with: a CA, a certificate of localhost, files of a job."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flinksec_jobs.certificates import pem
from flinksec_jobs.settings import Settings, load_settings
from tests.https_certificates import issued, server_context, written
from tests.https_servers import Asked, Said, as_elasticsearch
from tests.tls.judges import JUDGES, Jvm

CANARY = "canary-in-a-file"
REFUSED = Said(401, {"error": {"type": "security_exception"}, "status": 401})
TAKEN = ["", "", ""]


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"flink:{password}".encode()).decode()


class Box:
    """A CA, a certificate of localhost, and files of a job."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.root = issued("the CA", ca=True)
        self.own = issued("localhost", self.root, names=["localhost"])
        self.context = server_context(self.own)
        self.ca_file = self.write("ca.pem", pem(self.root.certificate))

    def write(self, name: str, *content: bytes) -> Path:
        return written(self.directory / name, *content)

    def secret(self, name: str, text: str = CANARY) -> str:
        return f"file:{self.write(name, text.encode())}"

    def settings(self, *hosts: str, **options: Any) -> Settings:
        tls = (
            {"ca_certs": self.ca_file} if hosts[0].startswith("https") else {"verification": "none"}
        )
        section = {"hosts": list(hosts), "connect_timeout": "5 s", **tls, **options}
        return load_settings(overrides={"elasticsearch": section}, environ={})


def verdicts(java: Jvm, settings: Settings) -> list[str]:
    return [judge(java, settings) for judge in JUDGES]


def demanding(value: Callable[[], str]) -> Callable[[Asked], Said]:
    """A server that lets in who has this header."""
    return lambda asked: (
        as_elasticsearch(asked) if asked.headers.get("authorization") == value() else REFUSED
    )
