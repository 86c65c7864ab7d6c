# SPDX-License-Identifier: Apache-2.0
"""Local runs to look at from outside: what they listen on, and what a stranger gets there."""

import re
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import psutil

LISTENING = "0A"  # as /proc/net/tcp writes it


def below(process_id: int) -> list[psutil.Process]:
    """A process and all below it."""
    process = psutil.Process(process_id)
    return [process, *process.children(recursive=True)]


def listening(process_id: int) -> dict[int, str]:
    """The address by port of every TCP socket that a process or one below it listens on.

    From the kernel's own tables.
    """
    inodes = {
        match[1]
        for process in below(process_id)
        for link in _links(Path(f"/proc/{process.pid}/fd"))
        if (match := re.fullmatch(r"socket:\[(\d+)\]", link))
    }
    found = {}
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and fields[9] in inodes:
                address, _, port = fields[1].partition(":")
                found[int(port, 16)] = _address(address, family)
    return found


def _links(directory: Path) -> Iterator[str]:
    for path in directory.iterdir():
        try:
            yield str(path.readlink())
        except FileNotFoundError:
            continue


def _address(text: str, family: socket.AddressFamily) -> str:
    words = [int(text[at : at + 8], 16) for at in range(0, len(text), 8)]
    return socket.inet_ntop(family, struct.pack(f"={len(words)}I", *words))


def ask_gateway(port: int, *commands: str) -> list[bytes]:
    """What a gateway of Py4J answers to commands, one after another on one connection."""
    answers = []
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.settimeout(3)
        for command in commands:
            try:
                connection.sendall(command.encode())
                answers.append(connection.recv(4096))
            except OSError as error:
                answers.append(type(error).__name__.encode())
    return answers
