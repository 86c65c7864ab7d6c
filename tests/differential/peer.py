# SPDX-License-Identifier: Apache-2.0
"""The Java half: one JVM that lives as long as the fuzzing, and answers over a pipe."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyflink

from flinksec_jobs.runtime.java import find_java
from tests.differential.cases import Reading
from tests.vectors import sealing

ROOT = Path(__file__).parents[2]
_TARGET = ROOT / "connectors" / "sealed-state" / "target"
_CLASS = "org.flinksec.sealed.DifferentialPeer"


class Peer:
    """The JVM; ask and take the answers in turns.

    Args:
        ring: the directory of the keys.
    """

    def __init__(self, ring: Path) -> None:
        if not (_TARGET / "test-classes" / (_CLASS.replace(".", "/") + ".class")).is_file():
            raise FileNotFoundError(f"{_CLASS} is not built: run scripts/fuzz.sh, or make test")
        jars = [*(Path(pyflink.__file__).parent / "lib").glob("*.jar")]
        path = ":".join(map(str, [_TARGET / "test-classes", _TARGET / "classes", *jars]))
        options = ["-Xmx512m", "-XX:+UseSerialGC", "-Dlog4j2.level=ERROR"]
        self._process = subprocess.Popen(
            [find_java().executable, *options, "-cp", path, _CLASS, ring],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, requests: Sequence[bytes]) -> None:
        """Sends a batch; the JVM works on it while this process does something else."""
        assert self._process.stdin
        self._count = len(requests)
        self._process.stdin.write(b"".join(requests) + b".\n")
        self._process.stdin.flush()

    def answers(self) -> list[str]:
        """What was said to the last batch."""
        assert self._process.stdout
        lines = [self._process.stdout.readline() for _ in range(self._count)]
        if not all(lines):
            raise ChildProcessError(f"the JVM ended with exit code {self._process.wait()}")
        return [line.decode().removesuffix("\n") for line in lines]


def reading(case: Reading, data: bytes) -> bytes:
    """The request to read these bytes."""
    return _line("read", _hex(case.path), str(len(data)), *case.steps) + data


def file(path: Path, steps: Sequence[str]) -> bytes:
    """The request to read a file on disk."""
    return _line("file", _hex(str(path)), *steps)


def ring(path: Path) -> bytes:
    """The request to open a key ring."""
    return _line("ring", _hex(str(path)))


def writing(path: str, sealed: bytes, data_key: bytes, plain: bytes, steps: Sequence[str]) -> bytes:
    """The request to write what a sealed file holds, with the random bytes that it has."""
    data_key_id, file_id, created = sealed[16:32], sealed[32:48], int.from_bytes(sealed[48:56])
    salt = sealed[sealing.HEADER :][:24]
    chosen = (data_key_id + data_key + file_id + salt).hex()
    return _line("write", _hex(path), chosen, str(created), str(len(plain)), *steps) + plain


def _line(*words: str) -> bytes:
    return " ".join(words).encode() + b"\n"


def _hex(text: str) -> str:
    return text.encode().hex()
