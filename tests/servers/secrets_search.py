# SPDX-License-Identifier: Apache-2.0
"""Looks for secrets where none may be: what processes show, what they log, what they answer."""

import base64
import http.client
import itertools
import json
import re
import struct
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import psutil

from flinksec_jobs.errors import JobError
from flinksec_jobs.runtime import running
from tests.living_files import content_below

_INTERVAL_SECONDS = 0.2
# Processes come and go; what REST tells stays, and each answer costs the JobManager time.
_REST_EVERY = 10

# Flink's REST interface, as its documentation lists it: all that is asked by GET, but for uploads.
_OF_ALL = (
    *("/config", "/overview", "/cluster", "/datasets", "/jars", "/jobs", "/jobs/overview"),
    *("/jobs/metrics", "/taskmanagers", "/taskmanagers/metrics"),
    *(
        f"/jobmanager/{part}"
        for part in ("config", "environment", "log", "logs", "metrics", "stdout", "thread-dump")
    ),
)
_OF_A_JOB = (
    *("", "/accumulators", "/checkpoints", "/checkpoints/config", "/config", "/exceptions"),
    *("/jobmanager/config", "/jobmanager/environment", "/jobmanager/log-url", "/metrics", "/plan"),
    *("/execution-result", "/status"),
)
_OF_A_VERTEX = (
    *("", "/accumulators", "/backpressure", "/metrics", "/subtasks/0", "/subtasks/0/metrics"),
    *("/subtasks/accumulators", "/subtasks/metrics", "/subtasktimes", "/taskmanagers"),
    *("/watermarks", "/jm-operator-metrics", "/flamegraph"),
)
_OF_A_TASKMANAGER = ("", "/log", "/logs", "/metrics", "/stdout", "/thread-dump")
_ID = re.compile(r"(?<=/)[0-9a-f]{32}\b|(?<=/taskmanagers/)(?!metrics)[^/]+")

_OF_KAFKA = {".password", ".client-secret", ".token"}

Ask = Callable[[str], bytes]


class Seen:
    """Everything that could be seen of the processes below this one, by where it was."""

    def __init__(self, ask_rest: Ask) -> None:
        self._ask_rest = ask_rest
        self._content: list[tuple[str, bytes]] = []
        self._processes: set[tuple[int, float]] = set()
        self._stop = threading.Event()

    @classmethod
    @contextmanager
    def watching(cls, ask_rest: Ask) -> Iterator[Self]:
        """Collect command lines and environments of all processes that appear meanwhile.

        Also what Flink's REST server, asked in this way, tells of its configuration and its jobs.
        """
        seen = cls(ask_rest)
        thread = threading.Thread(target=seen._watch, daemon=True)
        thread.start()
        try:
            yield seen
        finally:
            seen._stop.set()
            thread.join()

    def add(self, where: str, content: bytes) -> None:
        self._content.append((where, content))

    def add_files(self, where: str, directory: Path) -> None:
        for content in content_below(directory):
            self.add(where, content)

    def ask_for_all(self) -> set[str]:
        """Ask Flink's REST server for everything that it tells of its jobs, once.

        Returns:
            What it answered: the paths, with ``*`` in the place of ids.
        """
        answered = set()
        for path in self._paths():
            try:
                self.add(f"REST {path}", self._ask_rest(path))
            except (OSError, http.client.HTTPException):
                continue  # there is none of it in a local run
            answered.add(_ID.sub("*", path))
        return answered

    def _paths(self) -> Iterator[str]:
        yield from _OF_ALL
        for job in json.loads(self._ask_rest("/jobs"))["jobs"]:
            of_job = f"/jobs/{job['id']}"
            yield from (f"{of_job}{part}" for part in _OF_A_JOB)
            for vertex in json.loads(self._ask_rest(of_job))["vertices"]:
                yield from (f"{of_job}/vertices/{vertex['id']}{part}" for part in _OF_A_VERTEX)
        for manager in json.loads(self._ask_rest("/taskmanagers"))["taskmanagers"]:
            of_manager = f"/taskmanagers/{manager['id']}"
            yield from (f"{of_manager}{part}" for part in _OF_A_TASKMANAGER)

    def places(self) -> set[str]:
        return {where for where, content in self._content if content}

    def find(self, secrets: dict[str, bytes]) -> list[tuple[str, str]]:
        """Which secret was seen where."""
        return [
            (name, where)
            for where, content in self._content
            for name, secret in secrets.items()
            if any(form in content for form in _forms(secret))
        ]

    def _watch(self) -> None:
        for look in itertools.count():
            if self._stop.wait(_INTERVAL_SECONDS):
                return
            for process in psutil.Process().children(recursive=True):
                self._look_at(process)
            if look % _REST_EVERY == 0:
                self._ask_flink()

    def _ask_flink(self) -> None:
        try:
            jobs = json.loads(self._ask_rest("/jobs"))["jobs"]
            paths = ["/jobmanager/config", "/jobmanager/environment", "/jobmanager/log"]
            paths += [f"/jobs/{job['id']}{part}" for job in jobs for part in ("", "/config")]
            for path in paths if jobs else ():
                self.add(f"REST {path.rpartition('/')[2]}", self._ask_rest(path))
        except (OSError, http.client.HTTPException, ValueError):
            return  # not up, or gone

    def _look_at(self, process: psutil.Process) -> None:
        try:
            identity = (process.pid, process.create_time())
            directory = Path("/proc") / str(process.pid)
            command_line = (directory / "cmdline").read_bytes()
            environment = (directory / "environ").read_bytes()
        except (OSError, psutil.NoSuchProcess):
            return
        if identity not in self._processes:
            # A process shows its parent's command line until it has become its program; such
            # a look counts as well, but must not be the only one.
            if b"python" not in command_line.split(b"\0")[0]:
                self._processes.add(identity)
            self.add("command line", command_line)
            self.add("environment", environment)


def ask_local_run(path: str) -> bytes:
    """Ask the REST server of the one local run in this process or below it."""
    me = psutil.Process()
    mine = {process.pid for process in (me, *me.children(recursive=True))}
    (job,) = (job for job in running.jobs() if job.process_id in mine)
    try:
        return job.connect().request("GET", path)
    except JobError as error:
        raise ConnectionError from error


def _forms(secret: bytes) -> Iterator[bytes]:
    """The ways in which a secret may be written."""
    yield secret
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    yield base64.b64encode(secret).rstrip(b"=")
    yield base64.urlsafe_b64encode(secret).rstrip(b"=")
    yield urllib.parse.quote(secret).encode()


def words_in(content: bytes, words: set[bytes]) -> set[bytes]:
    """Which of thousands of words are anywhere in it: one pass, not one for each."""
    first = re.compile(
        b"[" + b"".join(re.escape(one) for one in {word[:1] for word in words}) + b"]"
    )
    lengths = {len(word) for word in words}
    pieces = (
        content[match.start() : match.start() + length]
        for match in first.finditer(content)
        for length in lengths
    )
    return words.intersection(pieces)


def secrets_of(directory: Path) -> dict[str, bytes]:
    """All secrets of a sandbox by the name of their file."""
    held = directory / "secrets"
    files = [*held.glob("elasticsearch-*"), *held.glob("schema-registry-*")]
    files += [path for path in (held / "kafka").glob("*") if path.suffix in _OF_KAFKA]
    found = {path.name: path.read_bytes().strip() for path in files}
    for line in (held / "elasticsearch.properties").read_text().splitlines():
        if line.startswith("store.password="):
            found["store password"] = line.partition("=")[2].encode()
    ticket = held / "flink.ccache"
    if ticket.exists():
        found["the end of the tickets"] = ticket.read_bytes()[-64:]
    for key in (directory / "state-keys").iterdir():
        if key.name != "primary":
            found[f"state key {key.name}"] = key.read_bytes()
    for path in (directory / "certificates").iterdir():
        if b"PRIVATE KEY" in (pem := path.read_bytes()):
            found[f"private key in {path.name}"] = pem.split(b"\n")[1]
    for path in (directory / "keytabs").iterdir():
        for number, key_bytes in enumerate(keytab_keys(path.read_bytes())):
            found[f"{path.name}, key {number}"] = key_bytes
    return found


def keytab_keys(content: bytes) -> Iterator[bytes]:
    """The keys in a keytab of version 0x502 (MIT Kerberos, "The keytab file format")."""
    position = 2
    while position < len(content):
        (size,) = struct.unpack_from(">i", content, position)
        position += 4
        entry = content[position : position + abs(size)]
        position += abs(size)
        if size > 0:
            yield _key_of(entry)


def _key_of(entry: bytes) -> bytes:
    (components,) = struct.unpack_from(">H", entry, 0)
    position = 2
    for _ in range(components + 1):  # the realm too
        (length,) = struct.unpack_from(">H", entry, position)
        position += 2 + length
    position += 4 + 4 + 1 + 2  # name type, timestamp, version, encryption type
    (length,) = struct.unpack_from(">H", entry, position)
    return entry[position + 2 : position + 2 + length]
