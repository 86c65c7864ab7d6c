# SPDX-License-Identifier: Apache-2.0
"""Everybody who judges a server of the settings' before a document goes to it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

import pyflink
import pytest

from flinksec_jobs import elasticsearch
from flinksec_jobs.errors import JobError
from flinksec_jobs.runtime import artifacts, jvm
from flinksec_jobs.settings import Settings

SOURCE = Path(__file__).with_name("Judges.java")
MAIN = "org.flinksec.elasticsearch.Judges"


class Jvm:
    """A JVM with `Judges.java`."""

    def __init__(self, directory: Path, *options: str) -> None:
        home = os.environ.get("JAVA_HOME")
        java, javac = (shutil.which(name, path=f"{home}/bin" if home else None)
                       for name in ("java", "javac"))  # fmt: skip
        assert java, "no java in JAVA_HOME or on PATH"
        assert javac, "no javac in JAVA_HOME or on PATH"
        ours = artifacts.own_jar("flinksec-secure-connectors")
        path = f"{ours}{os.pathsep}{Path(pyflink.__file__).parent / 'lib'}/*"
        compiling = [javac, "--release", "17", "-proc:none", "-cp", path, "-d", str(directory),
                     str(SOURCE)]  # fmt: skip
        subprocess.run(compiling, check=True)
        self._process = subprocess.Popen(
            [java, "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", *options,
             "-cp", f"{directory}{os.pathsep}{path}", MAIN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(directory / "log").open("w"),
            text=True,
        )  # fmt: skip

    def tell(self, command: str, options: Mapping[str, str], names: Sequence[str] = ()) -> str:
        """Return a verdict, empty if the server is taken."""
        assert self._process.stdin
        assert self._process.stdout
        words = [command, *(f"{name}={value}" for name, value in options.items()), *names]
        self._process.stdin.write("\t".join(words) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the JVM ended"
        return answer.strip()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def by_sink(java: Jvm, settings: Settings) -> str:
    """Why the sink's client sends no document; empty if it does."""
    return java.tell("sink", elasticsearch.connection_options(settings))


def by_preflight(java: Jvm, settings: Settings) -> str:
    """Why a job is not submitted; empty if it is."""

    def check(options: Mapping[str, str], indices: Sequence[str]) -> str:
        return java.tell("preflight", options, indices)

    package = SimpleNamespace(ElasticsearchPreflight=SimpleNamespace(check=check))
    org = SimpleNamespace(
        flinksec=SimpleNamespace(elasticsearch=SimpleNamespace(connection=package))
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jvm, "view", lambda: SimpleNamespace(org=org))
        patch.setattr(jvm, "string_map", dict)
        patch.setattr(jvm, "string_list", list)
        try:
            elasticsearch.ask(settings, ["any"])
        except JobError as error:
            return error.message
    return ""


def by_python(_: Jvm, settings: Settings) -> str:
    """Why Elastic's client in Python sends no document; empty if it does."""
    from elastic_transport import TransportError
    from elasticsearch import ApiError, UnsupportedProductError

    try:
        with elasticsearch.client(settings).options(max_retries=0) as client:
            client.bulk(operations=[{"index": {}}, {}], index="any")
    except (ApiError, TransportError, UnsupportedProductError) as error:
        return f"{type(error).__name__}: {error} {getattr(error, 'errors', ())} {error.__cause__}"
    return ""


JUDGES = (by_sink, by_preflight, by_python)
