# SPDX-License-Identifier: Apache-2.0
"""Starts and ends the processes of a cluster, as Kubernetes would, each by its process id."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import psutil

from flinksec_jobs.certs.create import Request, create
from flinksec_jobs.certs.issue import Making
from flinksec_jobs.cluster.flink_conf import flink_home
from flinksec_jobs.runtime import artifacts
from flinksec_jobs.runtime.java import find_java
from flinksec_jobs.sandbox.ports import free_ports
from flinksec_jobs.sealed import KeyRing
from tests.jvms import QUICK
from tests.patience import PATIENCE

HOST = "127.0.0.1"
# Smaller keys than a cluster's own: they are made quicker.
MAKING = Making(key_bits=2048)
QUICK_START = f'"env.java.opts.all" = "{" ".join(QUICK)}"'
T = TypeVar("T")


class FlinkCluster:
    """One JobManager and TaskManagers of one slot each, started by `flinksec cluster`.

    Args:
        directory: gets settings, certificates, logs and what the processes write.
        settings: TOML of all sections but ``[cluster]``.
        cluster: more settings of ``[cluster]``, as TOML.
    """

    def __init__(self, directory: Path, settings: str | None = None, cluster: str = "") -> None:
        self.directory = directory
        self.tls = directory / "tls"
        self.logs = directory / "logs"
        self.state = directory / "state"
        self.rpc_port, self.blob_port, self.metrics_port, self.rest_port = free_ports(4)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._starts = 0
        for name in ("logs", "run", "tmp", "state"):
            (directory / name).mkdir(mode=0o700, exist_ok=True)
        create(self.tls, Request(names=(HOST,), making=MAKING))
        self.settings = directory / "settings.toml"
        self.settings.write_text((settings or self._own_state()) + self._section(cluster))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for name in list(self._processes):
            self.kill(name)
        shutil.rmtree(self.directory / "run", ignore_errors=True)

    def start_zookeeper(self, port: int) -> None:
        """The one that Flink brings along."""
        directory = self.directory / "zookeeper"
        directory.mkdir()
        config = directory / "zoo.cfg"
        config.write_text(
            f"dataDir={directory}\nclientPort={port}\nclientPortAddress={HOST}\n"
            f"tickTime=500\nadmin.enableServer=false\nserver.1={HOST}:2888:3888\n"
        )
        jars = os.pathsep.join(str(jar) for jar in (flink_home() / "lib").glob("*.jar"))
        main = "org.apache.flink.runtime.zookeeper.FlinkZooKeeperQuorumPeer"
        arguments = [main, "--zkConfigFile", config, "--peerId", "1"]
        self._start("zookeeper", [find_java().executable, "-cp", jars, *arguments])

    def start_jobmanager(self, job: Path, *arguments: str, options: tuple[str, ...] = ()) -> None:
        self._start_flink("jobmanager", "jobmanager", [*options, str(job), *arguments])

    def start_taskmanager(self, name: str) -> None:
        keys = ("taskmanager.rpc.port", "taskmanager.data.port")
        rpc, data, metrics = free_ports(3)
        options = [f"-D{key}={port}" for key, port in zip(keys, (rpc, data), strict=True)]
        options.append(f"-Dmetrics.internal.query-service.port={metrics}")
        self._start_flink("taskmanager", name, options)

    def pid(self, name: str) -> int:
        return self._processes[name].pid

    def is_running(self, name: str) -> bool:
        return self._processes[name].poll() is None

    def kill(self, name: str) -> None:
        """SIGKILL, also to the Python that a JobManager has started."""
        process = self._processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def terminate(self, name: str) -> int:
        """SIGTERM, as Kubernetes sends it to a pod; returns the exit code."""
        self._processes[name].terminate()
        return self.exit_code(name)

    def exit_code(self, name: str) -> int:
        """Wait until a process has ended."""
        try:
            return self._processes[name].wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{name} did not end:\n{self.log(name)[-3000:]}") from None

    def log(self, name: str) -> str:
        """What all processes of this name have said."""
        paths = sorted(self.logs.glob(f"*-{name}.log"))
        return "".join(path.read_text(errors="replace") for path in paths)

    def rest_context(self, client: Path | None = None) -> ssl.SSLContext:
        """TLS as the client `cli` of the cluster speaks it."""
        directory = client or self.tls / "cli"
        context = ssl.create_default_context(cafile=str(directory / "ca.crt"))
        context.load_cert_chain(directory / "tls.crt", directory / "tls.key")
        return context

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> bytes:
        """A request to the REST endpoint, with the certificate of its client."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"https://{HOST}:{self.rest_port}{path}", data)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=60, context=self.rest_context()) as answer:
            content: bytes = answer.read()
            return content

    def wait_for(self, what: str, found: Callable[[], T | None]) -> T:
        """Ask again and again until there is an answer; REST that is not up yet is none."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                if answer := found():
                    return answer
            except (OSError, http.client.HTTPException, KeyError, IndexError, ValueError):
                pass
            if (process := self._processes.get("jobmanager")) and process.poll() is not None:
                break
            time.sleep(0.3)
        raise AssertionError(f"no {what}:\n{self.log('jobmanager')[-6000:]}")

    def job_id(self) -> str:
        jobs = json.loads(self.ask("/jobs"))["jobs"]
        return str(jobs[0]["id"])

    def wait_for_checkpoint(self) -> None:
        """Wait for a checkpoint that begins from now on and is completed."""
        now = time.time() * 1000

        def completed() -> bool:
            checkpoints = json.loads(self.ask(f"/jobs/{self.job_id()}/checkpoints"))
            last = checkpoints["latest"]["completed"]
            return bool(last and last["trigger_timestamp"] > now)

        self.wait_for("checkpoint was completed", completed)

    def wait_for_the_programs_end(self) -> None:
        """The job is submitted, or was found again, while its Python program still runs.

        Until it has ended, Flink and Python talk through two more ports of the loopback interface.
        """
        process = psutil.Process(self.pid("jobmanager"))
        self.wait_for("end of the program", lambda: not process.children())

    def savepoint(self, how: str, body: Mapping[str, Any]) -> str:
        """Take a savepoint, ``savepoints``, or end the job with one, ``stop``; says where it is."""
        path = f"/jobs/{self.job_id()}"
        trigger = json.loads(self.ask(f"{path}/{how}", body))["request-id"]

        def done() -> str | None:
            answer = json.loads(self.ask(f"{path}/savepoints/{trigger}"))
            if answer["status"]["id"] != "COMPLETED":
                return None
            assert "location" in answer["operation"], answer
            return str(answer["operation"]["location"])

        return self.wait_for("savepoint", done)

    def _start_flink(self, role: str, name: str, arguments: list[str]) -> None:
        run = self.directory / "run" / f"{name}-{self._starts}"
        run.mkdir(mode=0o700)
        command = [sys.executable, "-m", "flinksec_jobs", "cluster", role]
        mounts = {"settings": self.settings, "config": run / "none", "log4j": run / "none"}
        mounts |= {"ca": self.directory / "ca", "run": run}
        options = [f"--{mount}={path}" for mount, path in mounts.items()]
        self._start(name, [*command, *options, f"--host={HOST}", *arguments])

    def _start(self, name: str, command: list[Any]) -> None:
        if name in self._processes:
            assert self._processes.pop(name).poll() is not None, f"{name} still runs"
        self._starts += 1
        # As in a container whose user id no file knows: no home.
        environment = {key: value for key, value in os.environ.items() if key != "HOME"}
        environment["FLINKSEC_CACHE"] = str(artifacts.cache_directory())
        with (self.logs / f"{self._starts:02}-{name}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(
                list(map(str, command)),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _own_state(self) -> str:
        keys = self.directory / "state-keys"
        KeyRing.create(keys)
        return (
            f'[job]\nresume = "first"\n[state]\ndirectory = "{self.state}"\nkeys = "{keys}"\n'
            + (f'checkpoint_interval = "300 ms"\n[flink]\n{QUICK_START}\n')
        )

    def _section(self, more: str) -> str:
        return (
            f'\n[cluster]\njobmanager_address = "{HOST}"\nbind_host = "{HOST}"\n'
            f"jobmanager_rpc_port = {self.rpc_port}\nblob_port = {self.blob_port}\n"
            f"jobmanager_metrics_port = {self.metrics_port}\nrest_port = {self.rest_port}\n"
            'jobmanager_memory = "1200m"\ntaskmanager_memory = "1600m"\ntask_slots = 1\n'
            f'temp_dir = "{self.directory / "tmp"}"\n{more}\n'
            f'[cluster.tls]\ninternal = "{self.tls / "internal"}"\nrest = "{self.tls / "rest"}"\n'
        )
