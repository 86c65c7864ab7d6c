# SPDX-License-Identifier: Apache-2.0
"""Where a job's checkpoints go, and which one it goes on from."""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs import state
from flinksec_jobs.errors import KeyRingError, SealedStateError, SettingsError
from flinksec_jobs.sealed import KeyRing, SealedWriter
from flinksec_jobs.sealed.format import PREFIX, SEALED_CHUNK
from flinksec_jobs.settings import StateSettings, load

Write = Callable[..., Path]


def settings(directory: Path | str, **options: Any) -> StateSettings:
    given = {"directory": str(directory), **options}
    return load(overrides={"state": given}, environ={}).need(StateSettings)


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing.create(tmp_path / "keys")


@pytest.fixture
def sealed(tmp_path: Path, ring: KeyRing) -> StateSettings:
    return settings(tmp_path / "my state", keys=ring.directory)


@pytest.fixture
def write(tmp_path: Path, ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write the metadata of a checkpoint of the job ``job``, sealed at a time."""

    def make(number: int, created_ms: int, run: str = "run-1") -> Path:
        metadata = tmp_path / "my state" / "job" / run / f"chk-{number}" / "_metadata"
        metadata.parent.mkdir(parents=True)
        with monkeypatch.context() as patch:
            patch.setattr("time.time_ns", lambda: created_ms * 1_000_000)
            with SealedWriter(metadata, ring) as writer:
                writer.write(b"what the job remembers" * 1000)
        return metadata

    return make


def test_a_job_has_a_directory_of_its_own() -> None:
    kept = settings("/mnt/state/", keys="/k")
    assert state.job_directory(kept, "flight-delays") == "sealed+file:///mnt/state/flight-delays"
    odd = state.job_directory(kept, "../a job/b")
    assert odd == "sealed+file:///mnt/state/a-job-b~f3e55054fbdafc885d7d1d27daef1551"
    plain = settings("/mnt/state", sealed=False)
    assert state.job_directory(plain, "j_1.x") == "file:///mnt/state/j_1.x"
    on_hdfs = settings("hdfs://name:8020/state", keys="/k")
    assert state.job_directory(on_hdfs, "j") == "sealed+hdfs://name:8020/state/j"


def test_checkpoints_are_sealed_and_outlive_a_crash() -> None:
    kept = settings("/mnt/state", keys="/k", checkpoint_interval="1.5 s", backend="rocksdb")
    assert state.flink_options(kept, "job") == {
        "execution.checkpointing.dir": "sealed+file:///mnt/state/job",
        "execution.checkpointing.interval": "1500 ms",
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "state.backend.type": "rocksdb",
        "flinksec.sealed.keys": "/k",
    }


def test_plain_state_has_no_keys() -> None:
    options = state.flink_options(settings("/mnt/state", sealed=False), "job")
    assert options["execution.checkpointing.dir"] == "file:///mnt/state/job"
    assert "flinksec.sealed.keys" not in options


def test_a_key_ring_is_handed_on_to_read_a_sealed_savepoint_on_the_way_out() -> None:
    given = settings("/mnt/state", sealed=False, keys="/etc/keys")
    options = state.flink_options(given, "job")
    assert options["execution.checkpointing.dir"] == "file:///mnt/state/job"
    assert options["flinksec.sealed.keys"] == "/etc/keys"


def test_without_a_checkpoint_there_is_nothing_to_go_on_from(
    sealed: StateSettings, write: Write
) -> None:
    assert state.latest_checkpoint(sealed, "job") is None
    write(1, 1000)
    assert state.latest_checkpoint(sealed, "another-job") is None


def test_the_newest_checkpoint_is_the_one_sealed_last(sealed: StateSettings, write: Write) -> None:
    write(7, 1000, run="run-1")
    newest = write(2, 3000, run="run-2")
    for old in (write(1, 2000, run="run-2"), write(9, 2500, run="run-3")):
        os.utime(old, (2_000_000_000, 2_000_000_000))  # a file's own time can be set by anyone
    found = state.latest_checkpoint(sealed, "job")
    assert found == state.Checkpoint(newest.parent, 3000)


def test_the_newest_plain_checkpoint_is_the_one_written_last(tmp_path: Path) -> None:
    for number, seconds in ((1, 100), (2, 300), (3, 200)):
        metadata = tmp_path / "job" / "run" / f"chk-{number}" / "_metadata"
        metadata.parent.mkdir(parents=True)
        metadata.touch()
        os.utime(metadata, (seconds, seconds))
    found = state.latest_checkpoint(settings(tmp_path, sealed=False), "job")
    assert found == state.Checkpoint(tmp_path / "job" / "run" / "chk-2", 300_000)


@pytest.mark.parametrize("part", [0, 7, 500, PREFIX, PREFIX + SEALED_CHUNK])
def test_a_checkpoint_whose_writer_was_killed_is_passed_over_with_a_warning(
    sealed: StateSettings, write: Write, part: int, caplog: pytest.LogCaptureFixture
) -> None:
    whole = write(1, 1000)
    torn = write(2, 2000)
    torn.write_bytes(torn.read_bytes()[:part])
    with caplog.at_level(logging.WARNING, "flinksec_jobs.state"):
        assert state.latest_checkpoint(sealed, "job") == state.Checkpoint(whole.parent, 1000)
    assert caplog.messages == [
        f"checkpoint {torn.parent} was never completed; it is passed over"
    ]  # fmt: skip


def test_a_checkpoint_that_was_altered_stops_the_job(sealed: StateSettings, write: Write) -> None:
    write(1, 1000)
    altered = write(2, 2000)
    content = bytearray(altered.read_bytes())
    content[-20] ^= 1
    altered.write_bytes(content)
    with pytest.raises(SealedStateError, match="chk-2 cannot be used: tampered") as caught:
        state.latest_checkpoint(sealed, "job")
    assert 'job.resume = "never"' in str(caught.value.hint)


def test_a_checkpoint_swapped_for_that_of_another_run_stops_the_job(
    sealed: StateSettings, write: Write
) -> None:
    one, other = write(1, 1000, run="run-1"), write(2, 2000, run="run-2")
    other.write_bytes(one.read_bytes())
    with pytest.raises(SealedStateError, match="chk-2 cannot be used: foreign"):
        state.latest_checkpoint(sealed, "job")


def test_plain_state_in_the_place_of_sealed_stops_the_job(
    sealed: StateSettings, write: Write
) -> None:
    write(1, 1000).write_bytes(b"plain metadata" * 100)
    with pytest.raises(SealedStateError, match="chk-1 cannot be used: plaintext"):
        state.latest_checkpoint(sealed, "job")


def test_a_checkpoint_whose_key_is_gone_stops_the_job(
    tmp_path: Path, sealed: StateSettings, write: Write
) -> None:
    write(1, 1000)
    other = KeyRing.create(tmp_path / "other", "another-key")
    foreign = settings(tmp_path / "my state", keys=other.directory)
    with pytest.raises(SealedStateError, match="chk-1 cannot be used: key missing"):
        state.latest_checkpoint(foreign, "job")
    (other.directory / "primary").unlink()
    with pytest.raises(KeyRingError):
        state.latest_checkpoint(foreign, "job")


def test_the_latest_checkpoint_is_looked_for_on_a_mounted_directory_only() -> None:
    with pytest.raises(SettingsError, match=r"state.directory is on hdfs:") as caught:
        state.latest_checkpoint(settings("hdfs://name:8020/state", keys="/k"), "job")
    assert "execution.state-recovery.path" in str(caught.value.hint)
