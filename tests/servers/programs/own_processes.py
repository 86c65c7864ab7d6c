# SPDX-License-Identifier: Apache-2.0
"""Jobs whose functions in batches have processes of their own; no servers.

Writes one line of JSON: what became of them.
"""

import contextlib
import ctypes
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyflink.common import Types

from flinksec_jobs import FlinkSecError, SecureJob, fast
from flinksec_jobs.runtime import jvm
from tests.living_files import paths_below
from tests.patience import PATIENCE
from tests.servers.programs import goes_on
from tests.servers.programs.hanging_functions import keep_the_lock, spin, until, wait_outside
from tests.servers.programs.jobs_of_one_process import ending

IN_PROCESSES: dict[str, Any] = {"batch_execution_mode": "process"}
SECRET = "in the function"


def numbers(job: SecureJob, count: int = 20) -> Any:
    return job.env.from_collection(list(range(count)), type_info=Types.LONG())


def ended(function: Callable[[int], int], **more: Any) -> str:
    """How a job ends with a function in a process."""
    return ending(
        lambda job: fast(numbers(job)).map(function, Types.LONG()), python=IN_PROCESSES | more
    )


def killed(number: int) -> int:
    if number == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def exits(number: int) -> int:
    if number == 7:
        os._exit(3)
    return number


def crashes(number: int) -> int:
    if number == 7:
        ctypes.string_at(0)
    return number


def grows(number: int) -> int:
    held = []
    while number == 7:
        held.append(bytearray(b"x" * (16 << 20)))
        time.sleep(0.05)
    return number


def writes(number: int) -> int:
    """Write where the messages to the JVM go, if anything does."""
    sys.stdout.write(f"printed by {number}\n")
    os.write(1, b"written by a function\n")
    return number


def raises(number: int) -> int:
    if number == 7:
        raise ValueError("seven")
    return number


def seen() -> dict[str, Any]:
    """What others can see of the processes, and that they end with their job."""
    found: dict[str, Any] = {}
    hidden = SECRET

    def look(number: int) -> str:
        assert hidden
        me = Path("/proc/self")
        texts = [me.joinpath(name).read_bytes().decode() for name in ("cmdline", "environ")]
        return json.dumps([str(os.getpid()), *(text.replace("\0", " ") for text in texts)])

    with SecureJob("seen", overrides={"python": IN_PROCESSES}) as job:
        job.env.set_parallelism(2)
        looked = fast(numbers(job).rebalance()).map(look, Types.STRING())
        with looked.execute_and_collect() as came:
            rows = [json.loads(line) for line in came]
    found["pids"] = sorted({row[0] for row in rows})
    found["commands"] = sorted({row[1] for row in rows})
    found["hidden"] = any(SECRET in text for row in rows for text in row[1:])
    until(lambda: not any(is_one(pid) for pid in found["pids"]))
    return found


def cancelled(function: Callable[[int], int], directory: Path) -> dict[str, Any]:
    """Cancel a job whose function does not return, and tell in what time it ended."""
    reached = directory / f"reached-{function.__name__}"

    def reach(number: int) -> int:
        if number == 7:
            reached.write_text(str(os.getpid()))
        return function(number)

    with (
        contextlib.suppress(FlinkSecError),
        SecureJob("cancelled", overrides={"python": IN_PROCESSES}) as job,
    ):
        fast(numbers(job)).map(reach, Types.LONG()).print()
        client = job.execute_async()
        until(lambda: reached.exists() and bool(reached.read_text()))
        began = time.monotonic()
        client.cancel().result()
        until(lambda: client.get_job_status().result().name == "CANCELED")
        took = time.monotonic() - began
    pid = reached.read_text()
    until(lambda: not is_one(pid))
    return {"seconds": took}


def killed_in_mid_batch(directory: Path) -> dict[str, Any]:
    """Sums of a job whose process is killed from outside, and which goes on from its checkpoint."""
    pids: list[int] = []

    def kill() -> None:
        end = time.monotonic() + PATIENCE
        state = directory / "hashmap-False"
        while time.monotonic() < end and not any(
            path.name == "_metadata" for path in paths_below(state)
        ):
            time.sleep(0.05)
        time.sleep(0.3)
        for pid in children():
            pids.append(pid)
            os.kill(pid, signal.SIGKILL)

    def children() -> list[int]:
        return [
            int(path.parent.name)
            for path in Path("/proc").glob("[0-9]*/cmdline")
            if is_one(path.parent.name)
            and _parent(path.parent) == jvm.view().java.lang.ProcessHandle.current().pid()
        ]

    killing = threading.Thread(target=kill)
    killing.start()
    os.environ["FLINKSEC_PYTHON__BATCH_EXECUTION_MODE"] = "process"
    try:
        came = goes_on.restored(directory, "hashmap", fails=False)
    finally:
        del os.environ["FLINKSEC_PYTHON__BATCH_EXECUTION_MODE"]
    killing.join(PATIENCE)
    return came | {"killed": len(pids)}


def is_one(pid: str) -> bool:
    """Whether a process runs that has a function; its number may be another's by now."""
    try:
        return b"functions.own_process" in Path("/proc", pid, "cmdline").read_bytes()
    except OSError:
        return False


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


if __name__ == "__main__":
    place = Path(sys.argv[1])
    there: dict[str, Callable[[], Any]] = {
        "killed": lambda: ended(killed),
        "exits": lambda: ended(exits),
        "crashes": lambda: ended(crashes),
        "grows": lambda: ended(grows, process_memory="256m"),
        "writes": lambda: ended(writes),
        "raises": lambda: ended(raises),
        "spins": lambda: ended(spin, function_timeout="2 s"),
        "waits": lambda: ended(wait_outside, function_timeout="2 s"),
        "keeps the lock": lambda: ended(keep_the_lock, function_timeout="2 s"),
        "seen": seen,
        "cancelled": lambda: [cancelled(each, place) for each in (spin, wait_outside)],
        "killed in mid-batch": lambda: killed_in_mid_batch(place),
    }
    gave = {name: there[name]() for name in sys.argv[2:] or there}
    (place / "came.json").write_text(json.dumps(gave))
