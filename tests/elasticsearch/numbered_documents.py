# SPDX-License-Identifier: Apache-2.0
"""The job of programs/numbered_documents.py, started as users do, and what is in its indices."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from elasticsearch import Elasticsearch, helpers

from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.runtime import running
from tests.elasticsearch.search_node import SearchNode
from tests.https_certificates import written
from tests.kafka.logs import lines_about
from tests.kafka.wire import Proxy
from tests.patience import PATIENCE

PROGRAM = Path(__file__).parent / "programs" / "numbered_documents.py"
CANARY = "canary-of-numbered-documents"
INDICES = ("each", "any", "latest", "changed")
# As in the program.
BLOCK, IDS = 200, 40
BATCH = 50


class NumberedDocuments:
    """The job, which comes to the node by a proxy.

    Args:
        node: the server.
        way: the proxy.
        directory: of its own, for settings, state and logs.
    """

    def __init__(self, node: SearchNode, way: Proxy, directory: Path) -> None:
        self.node = node
        self.directory = directory
        self.process: subprocess.Popen[str] | None = None
        self._checked = 0
        self._forgotten = 0
        self.ca_certs, self.password = directory / "ca.pem", directory / "password"
        self.take_certificates()
        self.take_password()
        self._settings = written(directory / "settings.toml", self._toml(way.port).encode())
        mappings = {"properties": {"n": {"type": "long"}, "note": {"type": "keyword"}}}
        for index in INDICES:
            self.client.indices.create(index=index, mappings=mappings)

    @property
    def client(self) -> Elasticsearch:
        """A client of the node as it is now."""
        return self.node.client()

    def take_certificates(self) -> None:
        """Replace the job's file of CAs by the one of the node."""
        written(self.ca_certs, self.node.ca_certs)

    def take_password(self) -> None:
        """Replace the job's password by the one of the node's user."""
        written(self.password, self.node.password)

    def start(self, parallelism: int = 1) -> None:
        """Start it, in a process group of its own."""
        variables = {
            "PARALLELISM": str(parallelism),
            "DIRECTORY": str(self.directory),
            "CANARY": CANARY,
            "FLINKSEC_LOG_DIR": str(self.directory / "logs"),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flinksec_jobs", "run", PROGRAM, "--settings", self._settings],
            env=os.environ | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def kill(self) -> None:
        """SIGKILL to Python and the JVM."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.communicate()
            self.process = None

    def stop_with_savepoint(self) -> None:
        """As users do; it must end well."""
        assert self.process is not None
        job = running.of_process(self.process.pid)
        assert job is not None
        done = subprocess.run(
            [sys.executable, "-m", "flinksec_jobs", "stop", job.job_id, "--savepoint"],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stderr
        _, said = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, said
        self.process = None

    @property
    def is_running(self) -> bool:
        """Whether it has not ended: at its first failure a local run ends."""
        return self.process is not None and self.process.poll() is None

    def wait_for(self, what: str, done: Callable[[], bool]) -> None:
        """Wait until something is so while the job runs."""
        end = time.monotonic() + PATIENCE
        while not done():
            if not self.is_running or time.monotonic() > end:
                said = ""
                if self.process is not None and not self.is_running:
                    said = self.process.communicate()[1]
                told = "\n".join(lines_about(self.log, "WARN", "ERROR")[-20:])
                raise AssertionError(f"not seen: {what}\n{said[-3000:]}\n{told[-6000:]}")
            time.sleep(0.4)

    # What it has done.

    def handed_on(self) -> int:
        """The number that it has handed on to its sinks last; -1 for none."""
        try:
            return int((self.directory / "progress").read_text() or -1)
        except FileNotFoundError:
            return -1

    def wait_for_more(self, numbers: int) -> None:
        """Wait until it has handed on so many more."""
        wanted = self.handed_on() + numbers
        self.wait_for(f"the number {wanted}", lambda: self.handed_on() >= wanted)

    def checkpoints(self) -> int:
        """How many checkpoints this run has completed."""
        assert self.process is not None
        try:
            job = running.of_process(self.process.pid)
            if job is None:
                return 0
            return int(job.connect().get(f"/jobs/{job.job_id}/checkpoints")["counts"]["completed"])
        except FlinkSecError:
            return 0

    def wait_for_checkpoints(self, more: int) -> None:
        """Wait until it has completed so many more."""
        wanted = self.checkpoints() + more
        self.wait_for(f"{wanted} checkpoints", lambda: self.checkpoints() >= wanted)

    def end(self) -> int:
        """Have it hand on nothing more, and return the last number."""
        last = self.handed_on() + 50
        written(self.directory / "last", str(last).encode())
        self.wait_for(f"the number {last}", lambda: self.handed_on() == last)
        return last

    # What is in its indices.

    def wait_until_all_is_in(self, what: str, last: int | None = None) -> None:
        """Wait until all that it has handed on is in, and assert that it is there as promised."""
        upto = self.handed_on() if last is None else last
        client = self.client
        self.wait_for(
            f"the documents up to {upto} after {what}",
            lambda: (
                all(self._count(client, index, upto) > upto for index in ("each", "any"))
                and self._newest(client) >= upto
            ),
        )
        self._assert_promises(client, upto)

    def _count(self, client: Elasticsearch, index: str, upto: int) -> int:
        client.indices.refresh(index=index)
        return int(client.count(index=index, query={"range": {"n": {"lte": upto}}})["count"])

    def _newest(self, client: Elasticsearch) -> int:
        newest = []
        for index in ("latest", "changed"):
            client.indices.refresh(index=index)
            found = client.search(index=index, size=0, aggs={"n": {"max": {"field": "n"}}})
            newest.append(int(found["aggregations"]["n"]["value"] or -1))
        return min(newest)

    def _assert_promises(self, client: Elasticsearch, upto: int) -> None:
        assert self._count(client, "each", upto) == upto + 1, "by id: nothing lost, nothing twice"
        begin = self._checked
        numbers = set(range(begin, upto + 1))
        new = {"query": {"range": {"n": {"gte": begin, "lte": upto}}}}

        def is_there() -> bool:
            client.indices.refresh(index="any")
            hits = helpers.scan(client, index="any", query=new, size=5000)
            return {hit["_source"]["n"] for hit in hits} == numbers

        self.wait_for("without ids: each at least once", is_there)
        # Of a block of numbers that is over, each id has the newest of its numbers; where the job
        # was started again, it comes through older ones.
        blocks = range(begin // BLOCK, upto // BLOCK)
        newest = {
            f"{block}-{number}": (block + 1) * BLOCK - IDS + number
            for block in blocks
            for number in range(IDS)
        }
        # A request that was cut off may be carried out behind newer ones. A version keeps it out;
        # an update has none, and at most what was cut off is older.
        for index, most_older in (("latest", 0), ("changed", BATCH)):

            def is_newest(index: str = index, most_older: int = most_older) -> bool:
                found = self._found(client, index, blocks)
                older = {key: n for key, n in newest.items() if found.get(key) in _older(n)}
                return len(older) <= most_older and found | older == newest

            self.wait_for(f"{index}: the newest of each id", is_newest)
        self._checked = upto // BLOCK * BLOCK

    def _found(self, client: Elasticsearch, index: str, blocks: range) -> dict[str, int]:
        over = {"range": {"n": {"gte": blocks.start * BLOCK, "lt": blocks.stop * BLOCK}}}
        client.indices.refresh(index=index)
        hits = helpers.scan(client, index=index, query={"query": over}, size=5000)
        return {hit["_id"]: hit["_source"]["n"] for hit in hits}

    # What it has said.

    @property
    def log(self) -> str:
        """What its JVMs have logged, since `forget_log`."""
        logs = sorted(
            (self.directory / "logs").glob("**/*.log"), key=lambda one: one.stat().st_mtime
        )
        return "".join(one.read_text() for one in logs)[self._forgotten :]

    def forget_log(self) -> None:
        """Leave what was logged so far out of `log`."""
        self._forgotten = 0
        self._forgotten = len(self.log)

    def assert_told(self, cause: str, most: int = 3 * len(INDICES)) -> None:
        """The log names a cause, each form of it a few times a sink, and has no stack trace."""

        def told() -> list[str]:
            return [line for line in lines_about(self.log, " WARN ") if re.search(cause, line)]

        self.wait_for(f"{cause} in the log", lambda: bool(told()))
        forms = Counter(
            re.sub(r".* again in \d+ ms: | \(and \d+ more.*", "", line) for line in told()
        )
        assert max(forms.values()) <= most, forms
        assert not re.search(r"^\s+at org\.flinksec", self.log, re.MULTILINE)

    def assert_quiet_about_documents(self) -> None:
        """Nothing of a document is in any log."""
        self._forgotten = 0
        assert CANARY not in self.log

    def _toml(self, port: int) -> str:
        return f"""
[elasticsearch]
hosts = ["https://localhost:{port}"]
ca_certs = {json.dumps(str(self.ca_certs))}
username = "flink"
password = "file:{self.password}"
connect_timeout = "1 s"
response_timeout = "3 s"
flush_interval = "200 ms"
max_retry_backoff = "3 s"
max_batch_size = {BATCH}
max_buffered = 200
[state]
directory = "{self.directory / "state"}"
keys = "{self.node.layout.state_keys}"
checkpoint_interval = "1 s"
"""


def _older(newest: int) -> range:
    """The older numbers of an id, in its block."""
    return range(newest - BLOCK + IDS, newest, IDS)
