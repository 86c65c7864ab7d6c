# SPDX-License-Identifier: Apache-2.0
"""A job and its state looked at before anything is stopped: real checkpoints, changed programs."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from flinksec_jobs.job_check.retention import LAST, NAMED
from flinksec_jobs.sealed import KeyRing
from tests.cluster.looks import look
from tests.cluster.processes import FlinkCluster

PROGRAM = Path(__file__).parent / "programs" / "changing.py"


@dataclass
class Stopped:
    """A job that was stopped.

    Attributes:
        first, last: its savepoints.
        while_it_ran: what a look at the running job, with the same program, told.
        record: of its last start, sealed.
    """

    cluster: FlinkCluster
    first: str
    last: str
    while_it_ran: dict[str, object]
    record: bytes

    def path(self, savepoint: str) -> Path:
        return Path("/" + savepoint.partition("file:")[2].lstrip("/"))


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stopped]:
    with FlinkCluster(tmp_path_factory.mktemp("looks")) as cluster:
        # State of some bytes is a file too, and not part of the metadata.
        files = '[flink]\n"execution.checkpointing.data-inline-threshold" = "0 b"\n'
        settings = cluster.settings.read_text().replace("[flink]\n", files)
        # A look at a running job takes longer than a checkpoint stays that is replaced at once.
        often = 'checkpoint_interval = "300 ms"'
        assert often in settings
        cluster.settings.write_text(settings.replace(often, 'checkpoint_interval = "5 s"'))
        cluster.start_taskmanager("taskmanager")
        cluster.start_jobmanager(PROGRAM, "count=a")
        cluster.wait_for_checkpoint()
        first = cluster.savepoint("savepoints", {})
        record = (cluster.state / "changing" / "_job").read_bytes()
        seen = look(cluster, "check", PROGRAM, "count=a")
        assert (cluster.state / "changing" / "_job").read_bytes() == record
        last = cluster.savepoint("stop", {"drain": False})
        assert cluster.exit_code("jobmanager") == 0
        yield Stopped(cluster, first, last, seen.told, record)


def test_the_same_program_takes_the_newest_checkpoint_of_the_running_job(stopped: Stopped) -> None:
    told = stopped.while_it_ran
    assert told["well"] is True, told
    assert told["job"] == "changing"
    assert isinstance(told["state"], dict)
    assert "/chk-" in told["state"]["uri"]
    assert told["state"]["bytes"] > 0
    assert told["operators"] == {"kept": 1, "dropped": [], "new": []}


def test_an_operator_with_another_id_would_lose_its_state_and_is_refused(stopped: Stopped) -> None:
    seen = look(stopped.cluster, "check", "--state", stopped.last, PROGRAM, "count=b")
    assert seen.code == 1
    assert seen.ids == {"state-dropped"}
    (dropped,) = seen.told["operators"]["dropped"]
    assert dropped["uid"] == "a"
    assert dropped["bytes"] > 0
    (finding,) = [one for one in seen.told["findings"] if one["id"] == "state-dropped"]
    assert '.uid("a")' in finding["fix"]


def test_a_dropped_operator_may_be_meant_and_a_new_one_is_told(stopped: Stopped) -> None:
    options = ("--state", stopped.last, "--allow-non-restored-state")
    seen = look(stopped.cluster, "check", *options, PROGRAM, "more=c")
    assert (seen.code, seen.ids) == (0, set())
    assert [one["uid"] for one in seen.told["operators"]["dropped"]] == ["a"]
    assert "c" in {one["uid"] for one in seen.told["operators"]["new"]}


def test_too_many_parts_are_refused(stopped: Stopped) -> None:
    seen = look(stopped.cluster, "check", PROGRAM, "count=a", "parallelism=129")
    assert seen.ids == {"parallelism-above-maximum"}
    assert seen.told["state"]["uri"].rpartition("/")[2] == stopped.path(stopped.last).name


def test_another_job_that_never_ran_here_would_start_from_nothing_and_that_is_told(
    stopped: Stopped,
) -> None:
    seen = look(stopped.cluster, "check", PROGRAM.with_name("count.py"), "9")
    assert seen.code == 0
    assert seen.told["job"] == "count"
    assert seen.told["state"] is None
    assert "job-from-nothing" in {one["id"] for one in seen.told["findings"]}


def test_the_state_of_another_job_is_refused(stopped: Stopped) -> None:
    other = PROGRAM.with_name("count.py")
    seen = look(stopped.cluster, "check", "--state", stopped.last, other, "9")
    assert seen.code == 1
    assert "state-dropped" in seen.ids


def test_a_ring_that_lacks_the_key_opens_nothing(stopped: Stopped, tmp_path: Path) -> None:
    settings = stopped.cluster.settings
    kept = settings.read_text()
    KeyRing.create(tmp_path / "keys", "another")
    ours = str(stopped.cluster.directory / "state-keys")
    settings.write_text(kept.replace(ours, str(tmp_path / "keys")))
    try:
        seen = look(stopped.cluster, "check", "--state", stopped.last, PROGRAM, "count=a")
    finally:
        settings.write_text(kept)
    assert seen.code == 1
    assert "key" in json.dumps(seen.told["findings"])


def test_savepoints_are_verified_compared_with_their_manifests_and_removed_when_old(
    stopped: Stopped, tmp_path: Path
) -> None:
    cluster, first, last = stopped.cluster, stopped.first, stopped.last
    verified = look(cluster, "verify", "--deep", last)
    assert verified.code == 0
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps(verified.told["manifest"]))
    assert verified.told["number"] > look(cluster, "verify", first).told["number"]

    # A volume that was set back: what lies there is whole, and older.
    kept = tmp_path / "kept"
    shutil.copytree(stopped.path(last), kept)
    shutil.rmtree(stopped.path(last))
    shutil.copytree(stopped.path(first), stopped.path(last))
    back = look(cluster, "verify", "--manifest", manifest, last)
    shutil.rmtree(stopped.path(last))
    assert back.code == 1
    assert back.ids & {"savepoint-replaced", "state-file-foreign", "state-file-gone"}

    # A file that is gone, and one that was altered.
    for damage, id_ in ((_lose, "state-file-gone"), (_flip, "state-file-tampered")):
        shutil.copytree(kept, stopped.path(last))
        damage(stopped.path(last))
        seen = look(cluster, "verify", last)
        assert id_ in seen.ids
        if damage is _lose:
            listed = look(cluster, "newest").told
            assert listed["choice"].endswith(stopped.path(last).name)  # the rule goes by metadata
            wholes = {one["uri"].rpartition("/")[2]: one["whole"] for one in listed["snapshots"]}
            assert wholes == {stopped.path(last).name: False, stopped.path(first).name: True}
            disposed = look(cluster, "dispose", "--keep", 1, "--dry-run").told
            assert [one["removed"] for one in disposed["savepoints"]] == [False, False]
        shutil.rmtree(stopped.path(last))

    shutil.copytree(kept, stopped.path(last))
    needed = look(cluster, "dispose", "--keep", 1, "--needed", first).told
    assert [one["why"] for one in needed["savepoints"]] == [LAST, NAMED]
    gone = look(cluster, "dispose", "--keep", 1).told
    assert [one["removed"] for one in gone["savepoints"]] == [False, True]
    assert not stopped.path(first).exists()
    again = look(cluster, "dispose", "--keep", 1).told
    assert [one["name"] for one in again["savepoints"]] == [stopped.path(last).name]
    assert look(cluster, "verify", "--manifest", manifest, last).code == 0


def _lose(directory: Path) -> None:
    next(path for path in directory.iterdir() if path.name != "_metadata").unlink()


def _flip(directory: Path) -> None:
    path = next(path for path in directory.iterdir() if path.name != "_metadata")
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.write_bytes(bytes(data))
