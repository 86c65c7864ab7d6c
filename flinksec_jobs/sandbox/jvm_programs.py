# SPDX-License-Identifier: Apache-2.0
"""Command lines of the sandbox's JVMs, and its clients that are programs of their own."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from flinksec_jobs.errors import SandboxError
from flinksec_jobs.runtime.java import Java

# Quick to start, small, and no faster in the long run: right for development servers.
_QUICK = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
_LOGGING = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
)

# No ticket of the user's own may stand in for what a test left out.
CLIENT_ENVIRONMENT = {"KRB5CCNAME": "FILE:/nonexistent"}


def java_command(
    java: Java,
    main: str,
    class_path: Iterable[Path],
    arguments: Sequence[str] = (),
    *,
    options: Sequence[str] = (),
    heap: str = "512m",
) -> list[str]:
    """Return the command that runs a main class."""
    return [
        str(java.executable),
        f"-Xmx{heap}",
        *_QUICK,
        *_LOGGING,
        *options,
        "-cp",
        os.pathsep.join(str(path) for path in class_path),
        main,
        *arguments,
    ]


@contextmanager
def client(command: Sequence[str], *, what: str) -> Iterator[subprocess.Popen[str]]:
    """Run a client program; its standard output is the caller's to read.

    Raises:
        SandboxError: it failed; the message has its causes, deepest first.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=os.environ | CLIENT_ENVIRONMENT,
        )
        try:
            with process:
                yield process
        except BaseException:
            process.kill()
            raise
        if process.returncode != 0:
            raise SandboxError(f"{what} failed: {_causes(errors)}")


def last_lines(errors: IO[str]) -> list[str]:
    """Return the last lines of what a program said on standard error."""
    errors.seek(0)
    return errors.read().splitlines()[-5:]


def _causes(errors: IO[str]) -> str:
    lines = last_lines(errors)
    told = [line.removeprefix("ERROR ") for line in lines if line.startswith("ERROR ")]
    return told[-1] if told else "\n".join(lines) or "it said nothing"
