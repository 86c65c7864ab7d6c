# SPDX-License-Identifier: Apache-2.0
"""JVMs of a client program that are kept for the next question: most of each is their start."""

from __future__ import annotations

import io
import os
import subprocess
import tempfile
import threading
import weakref
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence

from flinksec_jobs.errors import SandboxError
from flinksec_jobs.sandbox.jvm_programs import CLIENT_ENVIRONMENT, last_lines

_MORE, _WELL, _FAILED = ":", ".", "!"


class KeptClients:
    """Asks a client program, in one JVM for all questions that do not overlap.

    Its side of the conversation is ``org.flinksec.sandbox.Conversation``. The JVMs end when they
    are told to, when this object is forgotten, and with this process.

    Args:
        command: the program.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._idle: list[_Client] = []
        self.end = weakref.finalize(self, _end, self._idle)

    def ask(self, arguments: Sequence[str], *, what: str) -> Iterator[str]:
        """Yield the lines of the answer.

        Raises:
            SandboxError: it failed; the message has its causes, deepest first.
        """
        client = self._take()
        try:
            client.ask(arguments)
            yield from client.answer(what)
        finally:
            self._give_back(client)

    def tell(
        self,
        arguments: Sequence[str],
        lines: Iterable[str],
        *,
        what: str,
        answered: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Give lines with a question; ``answered`` gets the lines of the answer, in a thread.

        Raises:
            SandboxError: it failed; the message has its causes, deepest first.
        """
        client = self._take()
        failures: list[BaseException] = []

        def read() -> None:
            try:
                for line in client.answer(what):
                    answered(line)
            except BaseException as error:  # raised again, in the thread that asked
                failures.append(error)

        reader = threading.Thread(target=read, daemon=True)
        try:
            reader.start()
            client.ask(arguments, lines)
            reader.join()
        finally:
            self._give_back(client)
        for failure in failures:
            raise failure

    def _take(self) -> _Client:
        while self._idle:
            client = self._idle.pop()
            if client.runs:
                return client
            client.end()
        return _Client(self._command)

    def _give_back(self, client: _Client) -> None:
        """Keep one that has answered; one that was left in the middle is of no more use."""
        if client.has_answered and self.end.alive:
            self._idle.append(client)
        else:
            client.end()


def _end(clients: list[_Client]) -> None:
    while clients:
        clients.pop().end()


class _Client:
    """A JVM."""

    def __init__(self, command: Sequence[str]) -> None:
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  see `end`
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=os.environ | CLIENT_ENVIRONMENT,
        )
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: S101
        self._to = io.TextIOWrapper(self._process.stdin, encoding="utf-8", newline="\n")
        self._from = io.TextIOWrapper(self._process.stdout, encoding="utf-8", newline="\n")
        self.has_answered = False

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def ask(self, arguments: Sequence[str], lines: Iterable[str] = ()) -> None:
        self.has_answered = False
        question = "\t".join(b64encode(one.encode()).decode() for one in arguments)
        try:
            self._to.write(f"{question}\n")
            for line in lines:
                self._to.write(_MORE + line.replace("\n", f"\n{_MORE}") + "\n")
            self._to.write(f"{_WELL}\n")
            self._to.flush()
        except BrokenPipeError:
            pass  # it has ended: `answer` tells why

    def answer(self, what: str) -> Iterator[str]:
        for line in self._from:
            kind, text = line[0], line[1:].removesuffix("\n")
            if kind == _MORE:
                yield text
                continue
            self.has_answered = True
            if kind == _FAILED:
                raise SandboxError(f"{what} failed: {text}")
            return
        self._process.wait()
        said = "\n".join(last_lines(self._errors))
        raise SandboxError(f"{what} failed: {said or 'it said nothing'}")

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._to, self._from, self._errors):
            try:
                stream.close()
            except BrokenPipeError:
                continue  # what it was still to be told
