# SPDX-License-Identifier: Apache-2.0
"""Suites run side by side: what they say, in which order they begin, and how they are stopped."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts import lanes
from scripts.lanes import Lanes, Stage
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def shell(name: str, script: str, *after: str) -> Stage:
    return Stage(name, ("sh", "-c", script), after)


def results(run: Lanes) -> dict[str, str]:
    return {one.stage.name: one.result for one in run.runs}


def test_all_pass_and_each_is_printed_in_one_piece(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    run = Lanes(
        [shell(name, f"echo {name} 1; sleep 0.1; echo {name} 2") for name in "abc"], tmp_path
    )
    assert run.run()
    assert results(run) == dict.fromkeys("abc", "passed")
    said = capfdbinary.readouterr().out
    for name in (b"a", b"b", b"c"):
        assert name + b" 1\n" + name + b" 2\n" in said


def test_the_last_to_end_is_printed_before_all_is_said_to_have_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = lanes.Run.wait
    shown: list[str] = []

    def wait(one: lanes.Run) -> None:
        ended(one)
        time.sleep(0.5)  # as on a busy machine, where other threads go first

    monkeypatch.setattr(lanes.Run, "wait", wait)
    monkeypatch.setattr(lanes, "show", lambda one: shown.append(one.stage.name))
    assert Lanes([shell("a", "true"), shell("b", "sleep 0.1")], tmp_path).run()
    assert sorted(shown) == ["a", "b"]


def test_no_more_run_at_once_than_there_are_lanes(tmp_path: Path) -> None:
    # Each leaves a mark while it runs, and fails if it sees two others.
    script = (
        f"cd {tmp_path} && touch now.$$ && sleep 0.1 && test $(ls now.* | wc -l) -le 2\n"
        "status=$?; rm now.$$; exit $status"
    )
    logs = tmp_path / "logs"
    logs.mkdir()
    assert Lanes([shell(name, script) for name in "abcde"], logs, lanes=2).run()


def test_one_that_waits_runs_beside_full_lanes_and_takes_none(tmp_path: Path) -> None:
    # Each leaves a mark while it runs, and tells how many of both kinds it sees at most.
    script = (
        f"cd {tmp_path} && touch {{0}}.$$ && sleep 0.3\n"
        "echo $(ls wait.* | wc -l) $(ls full.* | wc -l); rm {0}.$$"
    )
    logs = tmp_path / "logs"
    logs.mkdir()
    waits = [
        Stage(name, ("sh", "-c", script.format("wait")), waits=True) for name in ("one", "two")
    ]
    full = [shell(name, script.format("full")) for name in "abcd"]
    run = Lanes([*full, *waits], logs, lanes=2)
    assert run.run()
    seen = [tuple(map(int, one.log.read_text().split()[-2:])) for one in run.runs]
    assert max(full for _, full in seen) == 2
    assert [one.stage.name for one in run.runs][:3] == ["a", "b", "one"]
    assert max(wait + full for wait, full in seen) == 3


def test_a_stage_begins_after_those_whose_files_it_reads(tmp_path: Path) -> None:
    built = tmp_path / "built"
    run = Lanes(
        [
            shell("build", f"sleep 0.2; touch {built}"),
            shell("reads", f"test -e {built}", "build"),
            shell("else", f"test ! -e {built}"),
        ],
        tmp_path,
    )
    assert run.run()
    assert [one.stage.name for one in run.runs] == ["build", "else", "reads"]


def test_one_that_fails_stops_no_other_and_is_printed_last(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    stages = [
        shell("fails", "echo what is wrong; exit 3"),
        shell("too", "sleep 0.2; echo what else is wrong; exit 4"),
        shell("later", "echo well"),
        shell("reads", "true", "fails"),
    ]
    run = Lanes(stages, tmp_path, lanes=2)
    assert not run.run()
    assert results(run) == {
        "fails": "FAILED",
        "too": "FAILED",
        "later": "passed",
        "reads": "passed",
    }
    assert run.not_run == []
    said = capfdbinary.readouterr().out
    assert re.search(rb"fails: FAILED after \d+ s; the others go on", said)
    *_, well, first, second = re.findall(rb"==== (\w+): .*\n(?:.*wrong|well|)", said)
    assert (first, second) == (b"fails", b"too")
    assert said.endswith(b"what else is wrong\n")
    assert well in {b"later", b"reads"}


def test_what_has_not_ended_in_time_is_stopped_and_what_has_not_begun_does_not(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    # As a suite that stops its servers when it is interrupted.
    waits = "trap 'echo servers stopped; exit 1' INT; echo waits; while :; do sleep 0.05; done"
    run = Lanes([shell("waits", waits), shell("later", "true")], tmp_path, lanes=1)
    assert not run.run(seconds=1)
    assert results(run) == {"waits": "stopped"}
    assert [stage.name for stage in run.not_run] == ["later"]
    said = capfdbinary.readouterr().out
    assert b"the 0 minutes that there are have passed" in said
    assert b"waits\nservers stopped\n" in said


def test_what_ignores_an_interrupt_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "GRACE", 0.1)
    deaf = f"trap '' INT; echo $$ > {tmp_path}/pid; while :; do sleep 0.05; done"
    run = Lanes([shell("deaf", deaf)], tmp_path)
    assert not run.run(seconds=1)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_everything_and_still_prints_the_table(
    tmp_path: Path, number: signal.Signals
) -> None:
    script = f"echo $$ > {tmp_path}/pid; sleep 60"
    program = (
        "import sys; from scripts import lanes\n"
        f"lanes.STAGES = (lanes.Stage('waits', ('sh', '-c', {script!r})),)\n"
        "sys.exit(lanes.main())"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    pid = tmp_path / "pid"
    while not (pid.exists() and pid.read_text().strip()):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert re.search(r"^waits +stopped", out, re.MULTILINE)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_the_table_names_what_was_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLINKSEC_WITHOUT", "fuse")
    run = Lanes([shell("a", "echo 'SKIPPED [1] tests/x.py:1: no vectors'")], tmp_path)
    assert run.run()
    assert lanes.left_out(run) == [
        "LEFT OUT, as FLINKSEC_WITHOUT=fuse says",
        "LEFT OUT in a: SKIPPED [1] tests/x.py:1: no vectors",
    ]
    header, row, total = lanes.table(run, 5)
    assert header.split() == ["suite", "result", "seconds", "CPU"]
    assert row.split()[:2] == ["a", "passed"]
    assert total.startswith("all")


def test_every_suite_is_a_stage_or_has_a_target_of_its_own() -> None:
    folders = {path.name for path in (ROOT / "tests").iterdir() if any(path.glob("**/test_*.py"))}
    stages = {stage.name for stage in lanes.STAGES}
    assert stages - {"lint", "java"} == folders - {"image", "kubernetes", "nfs"}
    assert {name for stage in lanes.STAGES for name in stage.after} <= stages
