# SPDX-License-Identifier: Apache-2.0
"""What runs in a sandbox's directory, written down so that anyone can find and stop it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from flinksec_jobs.errors import SandboxError
from flinksec_jobs.files import RECORD, content, read_text
from flinksec_jobs.parsing import json_value
from flinksec_jobs.private_files import write_private
from flinksec_jobs.sandbox.layout import LOOPBACK, LOOPBACK_ADDRESS, REALM, Layout
from flinksec_jobs.sandbox.processes import ServerRecord


@dataclass(frozen=True)
class Running:
    """What was started.

    Attributes:
        records: the processes.
        ports: by name.
        servers: which were asked for.
        host: the name that clients use.
        bind: the address on which they listen.
        realm: of the principals.
    """

    records: Sequence[ServerRecord]
    ports: Mapping[str, int]
    servers: Sequence[str]
    host: str = LOOPBACK
    bind: str = LOOPBACK_ADDRESS
    realm: str = REALM

    def all_alive(self) -> bool:
        """Whether every process still runs."""
        return bool(self.records) and all(record.process() for record in self.records)


def write(layout: Layout, running: Running) -> None:
    """Write down what runs, replacing what was there."""
    written = {
        "servers": list(running.servers),
        "ports": dict(running.ports),
        "host": running.host,
        "bind": running.bind,
        "realm": running.realm,
        "processes": [asdict(record) for record in running.records],
    }
    write_private(layout.record, json.dumps(written, indent=2) + "\n")


def read(layout: Layout) -> Running | None:
    """Return what was written down, or None.

    Raises:
        SandboxError: the file cannot be understood.
    """
    if not os.path.lexists(layout.record):
        return None
    text = read_text(layout.record, "the sandbox's record", RECORD, error=SandboxError)
    try:
        found = json_value(text)
        records = [ServerRecord(**record) for record in found["processes"]]
        place = {name: found[name] for name in ("host", "bind", "realm") if name in found}
        return Running(records, found["ports"], found["servers"], **place)
    except (ValueError, KeyError, TypeError) as error:
        raise SandboxError(
            f"{layout.record} cannot be read: {error}",
            hint="find the sandbox's processes by this directory's name in `ps -ef`, "
            "end them, and delete the directory",
        ) from error


def is_up(layout: Layout) -> bool:
    """Whether everything runs that was started in a directory.

    Raises:
        SandboxError: what was written down there cannot be understood.
    """
    running = read(layout)
    return running is not None and running.all_alive()


def write_ports(layout: Layout, ports: Mapping[str, int]) -> None:
    """Write down which ports were chosen, for the next time."""
    write_private(layout.ports, json.dumps(dict(ports), indent=2) + "\n")


def read_ports(layout: Layout) -> dict[str, int]:
    """Return the ports of the last time; none if nothing can be read, as others will do too."""
    try:
        found = json_value(content(layout.ports, RECORD).decode("utf-8"))
        return {str(name): int(port) for name, port in found.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


@contextmanager
def locked(layout: Layout) -> Iterator[None]:
    """Hold the sandbox's lock, so that two do not start or stop in one directory at once."""
    with layout.marker.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
