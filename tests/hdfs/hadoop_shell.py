# SPDX-License-Identifier: Apache-2.0
"""Hadoop's own shells, ``hadoop fs`` and ``hdfs dfsadmin``, as the superuser, in one JVM."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from flinksec_jobs.runtime import artifacts
from flinksec_jobs.runtime.java import find_java
from flinksec_jobs.sandbox import Sandbox
from flinksec_jobs.sandbox.jvm_programs import java_command
from tests.patience import PATIENCE

SOURCE = Path(__file__).with_name("HadoopShell.java")
CUT = ("EOFException", "Connection reset", "Broken pipe", "Connection refused")
"""What a client says of a server that was there a moment ago."""


class RefusedError(Exception):
    """A command failed; the message is what it said."""


class HadoopShell(AbstractContextManager["HadoopShell"]):
    """The shells, of a sandbox; a JVM that lives as long as the ``with`` block."""

    def __init__(self, sandbox: Sandbox) -> None:
        jars = [sandbox.directory / "clients" / "hadoop", *artifacts.jars("sandbox-hdfs")]
        self._command = java_command(
            find_java(),
            str(SOURCE),
            jars,
            [f"hdfs/{sandbox._layout.host}@{sandbox._layout.realm}", str(sandbox.keytab("hdfs"))],
            options=[f"-Djava.security.krb5.conf={sandbox.krb5_conf}"],
        )

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | {"KRB5CCNAME": "FILE:/nonexistent"},
        )
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def fs(self, *words: object) -> list[str]:
        """Run ``hadoop fs``, and return the lines that it printed.

        Raises:
            RefusedError: it failed.
        """
        return self._run("fs", *words)

    def admin(self, *words: object) -> list[str]:
        """Run ``hdfs dfsadmin``.

        Raises:
            RefusedError: it failed.
        """
        return self._run("dfsadmin", *words)

    def files(self, directory: str) -> dict[str, str]:
        """Return the path below a directory of each file that a job wrote there, by its name.

        None are in a directory that no file has made yet.
        """
        try:
            listed = self._looked("-ls", "-C", "-R", directory)
        except RefusedError as error:
            if str(error) != f"ls: `{directory}': No such file or directory":
                raise
            return {}
        paths = [Path(line) for line in listed if line.startswith(f"{directory}/")]
        return {
            path.name: str(path.parent.relative_to(directory))
            for path in paths
            if "part-" in path.name
        }

    def get(self, directory: str, files: dict[str, str], target: Path) -> None:
        """Copy files that `files` found into one directory of this machine."""
        paths = [f"{directory}/{within}/{name}" for name, within in files.items()]
        if paths:
            self._looked("-get", "-f", "-t", "4", *paths, target)

    def _looked(self, *words: object) -> list[str]:
        """Run what changes nothing, again where a server that was killed had the connection."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return self.fs(*words)
            except RefusedError as error:
                if not any(one in str(error) for one in CUT) or time.monotonic() > end:
                    raise
            time.sleep(1)

    def _run(self, *words: object) -> list[str]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("\t".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        said: list[str] = []
        for line in self._process.stdout:
            if line.startswith("="):
                if line.strip() != "=0":
                    raise RefusedError("\n".join(said))
                return said
            said.append(line[1:].rstrip("\n"))
        raise RefusedError("the shell ended")
