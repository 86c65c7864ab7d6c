# SPDX-License-Identifier: Apache-2.0
"""A job whose function in batches has another class in its state goes on, or is refused by name."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.patience import PATIENCE

PROGRAM = Path(__file__).parent / "programs" / "changed_states.py"


def run(directory: Path, version: str, mode: str) -> str:
    """Start the job with a class for its state, until it has stopped itself or failed."""
    ended = subprocess.run(
        [sys.executable, PROGRAM, directory, version, mode, "200"],
        env=os.environ
        | {"XDG_STATE_HOME": str(directory), "FLINKSEC_LOG_FILE": str(directory / "jobs.log")},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return ended.stdout + ended.stderr


def test_a_state_goes_on_in_rocksdb_with_a_class_that_has_grown_and_no_other(
    tmp_path: Path,
) -> None:
    run(tmp_path, "first", "thread")
    before = len((tmp_path / "lines").read_text().splitlines())
    assert before >= 200
    for version, mode, why in (
        ("shrunk", "thread", "the field 'kind' is gone"),
        ("other", "process", "'count'"),
        ("needing", "thread", "'more'"),
    ):
        run(tmp_path, version, mode)
        log = (tmp_path / "jobs.log").read_text()
        assert re.search(
            rf"the state 'held' cannot be read as the job declares it now: .*{why}", log
        )
    assert len((tmp_path / "lines").read_text().splitlines()) == before
    run(tmp_path, "grown", "process")
    lines = (tmp_path / "lines").read_text().splitlines()
    assert len(lines) >= before + 200
    counts: dict[str, list[int]] = {}
    for line in lines:
        key, count, *_ = line.split()
        counts.setdefault(key, []).append(int(count))
    # Each once, across the savepoint, from the JVM to a process.
    assert all(of_key == list(range(1, len(of_key) + 1)) for of_key in counts.values())
    first_after = next(line for line in lines[before:] if line.startswith(lines[before].split()[0]))
    assert first_after.endswith("['new', 'new']")  # the field that is new, in what was there before
    assert " c " in "\n".join(lines[before:])
