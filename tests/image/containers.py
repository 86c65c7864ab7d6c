# SPDX-License-Identifier: Apache-2.0
"""Containers of the job's image, run as a Pod of the restricted kind would be."""

import os
import secrets
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from flinksec_jobs.certs.create import Request, create
from flinksec_jobs.sandbox import Sandbox
from flinksec_jobs.sandbox.ports import free_ports
from flinksec_jobs.sealed import KeyRing

IMAGE = os.environ.get("FLINKSEC_IMAGE", "localhost/flight-delays:latest")
SANDBOX_IMAGE = os.environ.get("FLINKSEC_SANDBOX_IMAGE", "localhost/flinksec-sandbox:latest")
HOST = "127.0.0.1"
PATIENCE = 900
TOO_SLOW = "Futures timed out after [10000 milliseconds]"
# A user that no file of the image knows, as some clusters give to each namespace.
UNKNOWN_USER = 1_000_660_000
RESTRICTED = (
    "--read-only",
    "--read-only-tmpfs=false",
    "--cap-drop=all",
    "--security-opt=no-new-privileges",
)
# What docker/kubernetes mounts in memory, and how large.
MEMORY = {"/run/flinksec": "16m", "/tmp": "512m"}


def podman(*arguments: str | Path, check: bool = True) -> str:
    done = subprocess.run(
        ["podman", *arguments], capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert not check or done.returncode == 0, done.stderr
    return done.stdout


@dataclass
class Mounts:
    """A folder with all that docker/kubernetes mounts into the pods, as Secrets are mounted."""

    directory: Path
    volumes: list[str] = field(default_factory=list)

    def read_only(self, name: str, target: str) -> None:
        """Mount a file or folder that group 0 may read."""
        top = self.directory / name
        for path in (top, *top.rglob("*")):
            os.chown(path, 0, 0)
            path.chmod(0o750 if path.is_dir() else 0o440)
        self.volumes.append(f"--volume={top}:{target}:ro")

    def writable(self, name: str, target: str) -> Path:
        """Mount a folder that group 0 may write."""
        top = self.directory / name
        top.mkdir(exist_ok=True)
        top.chmod(0o2770)
        self.volumes.append(f"--volume={top}:{target}")
        return top


class ImageCluster:
    """A JobManager and TaskManagers in containers, on the network of this machine.

    Args:
        directory: gets the mounts.
        sandbox: whose servers the job uses; without it the job has state only.
        more: more settings, as TOML.
    """

    def __init__(self, directory: Path, sandbox: Sandbox | None, more: str = "") -> None:
        self.mounts = Mounts(directory / "mounts")
        self.name = f"flinksec-{secrets.token_hex(4)}"
        self._running: dict[str, subprocess.Popen[str]] = {}
        self._commands: dict[str, list[str]] = {}
        self._logs = directory
        self.rpc_port, blob_port, metrics_port, self.rest_port = free_ports(4)
        top = self.mounts.directory
        if sandbox:
            sandbox.hand_over(top)
        else:
            (top / "job").mkdir(parents=True)
            KeyRing.create(top / "state-keys")
            (top / "job" / "settings.toml").write_text(
                '[job]\nresume = "first"\n'
                '[state]\ndirectory = "/mnt/state"\nkeys = "/etc/flinksec/state-keys"\n'
            )
        create(top / "tls", Request(names=(HOST,)))
        with (top / "job" / "settings.toml").open("a") as file:
            file.write(
                f'\n{more}\n[cluster]\njobmanager_address = "{HOST}"\nbind_host = "{HOST}"\n'
                f"jobmanager_rpc_port = {self.rpc_port}\nblob_port = {blob_port}\n"
                f"jobmanager_metrics_port = {metrics_port}\nrest_port = {self.rest_port}\n"
                'jobmanager_memory = "1200m"\ntaskmanager_memory = "1600m"\n'
                # A busy machine needs long for everything.
                '[flink]\n"pekko.ask.timeout" = "3 min"\n"heartbeat.timeout" = "3 min"\n'
                '"slot.request.timeout" = "15 min"\n'
                '"env.java.opts.all" = "-XX:TieredStopAtLevel=1"\n'
            )
        for name in ("job", "state-keys", "ca", "kerberos", "elasticsearch"):
            if (top / name).exists():
                self.mounts.read_only(name, f"/etc/flinksec/{name}")
        for name in ("internal", "rest"):
            self.mounts.read_only(f"tls/{name}", f"/etc/flinksec/tls/{name}")
        if (top / "krb5.conf").exists():
            self.mounts.read_only("krb5.conf", "/etc/krb5.conf")
        self.state = self.mounts.writable("state", "/mnt/state")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for role in list(self._running):
            podman("rm", "--force", "--time=0", self.container(role), check=False)
            self._running.pop(role).wait()

    def container(self, role: str) -> str:
        return f"{self.name}-{role}"

    def start(
        self, role: str, command: Iterable[str], user: int, volumes: Iterable[str] = ()
    ) -> None:
        memory = [f"--tmpfs={path}:rw,size={size},mode=1777" for path, size in MEMORY.items()]
        self._commands[role] = [
            *("podman", "run", "--rm", f"--name={self.container(role)}"),
            *("--network=host", f"--user={user}:0", *RESTRICTED, *memory),
            *(*self.mounts.volumes, *volumes, IMAGE, *command),
        ]
        self._run(role)
        self._settle(role)

    def _run(self, role: str) -> None:
        with (self._logs / f"{role}.log").open("w") as log:
            self._running[role] = subprocess.Popen(
                self._commands[role],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )

    def _settle(self, role: str) -> None:
        """Wait until a process listens, or has ended with a reason of its own.

        Pekko gives its transport 10 s to start, which no option of Flink changes; where a busy
        machine needs longer the process ends, and is started again as Kubernetes would.
        """
        end = time.monotonic() + PATIENCE
        while "Actor system started at" not in (log := self.log(role)):
            assert time.monotonic() < end, f"{role} does not listen:\n{log[-4000:]}"
            if self._running[role].poll() is not None:
                if TOO_SLOW not in self.log(role):
                    return
                self._run(role)
            time.sleep(1)

    def start_jobmanager(
        self, *arguments: str, user: int = UNKNOWN_USER, volumes: Iterable[str] = ()
    ) -> None:
        command = ["cluster", "jobmanager", f"--host={HOST}", *arguments]
        self.start("jobmanager", command, user, volumes)

    def start_taskmanager(self, number: int, *, user: int = UNKNOWN_USER) -> None:
        rpc, data, metrics = free_ports(3)
        options = {
            "taskmanager.rpc.port": rpc,
            "taskmanager.data.port": data,
            "metrics.internal.query-service.port": metrics,
        }
        command = ["cluster", "taskmanager", f"--host={HOST}"]
        command += [f"-D{name}={value}" for name, value in options.items()]
        self.start(f"taskmanager-{number}", command, user)

    def exit_code(self, role: str, timeout: float = PATIENCE) -> int:
        """Wait until a container has ended."""
        process = self._running[role]
        end = time.monotonic() + timeout
        while process.poll() is None:
            if time.monotonic() > end:
                raise AssertionError(f"{role} did not end:\n{self.log(role)[-4000:]}")
            time.sleep(0.2)
        return process.returncode

    def log(self, role: str) -> str:
        return (self._logs / f"{role}.log").read_text(errors="replace")

    def logs(self) -> Mapping[str, str]:
        return {role: self.log(role) for role in self._running}

    def wait_for_line(self, role: str, line: str) -> None:
        """Wait until a container has said something."""
        end = time.monotonic() + PATIENCE
        while line not in self.log(role):
            ended = self._running[role].poll()
            assert ended is None, f"{role} ended with {ended}:\n{self.log(role)[-4000:]}"
            assert time.monotonic() < end, f"{role} did not say {line!r}:\n{self.log(role)[-4000:]}"
            time.sleep(0.2)

    def inside(self, role: str, *command: str) -> str:
        """What a program prints in a running container."""
        return podman("exec", self.container(role), *command)

    def terminate(self, role: str) -> tuple[int, float]:
        """SIGTERM alone, as the kubelet sends it; returns exit code and seconds."""
        start = time.monotonic()
        podman("kill", "--signal=TERM", self.container(role))
        code = self.exit_code(role, timeout=120)
        return code, time.monotonic() - start


def restricted(image: str, program: str, *options: str) -> str:
    """What a Python program prints in a restricted container of an image, without any mount."""
    memory = [f"--tmpfs={path}:rw,size={size},mode=1777" for path, size in MEMORY.items()]
    user = f"--user={UNKNOWN_USER}:0"
    run = ("run", "--rm", "--network=none", user, *RESTRICTED, *memory, *options)
    return podman(*run, "--entrypoint=/opt/flinksec/bin/python", image, "-c", program)
