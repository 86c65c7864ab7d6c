# SPDX-License-Identifier: Apache-2.0
"""The life of the flight job on the node: what its operators do to it while it runs.

Some commands run outside the cluster, as a person's do, and some in the pod of the deployer, as a
pipeline's do.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.kubernetes.deployment import JOB_IMAGE, Deployment
from tests.kubernetes.node.node import Node
from tests.kubernetes.overlay import NAMESPACE

_PATIENCE = 900
STEADY = "--steady=10"
DEPLOYER = ("-n", NAMESPACE, "exec", "--stdin", "deployment/flink-deployer", "--")


@dataclass(frozen=True)
class Said:
    """What a command came to.

    Attributes:
        code: its exit code.
        told: the object that it printed; empty if it printed none.
        errors: what it said on stderr.
        seconds: how long it took.
    """

    code: int
    told: dict[str, Any]
    errors: str
    seconds: float


@dataclass
class Life:
    """What was seen, by chapter.

    Attributes:
        said: what each command came to.
        status: what `flinksec status` told after each chapter.
        hours: how many documents of hours there were then, and how many of them were right.
        notes: what else was looked at.
    """

    said: dict[str, Said] = field(default_factory=dict)
    status: dict[str, dict[str, Any]] = field(default_factory=dict)
    hours: dict[str, tuple[int, int]] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)


class Operators:
    """Runs `flinksec` on the deployment, outside the cluster or in the deployer's pod.

    Args:
        node: the cluster.
        rendered: what is deployed.
        work: a directory for files.
        figures: compares what the job has written by now with a plain pass.
    """

    def __init__(
        self,
        node: Node,
        rendered: Deployment,
        work: Path,
        figures: Callable[[], list[dict[str, Any]]],
    ) -> None:
        self._node = node
        self._figures = figures
        self._rendered = rendered
        self._work = work
        self.life = Life()
        self._environment = os.environ | {
            "PATH": f"{node.programs}:{os.environ['PATH']}",
            "KUBECONFIG": str(node.kubectl.kubeconfig),
            "FLINKSEC_REST_CLIENT": str(rendered.handed / "tls" / "cli"),
        }

    def version(
        self,
        name: str,
        image: str | None = None,
        settings: Callable[[str], str] = lambda text: text,
    ) -> Path:
        """Write the objects of a version of the job: another image, other settings."""
        objects = json.loads(json.dumps(self._rendered.objects))
        for one in objects:
            if one["kind"] in {"Job", "StatefulSet", "Deployment", "CronJob"} and image:
                # The deployer's too, as kustomize does it.
                of_pods = one["spec"].get("jobTemplate", one)["spec"]["template"]
                for container in of_pods["spec"]["containers"]:
                    if container["image"] == JOB_IMAGE:
                        container["image"] = image
        maps = {one["metadata"]["name"]: one for one in objects if one["kind"] == "ConfigMap"}
        written = maps["job-settings"]["data"]
        written["settings.toml"] = settings(written["settings.toml"])
        maps["flink-conf"]["data"]["config.yaml"] = self._configuration(written["settings.toml"])
        path = self._work / f"{name}.yaml"
        path.write_text("---\n".join(json.dumps(one, indent=1) + "\n" for one in objects))
        return path

    def _configuration(self, settings: str) -> str:
        """Flink's configuration for some settings."""
        file = self._work / "settings.toml"
        file.write_text(settings)
        command = [*self._flinksec(), "cluster", "conf", "--settings", str(file)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def outside(self, chapter: str, *arguments: str) -> Said:
        """Run a command as a person does."""
        command = [sys.executable, "-m", "flinksec_jobs", *arguments, "-n", NAMESPACE, "--json"]
        return self._run(chapter, command)

    def inside(self, chapter: str, *arguments: str, objects: Path | None = None) -> Said:
        """Run a command in the deployer's pod; the objects come through its standard input."""
        command = [*self._node.kubectl.command, *DEPLOYER, "/opt/flinksec/bin/flinksec"]
        text = objects.read_text() if objects else None
        return self._run(chapter, [*command, *arguments, "--json"], text)

    @contextmanager
    def begun(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """Start a command outside, which is killed at the end of the block."""
        command = [sys.executable, "-m", "flinksec_jobs", *arguments, "-n", NAMESPACE, "--json"]
        with subprocess.Popen(
            command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def finished(self, chapter: str, command: subprocess.Popen[str]) -> Said:
        """Wait for the end of a command that has begun."""
        began = time.monotonic()
        out, errors = command.communicate(timeout=_PATIENCE)
        return self._keep(chapter, command.returncode, out, errors, time.monotonic() - began)

    def look(self, chapter: str) -> dict[str, Any]:
        """Keep the state of the job, and whether what it has written so far is right."""
        found = self.outside(f"status {chapter}", "status").told
        self.life.status[chapter] = found
        try:
            written = {str(check["name"]): check["actual"] for check in self._figures()}
        except ValueError:
            return found  # before the first document there is no index to ask
        there = written["Elasticsearch: hours of an airport"]
        right = written["Elasticsearch: hours of an airport, with the right figures"]
        self.life.hours[chapter] = (there, right)
        return found

    def wait_for(self, what: str, is_so: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """Look at the state of the job until something is so."""

        def found() -> dict[str, Any] | None:
            status = self._run("status", self._status()).told
            return status if status.get("state") and is_so(status) else None

        seen: dict[str, Any] = self._node.kubectl.wait_for(what, found, seconds=_PATIENCE, every=1)
        return seen

    def record(self) -> dict[str, Any]:
        """What the record has."""
        return self._run("history", [*self._flinksec(), "history", "-n", NAMESPACE, "--json"]).told

    def _status(self) -> list[str]:
        return [*self._flinksec(), "status", "-n", NAMESPACE, "--json"]

    def _flinksec(self) -> list[str]:
        return [sys.executable, "-m", "flinksec_jobs"]

    def _run(self, chapter: str, command: list[str], text: str | None = None) -> Said:
        began = time.monotonic()
        done = subprocess.run(
            command,
            env=self._environment,
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=1800,
        )
        seconds = time.monotonic() - began
        return self._keep(chapter, done.returncode, done.stdout, done.stderr, seconds)

    def _keep(self, chapter: str, code: int, out: str, errors: str, seconds: float) -> Said:
        lines = out.strip().splitlines()
        try:
            told = json.loads(lines[-1]) if lines else {}
        except ValueError:
            told = {"unread": out[-2000:]}
        said = Said(code, told, errors, seconds)
        self.life.said[chapter] = said
        return said
