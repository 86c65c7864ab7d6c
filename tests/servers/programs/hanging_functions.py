# SPDX-License-Identifier: Apache-2.0
"""Jobs whose functions in batches do not return; no servers."""

import contextlib
import ctypes
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyflink.common import Types
from pyflink.datastream import DataStream

from flinksec_jobs import FlinkSecError, SecureJob, fast
from flinksec_jobs.runtime import jvm
from tests.patience import PATIENCE
from tests.servers.programs.jobs_of_one_process import ending


def spin(number: int) -> int:
    """Never return for one number, and take no notice of errors."""
    while number == 7:
        try:
            number = 7
        except Exception:
            continue
    return number


def wait_outside(number: int) -> int:
    """Wait where no exception of Python reaches it, but let others run."""
    if number == 7:
        time.sleep(100_000)
    return number


def keep_the_lock(number: int) -> int:
    """Wait outside of Python, and let no Python function of the process run meanwhile."""
    if number == 7:
        ctypes.PyDLL(None).sleep(8)
    return number


def slowly(number: int) -> int:
    """Take longer for all numbers together than for any of them is allowed."""
    time.sleep(0.7)
    return number


def too_long(function: Callable[[int], int], count: int = 20) -> str:
    """How a job ends whose function may take 2 s for a number."""

    def build(job: SecureJob) -> DataStream:
        numbers = job.env.from_collection(list(range(count)), type_info=Types.LONG())
        # Two functions of one task.
        same = fast(numbers).map(lambda number: number, Types.LONG())
        return fast(fast(same).map(function, Types.LONG())).map(str, Types.STRING())

    return ending(build, python={"function_timeout": "2 s"})


def cancelled(function: Callable[[int], int], directory: Path, said: str) -> dict[str, Any]:
    """Cancel a job when the log has said something, and tell in what time it ended."""
    log = Path(os.environ["FLINKSEC_LOG_FILE"])
    begins = len(log.read_text())
    before = threads()
    reached = directory / f"reached-{function.__name__}"

    def reach(number: int) -> int:
        if number == 7:
            reached.touch()
        return function(number)

    with contextlib.suppress(FlinkSecError), SecureJob("cancelled") as job:
        numbers = job.env.from_collection(list(range(20)), type_info=Types.LONG())
        fast(numbers).map(reach, Types.LONG()).print()
        client = job.execute_async()
        until(lambda: reached.exists() and said in log.read_text()[begins:])
        began = time.monotonic()
        client.cancel().result()
        until(lambda: client.get_job_status().result().name == "CANCELED")
        took = time.monotonic() - began
        left = [name for name in threads() if name.startswith("Python: ") and name not in before]
    return {"seconds": took, "left": left, "log": log.read_text()[begins:]}


def threads() -> list[str]:
    found = jvm.view().java.lang.Thread.getAllStackTraces().keySet()
    return [thread.getName() for thread in found]


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end
        time.sleep(0.1)


def hanging(directory: Path) -> dict[str, Any]:
    """What came of all of them."""
    return {
        "spins too long": too_long(spin),
        "waits too long": too_long(wait_outside),
        "keeps the lock": too_long(keep_the_lock),
        "slow": too_long(slowly, count=8),
        "spins": cancelled(spin, directory, ""),
        "waits": cancelled(wait_outside, directory, "has not returned for 10 s"),
    }
