# SPDX-License-Identifier: Apache-2.0
"""What the jars of Flink and of Kafka know of their own options, asked once."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pyflink
import pytest

from flinksec_jobs import formats
from flinksec_jobs.runtime import artifacts

SOURCE = Path(__file__).with_name("Tables.java")
FLINK = Path(pyflink.__file__).parent
Rows = dict[str, list[list[str]]]
"""By the first word of a line: the fields behind it."""


def tool(name: str) -> str:
    home = os.environ.get("JAVA_HOME")
    found = shutil.which(name, path=f"{home}/bin" if home else None)
    assert found, f"no {name} in JAVA_HOME or on PATH"
    return found


def asked(jars: Iterable[Path], class_path: Iterable[Path], directory: Path) -> Rows:
    """Run `Tables.java` on jars."""
    path = os.pathsep.join(map(str, class_path))
    command = [tool("javac"), "--release", "17", "-cp", path, "-d", str(directory), str(SOURCE)]
    subprocess.run(command, check=True)
    command = [tool("java"), "-cp", f"{directory}{os.pathsep}{path}", SOURCE.stem]
    done = subprocess.run(
        [*command, *map(str, jars)], check=True, stdout=subprocess.PIPE, text=True
    )
    rows: Rows = defaultdict(list)
    for line in done.stdout.splitlines():
        kind, *fields = line.split("\t")
        rows[kind].append(fields)
    return rows


def formats_with_jars() -> list[str]:
    """The sets of jars that formats of records need, and jobs without them do not have."""
    return sorted({name for kind in formats.all_formats().values() for name in kind.jars})


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """The options of Flink and the properties of Kafka."""
    flink = [*FLINK.glob("lib/flink-*.jar"), *FLINK.glob("opt/flink-*.jar")]
    kafka = artifacts.jars("flink-kafka")
    sets = ("hadoop-client", *formats_with_jars())
    others = [*FLINK.glob("lib/*.jar"), *(jar for name in sets for jar in artifacts.jars(name))]
    parts = ("sealed-state", "high-availability", "secure-connectors")
    own = [artifacts.own_jar(f"flinksec-{part}") for part in parts]
    return asked(
        [*flink, *kafka, *own],
        dict.fromkeys([*flink, *kafka, *others, *own]),
        tmp_path_factory.mktemp("classes"),
    )
