# SPDX-License-Identifier: Apache-2.0
"""A real Flink with a job that runs, behind the proxy."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyflink

from flinksec_jobs.certs.create import Request, create
from tests import certificates
from tests.patience import PATIENCE
from tests.proxy.nginx import Proxy, free_port, running
from tests.proxy.upstream import REST

_SOURCE = Path(__file__).with_name("LiveJob.java")
_JARS = Path(pyflink.__file__).parent / "lib"
# As Flink's own config.yaml opens them.
_OPENED = ("java.base/java.lang", "java.base/java.util")


@dataclass(frozen=True)
class LiveJob:
    """What runs.

    Attributes:
        id: of the job.
        known: method and path of every endpoint that a class of Flink's jar describes.
        served: the same for what the running server has registered.
        proxy: in front of it.
    """

    id: str
    known: frozenset[tuple[str, str]]
    served: frozenset[tuple[str, str]]
    proxy: Proxy
    _rest: int
    _tls: ssl.SSLContext

    def ask(self, path: str) -> bytes:
        """Ask Flink itself, with a client certificate and past the proxy."""
        url = f"https://localhost:{self._rest}{path}"
        with urllib.request.urlopen(url, timeout=PATIENCE, context=self._tls) as answer:
            content: bytes = answer.read()
            return content

    def tell(self, path: str) -> Any:
        return json.loads(self.ask(path))

    @property
    def state(self) -> dict[str, Any]:
        """All that a request must not change."""
        job = self.tell(f"/jobs/{self.id}")
        checkpoints = self.tell(f"/jobs/{self.id}/checkpoints")
        return {
            "jobs": self.tell("/jobs"),
            "state": (job["jid"], job["state"]),
            "vertices": [(one["id"], one["parallelism"], one["status"]) for one in job["vertices"]],
            "attempts": [
                [task["attempt"] for task in self._vertex(one["id"])["subtasks"]]
                for one in job["vertices"]
            ],
            "checkpoints": checkpoints["counts"],
            "history": [(one["id"], one["is_savepoint"]) for one in checkpoints["history"]],
            "requirements": self.tell(f"/jobs/{self.id}/resource-requirements"),
            "taskmanagers": len(self.tell("/taskmanagers")["taskmanagers"]),
            "jars": self.tell("/jars")["files"],
            "profiles": self.tell("/jobmanager/profiler"),
        }

    def _vertex(self, vertex: str) -> Any:
        return self.tell(f"/jobs/{self.id}/vertices/{vertex}")


@contextmanager
def running_job(folder: Path) -> Iterator[LiveJob]:
    """Start Flink, the job and the proxy."""
    with certificates.ready_made_keys():
        names, clients = ("localhost", REST), ("cli", "rest-client")
        create(folder / "tls", Request(names=names, clients=clients))
    (folder / "rest-client").symlink_to(folder / "tls" / "rest-client")
    (folder / "flink").mkdir()
    rest = free_port()
    process = _start(folder, rest)
    assert process.stdin
    assert process.stdout
    endpoints: dict[str, set[tuple[str, str]]] = {"KNOWN": set(), "SERVED": set()}
    job = ""
    try:
        for line in process.stdout:
            kind, *words = line.split()
            if kind == "JOB":
                job = words[0]
                break
            endpoints[kind].add((words[0], words[1]))
        assert job, (folder / "flink.err").read_text()[-3000:]
        client = folder / "tls" / "cli"
        context = ssl.create_default_context(cafile=str(client / "ca.crt"))
        context.load_cert_chain(client / "tls.crt", client / "tls.key")
        known, served = (frozenset(endpoints[kind]) for kind in ("KNOWN", "SERVED"))
        with running(folder, rest) as proxy:
            yield LiveJob(job, known, served, proxy, rest, context)
    finally:
        process.kill()
        process.wait()


def _start(folder: Path, rest: int) -> subprocess.Popen[str]:
    home = os.environ.get("JAVA_HOME")
    programs = {
        name: shutil.which(name, path=f"{home}/bin" if home else None) for name in ("java", "javac")
    }
    assert all(programs.values()), "no java and javac in JAVA_HOME or on PATH"
    classes = folder / "classes"
    compile_ = [programs["javac"], "-cp", f"{_JARS}/*", "-d", str(classes), str(_SOURCE)]
    subprocess.run([str(word) for word in compile_], check=True)
    command = [
        *(str(programs["java"]), "-Xmx400m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
        *(f"--add-opens={name}=ALL-UNNAMED" for name in _OPENED),
        *("-cp", os.pathsep.join([str(classes), f"{_JARS}/*"]), _SOURCE.stem),
        *(str(folder / "tls" / "rest"), str(rest), str(folder / "flink")),
    ]
    with (folder / "flink.err").open("w") as said:
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True
        )
