# SPDX-License-Identifier: Apache-2.0
"""Starts the JVM of a local run, and connects PyFlink with it by a password.

PyFlink's own gateway lets in everybody who reaches its port on the loopback interface, which is
every user of the machine, and runs whatever it is told. Ours asks for a token, in both directions:
256 random bits that the JVM reads from its standard input.
"""

from __future__ import annotations

import atexit
import logging
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flinksec_jobs.errors import JobError
from flinksec_jobs.files import reason

MAIN_CLASS = "org.flinksec.gateway.LocalGateway"
# A machine may be busy with other jobs.
_PATIENCE_SECONDS = 180
_POLL_SECONDS = 0.02
_TOLD_LINES, _TOLD_BYTES = 5, 4096
_SECONDS_TO_END = 10


@dataclass(frozen=True)
class Command:
    """How the JVM is started.

    Attributes:
        java: the program.
        options: of the JVM; class path and main class follow.
        class_path: jars and directories.
        environment: all of the JVM's, nothing of this process's is added.
        log_file: what the JVM, and Python functions in it, write to standard error.
    """

    java: Path
    options: Sequence[str]
    class_path: Sequence[Path]
    environment: Mapping[str, str]
    log_file: Path


@dataclass
class Started:
    """A JVM that runs, and PyFlink's way to it."""

    process: subprocess.Popen[bytes]
    gateway: Any

    def end(self) -> None:
        """End the JVM, and return when it has; calling it again does nothing."""
        # Objects of Python that stand for Java's are forgotten later; nobody is told any more.
        self.gateway._gateway_client.is_connected = False
        with suppress(Exception):  # it may be gone, or in the middle of something
            self.gateway.shutdown_callback_server()
        end_process(self.process)


def start(command: Command, directory: Path) -> Started:
    """Start the JVM and connect with it.

    Args:
        command: what to start.
        directory: a private one, for the file in which the JVM tells its port.

    Raises:
        JobError: it ended before it could be reached, or is not to be reached.
    """
    port_file = directory / "gateway-port"
    token = secrets.token_urlsafe(32)
    arguments = [
        str(command.java),
        *command.options,
        "-cp",
        os.pathsep.join(map(str, command.class_path)),
        MAIN_CLASS,
        str(port_file),
    ]
    log = os.open(command.log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    begin = os.fstat(log).st_size
    try:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stderr=log,
            env=dict(command.environment),
            umask=0o077,
            preexec_fn=_ignore_interrupts,  # noqa: PLW1509  one call, without a lock
        )
    except OSError as error:
        raise JobError(
            f"the JVM for the job did not start: {command.java}: {reason(error)}",
            hint="set JAVA_HOME to a Java 17 that can be run",
        ) from error
    finally:
        os.close(log)
    try:
        assert process.stdin is not None  # noqa: S101  a pipe was asked for
        with suppress(BrokenPipeError):  # it has ended, which is told below
            process.stdin.write(token.encode() + b"\n")
            process.stdin.flush()
        port = _wait_for_port(process, port_file, command, begin)
        started = Started(process, _connect(port, token))
    except BaseException:
        end_process(process)
        raise
    # Handlers run last one first: the JVM ends before its files go.
    atexit.register(started.end)
    return started


def end_process(process: subprocess.Popen[bytes]) -> None:
    """End a JVM by the end of its input, else by force, and return when it has ended."""
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
    try:
        process.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _connect(port: int, token: str) -> Any:
    from py4j.java_gateway import CallbackServerParameters, GatewayParameters, JavaGateway

    keep_traces_out()
    return JavaGateway(
        gateway_parameters=GatewayParameters(port=port, auto_convert=True, auth_token=token),
        callback_server_parameters=CallbackServerParameters(
            port=0, daemonize=True, daemonize_connections=True, auth_token=token
        ),
    )


def keep_traces_out() -> None:
    """Keep Py4J from telling by tracebacks that a JVM is gone, a dozen times for each call."""
    for name in ("", "py4j.java_gateway"):  # it writes to both, and a filter is of one logger
        logging.getLogger(name).addFilter(_is_no_trace_of_py4j)


def _is_no_trace_of_py4j(record: logging.LogRecord) -> bool:
    """Whether it is anything but a traceback of Py4J's, which raises the same error as well."""
    return not (record.levelno == logging.ERROR and f"{os.sep}py4j{os.sep}" in record.pathname)


def _wait_for_port(
    process: subprocess.Popen[bytes], port_file: Path, command: Command, begin: int
) -> int:
    end = time.monotonic() + _PATIENCE_SECONDS
    while not port_file.exists():
        if process.poll() is not None or time.monotonic() > end:
            ended = process.poll()
            what = "does not answer" if ended is None else f"ended with exit code {ended}"
            said = _last_lines(command.log_file, begin)
            raise JobError(
                f"the JVM for the job {what}" + (f": {said}" if said else ""),
                hint=f"it was started with the Java at {command.java}; its log is "
                f"{command.log_file}",
            )
        time.sleep(_POLL_SECONDS)
    return int(port_file.read_text())


def _last_lines(log_file: Path, begin: int) -> str:
    """Return what the JVM has said since it was started."""
    with log_file.open("rb") as file:
        file.seek(max(begin, file.seek(0, os.SEEK_END) - _TOLD_BYTES))
        said = file.read().decode(errors="replace")
    return "; ".join(line.strip() for line in said.strip().splitlines()[-_TOLD_LINES:])


def _ignore_interrupts() -> None:
    """Ctrl-C reaches the whole process group; Python decides when its JVM ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
