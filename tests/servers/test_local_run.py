# SPDX-License-Identifier: Apache-2.0
"""A local run on a machine with other users and in an odd environment; two jobs in one process.

The first job runs where much is odd at once: there is no HOME, the locale is C, every path has a
blank and an umlaut, and variables of another Flink are set.
"""

import http.client
import json
import os
import signal
import ssl
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from flinksec_jobs.private_files import write_private
from flinksec_jobs.runtime import run_directory, running
from flinksec_jobs.runtime.running import RunningJob
from flinksec_jobs.sealed import KeyRing, Status, verify_file
from tests.living_files import paths_below
from tests.patience import PATIENCE
from tests.servers.local_jobs import ask_gateway, below, listening

NUMBERS = """
from flinksec_jobs import SecureJob
from pyflink.common import Types, WatermarkStrategy

def text(number):
    return f"a record, {number}"

with SecureJob("Zählung 1") as job:
    from pyflink.datastream.connectors.number_seq import NumberSequenceSource

    numbers = job.env.from_source(
        NumberSequenceSource(1, 10**12), WatermarkStrategy.no_watermarks(), "numbers", Types.LONG()
    )
    numbers.map(text, Types.STRING()).filter(lambda _: False).print()
"""
SETTINGS = """
[state]
directory = "{directory}/Zustände"
keys = "{keys}"
checkpoint_interval = "1 s"
[job]
resume = "never"
"""


SEVERAL = """import os
import sys
from pathlib import Path
from flinksec_jobs import SecureJob
from flinksec_jobs.errors import FlinkSecError
from pyflink.common import Types, WatermarkStrategy

def refuse(number):
    if number == 500:
        raise ValueError(f"not {number}")
    return number

def numbers(job, last):
    from pyflink.datastream.connectors.number_seq import NumberSequenceSource
    source, none = NumberSequenceSource(1, last), WatermarkStrategy.no_watermarks()
    return job.env.from_source(source, none, "numbers", Types.LONG())

def rpc_jars():
    return list(Path(os.environ["TMPDIR"]).glob("flinksec-run-*/tmp/flink-rpc-akka*.jar"))

print(sys.argv[1:], flush=True)
with SecureJob("doubles") as job:
    doubled = numbers(job, 1000).map(lambda number: 2 * number, Types.LONG())
    doubled.filter(lambda number: number > 1990).print()
    result = job.execute()
jars = rpc_jars()
again = SecureJob("doubles")
numbers(again, 10).map(lambda number: 2 * number, Types.LONG()).print()
client = again.execute_async()
print("told", result.get_job_id() != client.get_job_id(), result.get_net_runtime() > 0)
print("one copy of Flink's RPC for both", len(jars) == 1 and jars == rpc_jars())
client.get_job_execution_result().result()
numbers(again, 5).filter(lambda _: False).print()
again.env.execute()
with SecureJob("collects") as job:
    print("collected", len(list(numbers(job, 3).execute_and_collect())), flush=True)
for mode in ("thread", "process"):
    try:
        with SecureJob("fails", overrides={"python": {"execution_mode": mode}}) as job:
            numbers(job, 1000).map(refuse, Types.LONG()).filter(lambda _: False).print()
    except FlinkSecError as error:
        print(error.message, flush=True)
with SecureJob("empty") as job:
    pass
"""


@dataclass
class Odd:
    """The job in the odd environment."""

    process: subprocess.Popen[str]
    job: RunningJob
    run: Path
    directory: Path


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Odd]:
    directory = tmp_path_factory.mktemp("odd") / "Größe und Maß"
    for name in ("tmp", "foreign", "logs"):
        (directory / name).mkdir(parents=True)
    script = directory / "Zähler 1.py"
    script.write_text(NUMBERS)
    keys = directory / "Schlüssel"
    keys.mkdir(mode=0o700)
    write_private(keys / "first", os.urandom(32))
    write_private(keys / "primary", "first")
    script.with_suffix(".toml").write_text(SETTINGS.format(directory=directory, keys=keys))
    (directory / "foreign" / "config.yaml").write_text("a: {b: c}\n")
    environment = {
        "PATH": os.environ["PATH"],
        "LC_ALL": "C",
        "TMPDIR": str(directory / "tmp"),
        "FLINKSEC_LOG_DIR": str(directory / "logs"),
        "JVM_ARGS": os.environ["JVM_ARGS"],
        "FLINK_CONF_DIR": str(directory / "foreign"),
        "FLINK_ENV_JAVA_OPTS": "-Dnothing",
        "HADOOP_CONF_DIR": str(directory / "foreign"),
        "JAVA_TOOL_OPTIONS": "-XX:+NoSuchOption",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "flinksec_jobs", "run", script.name],
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        run = wait_for_a_checkpoint(process, directory)
        job = running._read(run / "running.json")
        assert job
        yield Odd(process, job, run, directory)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def test_functions_that_fail_are_told_with_their_lines_and_the_jobs_that_ran_as_json(
    tmp_path: Path,
) -> None:
    """One process with one job after another: those of process mode, with an outsider's look."""
    script = tmp_path / "jobs.py"
    script.write_text(SEVERAL)
    started = subprocess.Popen(
        [sys.executable, "-m", "flinksec_jobs", "run", script, "--bounded", "-x", "1", "--json"],
        env=os.environ | {"FLINKSEC_LOG_DIR": str(tmp_path / "logs"), "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    addresses: set[str] = set()
    try:
        while started.poll() is None:
            with suppress(psutil.NoSuchProcess, FileNotFoundError):
                addresses |= set(listening(started.pid).values())
            time.sleep(0.2)
        out, err = started.communicate()
    finally:
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGKILL)
    assert started.returncode == 1, err
    *printed, last = out.splitlines()
    assert printed == [
        "['--bounded', '-x', '1']",
        *("1992", "1994", "1996", "1998", "2000"),
        "told True True",
        "one copy of Flink's RPC for both True",
        *map(str, range(2, 22, 2)),
        "collected 3",
        *["the job fails failed: ValueError: not 500", f"  at {script}:10, in refuse"] * 2,
    ]
    told = json.loads(last)
    assert [(job["name"], job["ok"]) for job in told["jobs"]] == [
        *[("doubles", True)] * 3,
        ("fails", False),
        ("fails", False),
    ]
    assert told["jobs"][0]["sources"] == {"numbers": 1000}
    assert told["jobs"][0]["sinks"] == {"Print to Std. Out": 5}
    assert [job["sources"]["numbers"] for job in told["jobs"][1:3]] == [10, 5]
    # The last block defines nothing.
    assert told["error"]["message"] == "the job empty defines nothing that could run"
    assert "1,000 records in (numbers 1,000), 5 out (Print to Std. Out 5)" in err
    assert "Traceback" not in err
    # Each name has its own log, the second one's JVM too.
    assert {path.name for path in (tmp_path / "logs").iterdir()} == {
        *("doubles.log", "fails.log", "empty.log", "collects.log")
    }
    # Python's workers of process mode are reached by sockets that are files.
    assert addresses == {"127.0.0.1", "::ffff:127.0.0.1"}
    assert list(tmp_path.glob(f"{run_directory.PREFIX}*")) == []


def wait_for_a_checkpoint(process: subprocess.Popen[str], directory: Path) -> Path:
    end = time.monotonic() + PATIENCE
    while not list((directory / "Zustände").glob("*/*/chk-*/_metadata")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.2)
    (run,) = (directory / "tmp").glob(f"{run_directory.PREFIX}*")
    return run


def test_in_an_odd_environment_a_job_runs_and_its_state_is_sealed(odd: Odd) -> None:
    ring = KeyRing.open(odd.directory / "Schlüssel")
    end = time.monotonic() + PATIENCE
    while True:
        # Flink removes older checkpoints meanwhile.
        below = paths_below(odd.directory / "Zustände")
        files = [path for path in below if path.name == "_metadata" and path.exists()]
        try:
            assert files
            assert {verify_file(path, ring).status for path in files} == {Status.WHOLE}
        except (AssertionError, OSError):
            assert time.monotonic() < end
            continue
        break
    (log,) = (odd.directory / "logs").iterdir()
    assert "Triggering checkpoint 1" in log.read_text()


def test_every_port_of_a_local_run_is_on_the_loopback_interface(odd: Odd) -> None:
    addresses = listening(odd.process.pid)
    # Gateway, callbacks, REST, blobs.
    assert len(addresses) == 4
    assert set(addresses.values()) <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


def test_no_port_of_a_local_run_does_anything_for_a_stranger(odd: Odd) -> None:
    """Another user of the machine can open the ports; there is nothing else that it has."""
    rest = int(odd.job.rest.rpartition(":")[2])
    code = "c\nz:java.lang.System\ngetProperty\nsuser.name\ne\n"
    for port in listening(odd.process.pid):
        # Neither a command, nor one after a wrong token, of the length that the right one has.
        for tried in ([code], [f"A\n{'x' * 43}\n", code], ["A\n\n", code]):
            for answer in ask_gateway(port, *tried):
                assert not answer.startswith(b"!y"), port
        # Without a client's certificate nothing is answered in TLS. In clear Flink's REST server
        # tells where its secure port is, which is the same one.
        assert ask_in_clear(port) in (None, (301, f"https://127.0.0.1:{port}/jobs"))
        context = ssl._create_unverified_context()
        secure = http.client.HTTPSConnection("127.0.0.1", port, timeout=3, context=context)
        with pytest.raises((OSError, http.client.HTTPException)):
            secure.request("GET", "/jobs")
            secure.getresponse()
    with closing(odd.job.connect()) as client:
        assert client.get("/jobs") == {"jobs": [{"id": odd.job.job_id, "status": "RUNNING"}]}
        assert client.address.endswith(f":{rest}")


def ask_in_clear(port: int) -> tuple[int, str | None] | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    try:
        connection.request("GET", "/jobs")
        answer = connection.getresponse()
    except (OSError, http.client.HTTPException):
        return None
    return answer.status, answer.getheader("Location")


def test_the_token_of_the_gateway_is_in_no_environment_and_on_no_command_line(odd: Odd) -> None:
    for process in below(odd.process.pid):
        shown = Path(f"/proc/{process.pid}/environ").read_bytes()
        shown += Path(f"/proc/{process.pid}/cmdline").read_bytes()
        assert b"token" not in shown.lower()
    assert (odd.run / "gateway-port").read_text().isdigit()


def test_only_this_user_can_read_what_a_local_run_writes(odd: Odd) -> None:
    assert stat.S_IMODE(odd.run.stat().st_mode) == 0o700
    # Beside Flink's own directory, named by the job's id, lies the record of the job, sealed, with
    # the mode that this process gives to files.
    of_flink = next((odd.directory / "Zustände").glob(f"*/{odd.job.job_id}"))
    written = [of_flink, *paths_below(of_flink), *paths_below(odd.directory / "logs")]
    assert len(written) > 2
    open_ones = [
        path for path in written if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    assert open_ones == []


def test_ctrl_c_ends_a_job_without_a_traceback_and_leaves_nothing(odd: Odd) -> None:
    jvm = [process for process in below(odd.process.pid) if process.name() == "java"]
    # As a terminal does it: to all of the process group.
    os.killpg(odd.process.pid, signal.SIGINT)
    out, err = odd.process.communicate(timeout=PATIENCE)
    assert odd.process.returncode == 130
    assert out == ""
    told = [line for line in err.splitlines() if not line.startswith("warning: ")]
    assert told[0] == f"job Zählung 1 runs, its log is {odd.job.log_file}"
    assert told[1].startswith(f"Flink's web UI and REST: {odd.job.rest}, for clients with ")
    assert told[2:] == ["interrupted"]
    _, alive = psutil.wait_procs(jvm, timeout=PATIENCE)
    assert alive == []
    assert not odd.run.exists()
