# SPDX-License-Identifier: Apache-2.0
"""The formats of records in Java, ours and Flink's own: one JVM that reads and writes for tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyflink

from flinksec_jobs.runtime import artifacts
from flinksec_jobs.runtime.java import find_java

MAIN = "FormatsPeer"
SOURCES = [
    Path(__file__).with_name(f"{name}.java")
    for name in (MAIN, "FlinksFormats", "IndexNamesInJson", "RowsInFlink", "RowsInJson")
]
DESCRIPTORS = Path(__file__).parents[1] / "vectors" / "protobuf" / "shop.desc"
Shape = dict[str, Any]


def shape(kind: str, *, nullable: bool = False, **more: Any) -> Shape:
    """What a value of a record is, as the JVM is told it."""
    return {"kind": kind, "nullable": nullable, **more}


def maybe(kind: str, **more: Any) -> Shape:
    """The same for one that may be null."""
    return shape(kind, nullable=True, **more)


def row(**fields: Shape) -> Shape:
    """What a record of these fields is."""
    return shape("row", fields=[{"name": name, "shape": one} for name, one in fields.items()])


def named(record: Shape, **fields: Mapping[str, Any]) -> Shape:
    """The same with more said of fields: ``wire``, their names outside, and ``default``."""
    return {**record, "fields": [one | fields.get(one["name"], {}) for one in record["fields"]]}


class FormatsPeer:
    """The JVM, which knows codecs by names.

    Args:
        directory: for its classes.
    """

    def __init__(self, directory: Path) -> None:
        jars = [
            artifacts.own_jar("flinksec-secure-connectors"),
            *artifacts.jars("protobuf"),
            *(Path(pyflink.__file__).parent / "lib").glob("*.jar"),
        ]
        path = os.pathsep.join(map(str, jars))
        java = find_java().executable
        javac = shutil.which("javac", path=f"{Path(java).parent}{os.pathsep}{os.environ['PATH']}")
        assert javac, "no javac beside java or on PATH"
        subprocess.run([javac, "-nowarn", "-cp", path, "-d", directory, *SOURCES], check=True)
        options = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        self._process = subprocess.Popen(
            [java, *options, "-cp", f"{directory}{os.pathsep}{path}", MAIN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def close(self) -> None:
        """End the JVM."""
        self._process.kill()
        self._process.communicate()

    def ask(self, **request: Any) -> dict[str, Any]:
        """Ask one thing."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the JVM ended with exit code {self._process.wait()}"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def codec(
        self,
        format: str,  # noqa: A002
        record: Shape,
        excluded: Sequence[str] = (),
        **options: Any,
    ) -> Codec:
        """Make a codec.

        Raises:
            AssertionError: it is refused.
        """
        refused = self.refused(format, record, excluded, **options)
        assert refused is None, refused
        return Codec(self, self._name)

    def refused(
        self,
        format: str,  # noqa: A002
        record: Shape,
        excluded: Sequence[str] = (),
        **options: Any,
    ) -> str | None:
        """Why a codec is refused; None if it is not."""
        if format == "protobuf":
            options.setdefault("descriptors", DESCRIPTORS.read_bytes().hex())
        self._name = json.dumps([format, record, list(excluded), options])
        answer = self.ask(
            codec=self._name, format=format, shape=record, excluded=excluded, options=options
        )
        assert set(answer) <= {"refused"}, answer
        return answer.get("refused")


class Codec:
    """A form of records for rows of one shape."""

    def __init__(self, peer: FormatsPeer, name: str) -> None:
        self._peer = peer
        self._name = name

    def asked(self, value: bytes | None) -> dict[str, Any]:
        """All that is said to a record that is read."""
        return self._peer.ask(codec=self._name, hex=None if value is None else value.hex())

    def changes(self, value: bytes | None) -> list[tuple[str, dict[str, Any]]]:
        """The rows of a record, with their kinds."""
        answer = self.asked(value)
        assert set(answer) == {"rows"}, answer
        return [(kind, fields) for kind, fields in answer["rows"]]

    def read(self, value: bytes | None) -> dict[str, Any]:
        """The one row of a record."""
        ((kind, fields),) = self.changes(value)
        assert kind == "+I"
        return fields

    def bad(self, value: bytes | None) -> str:
        """Why a record cannot be read."""
        answer = self.asked(value)
        assert set(answer) == {"bad"}, answer
        return str(answer["bad"])

    def written(self, fields: Mapping[str, Any], kind: str = "+I") -> dict[str, Any]:
        """All that is said to a row that is written."""
        return self._peer.ask(codec=self._name, row=fields, kind=kind)

    def write(self, fields: Mapping[str, Any], kind: str = "+I") -> bytes:
        """The record of a row."""
        answer = self.written(fields, kind)
        assert isinstance(answer.get("hex"), str), answer
        return bytes.fromhex(answer["hex"])

    def unwritable(self, fields: Mapping[str, Any], kind: str = "+I") -> str:
        """Why a row cannot be written."""
        answer = self.written(fields, kind)
        assert set(answer) == {"bad"}, answer
        return str(answer["bad"])
