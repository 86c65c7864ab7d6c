# SPDX-License-Identifier: Apache-2.0
"""One job to and from HDFS through all that can happen to HDFS, one after the other.

The shell is Hadoop's own, and so are the faults: its administrator's commands, and killed servers.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import fastavro
import psutil
import pytest

from flinksec_jobs import hadoop_files
from flinksec_jobs.runtime.java import find_java
from flinksec_jobs.sandbox import Sandbox, hdfs_nodes
from tests.hdfs.hadoop_shell import HadoopShell
from tests.hdfs.reading_jobs import Job, Readings
from tests.kafka.logs import assert_causes_are_told_once
from tests.patience import PATIENCE

PROGRAM = Path(__file__).parent / "programs" / "hdfs_faults.py"
TOPIC = "faults"
DIRECTORY = "/data/faults"
COPY = "/data/faults-copied"
LASTS = 3.0
# As in a cluster; a local run ends with its first failure.
RESTARTS = """
"restart-strategy.type" = "fixed-delay"
"restart-strategy.fixed-delay.attempts" = 1000
"restart-strategy.fixed-delay.delay" = "1 s"
"""


def kill_servers(sandbox: Sandbox) -> None:
    """SIGKILL to NameNode and DataNode, which are one process here."""
    (found,) = [one for one in sandbox.status() if one.name == "hdfs" and one.alive]
    process = psutil.Process(found.pid)
    process.kill()
    process.wait(PATIENCE)


def start_servers(sandbox: Sandbox) -> None:
    """Start them again with what is on their disks."""
    options = [f"-Djava.security.krb5.conf={sandbox.krb5_conf}"]
    command = hdfs_nodes.server_command(sandbox._layout, find_java(), options)
    sandbox._launch("hdfs", command).wait_ready("hdfs", PATIENCE)


def restart_servers(sandbox: Sandbox) -> None:
    """Let them be away for a while."""
    kill_servers(sandbox)
    time.sleep(LASTS)
    start_servers(sandbox)


def reserve(sandbox: Sandbox, size: int) -> None:
    """Start them again with so many bytes of the disk that are not for blocks."""
    kill_servers(sandbox)
    file = sandbox.directory / "hadoop" / "hdfs-site.xml"
    options = hadoop_files.read(file.parent, "test") | {"dfs.datanode.du.reserved": str(size)}
    file.write_text(hadoop_files.as_xml(options))
    start_servers(sandbox)


class Fault(NamedTuple):
    """Something that happens to HDFS, how it ends, and what the log calls it."""

    name: str
    begin: Callable[[Sandbox, HadoopShell], object]
    end: Callable[[Sandbox, HadoopShell], object]
    told: str


FAULTS = (
    Fault(
        "safe mode",
        lambda _, hadoop: hadoop.admin("-safemode", "enter"),
        lambda _, hadoop: hadoop.admin("-safemode", "leave"),
        "Name node is in safe mode",
    ),
    Fault(
        "a quota of space",
        lambda _, hadoop: hadoop.admin("-setSpaceQuota", "1k", DIRECTORY),
        lambda _, hadoop: hadoop.admin("-clrSpaceQuota", DIRECTORY),
        "The DiskSpace quota of /data/faults is exceeded",
    ),
    Fault(
        "a quota of names",
        lambda _, hadoop: hadoop.admin("-setQuota", "2", DIRECTORY),
        lambda _, hadoop: hadoop.admin("-clrQuota", DIRECTORY),
        "The NameSpace quota (directories and files) of directory /data/faults is exceeded",
    ),
    Fault(
        "a right that is taken away",
        lambda _, hadoop: hadoop.fs("-chown", "-R", "hdfs", DIRECTORY),
        lambda _, hadoop: hadoop.fs("-chown", "-R", "flink", DIRECTORY),
        "Permission denied: user=flink",
    ),
    Fault(
        "the DataNode lost, and then the NameNode, too",
        lambda sandbox, hadoop: hadoop.admin(
            "-shutdownDatanode", f"{sandbox._layout.host}:{sandbox.ports['datanode-ipc']}"
        ),
        lambda sandbox, _: restart_servers(sandbox),
        "could only be written to 0 of the 1 minReplication nodes",
    ),
    Fault(
        "a disk without room, of a DataNode that is there",
        lambda sandbox, _: reserve(sandbox, 1 << 60),
        lambda sandbox, _: reserve(sandbox, 0),
        "could only be written to 0 of the 1 minReplication nodes",
    ),
)


@pytest.fixture
def job(sandbox: Sandbox, tmp_path: Path) -> Iterator[Job]:
    variables = {"TOPIC": TOPIC, "DIRECTORY": DIRECTORY, "COPY": COPY}
    made = Job(sandbox, tmp_path, PROGRAM, variables, RESTARTS)
    yield made
    made.kill()
    if not any(one.alive for one in sandbox.status() if one.name == "hdfs"):
        start_servers(sandbox)


class Numbers:
    """The numbers in finished files, each of which is read once, as it then stays so."""

    def __init__(self, hadoop: HadoopShell, copies: Path) -> None:
        self._hadoop = hadoop
        self._copies = copies
        self._read: dict[str, dict[str, list[int]]] = {DIRECTORY: {}, COPY: {}}

    def look(self, directory: str) -> Counter[int]:
        known = self._read[directory]
        files = self._hadoop.files(directory)
        new = {k: v for k, v in files.items() if not k.startswith(".") and k not in known}
        target = self._copies / f"{time.monotonic_ns()}"
        target.mkdir(parents=True)
        self._hadoop.get(directory, new, target)
        for file in target.iterdir():
            if directory == COPY:
                with file.open("rb") as content:
                    rows = [dict(row) for row in fastavro.reader(content)]  # type: ignore[arg-type]
            else:
                rows = [json.loads(line) for line in file.read_text().splitlines()]
            known[file.name] = [row["n"] for row in rows]
        return Counter(n for numbers in known.values() for n in numbers)

    def unfinished(self) -> list[str]:
        return [
            name
            for directory in (DIRECTORY, COPY)
            for name in self._hadoop.files(directory)
            if name.startswith(".")
        ]


def test_each_row_is_written_and_read_once_whatever_happens_to_hdfs_and_to_the_job(
    sandbox: Sandbox, job: Job, tmp_path: Path
) -> None:
    sandbox.create_topics({TOPIC: 2})
    with HadoopShell(sandbox) as hadoop:
        hadoop.fs("-mkdir", "-p", DIRECTORY, COPY)
        hadoop.fs("-chown", "flink", DIRECTORY, COPY)
        numbers = Numbers(hadoop, tmp_path / "copies")

        def wait_for_more(what: str) -> None:
            before = len(numbers.look(COPY))
            job.wait_for(f"rows after {what}", lambda: len(numbers.look(COPY)) > before, 2.0)

        with Readings(sandbox, TOPIC) as readings:
            job.start(2)
            wait_for_more("the start")
            for fault in FAULTS:
                before = job.log.count(fault.told)  # two faults are called the same
                fault.begin(sandbox, hadoop)
                job.wait_for(
                    f"{fault.name} in the log",
                    lambda f=fault, n=before: job.log.count(f.told) > n,  # type: ignore[misc]
                )
                time.sleep(LASTS)
                fault.end(sandbox, hadoop)
                wait_for_more(fault.name)
            hadoop.admin("-safemode", "enter")
            time.sleep(1)
            job.kill()
            hadoop.admin("-safemode", "leave")
            job.start(3)
            wait_for_more("a kill in a fault")
        expected = set(readings.numbers)
        for directory in (DIRECTORY, COPY):
            job.wait_for(
                f"all rows in {directory}",
                lambda d=directory: numbers.look(d).keys() == expected,  # type: ignore[misc]
                1.0,
            )
        job.wait_for("no unfinished file", lambda: not numbers.unfinished(), 1.0)
        for directory in (DIRECTORY, COPY):
            assert set(numbers.look(directory).values()) == {1}, directory
    assert "Connection refused" in job.log
    assert_causes_are_told_once(job.log)
