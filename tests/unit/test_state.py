# SPDX-License-Identifier: Apache-2.0
"""Where a job's checkpoints go."""

from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs import state
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.sections.decides import options_of
from flinksec_jobs.settings import StateSettings, load_settings


def settings(directory: Path | str, **options: Any) -> StateSettings:
    given = {"directory": str(directory), **options}
    return load_settings(overrides={"state": given}, environ={}).need(StateSettings)


def test_a_job_has_a_directory_of_its_own() -> None:
    kept = settings("/mnt/state/", keys="/k")
    assert state.job_directory(kept, "flight-delays") == "sealed+file:///mnt/state/flight-delays"
    odd = state.job_directory(kept, "../a job/b")
    assert odd == "sealed+file:///mnt/state/a-job-b~f3e55054fbdafc885d7d1d27daef1551"
    plain = settings("/mnt/state", sealed=False)
    assert state.job_directory(plain, "j_1.x") == "file:///mnt/state/j_1.x"
    on_hdfs = settings("hdfs://name:8020/state", keys="/k")
    assert state.job_directory(on_hdfs, "j") == "sealed+hdfs://name:8020/state/j"


def test_the_section_decides_how_often_state_is_kept_in_what_and_by_which_keys() -> None:
    kept = settings("/mnt/state", keys="/k", checkpoint_interval="1.5 s", backend="rocksdb")
    assert options_of(kept) == {
        "execution.checkpointing.interval": "1500 ms",
        "state.backend.type": "rocksdb",
        "flinksec.sealed.cipher": "jdk",
        "flinksec.sealed.keys": "/k",
    }


def test_plain_state_has_no_keys() -> None:
    plain = settings("/mnt/state", sealed=False)
    assert state.job_directory(plain, "job") == "file:///mnt/state/job"
    assert "flinksec.sealed.keys" not in options_of(plain)


def test_a_key_ring_is_handed_on_to_read_a_sealed_savepoint_on_the_way_out() -> None:
    given = settings("/mnt/state", sealed=False, keys="/etc/keys")
    assert state.job_directory(given, "job") == "file:///mnt/state/job"
    assert options_of(given)["flinksec.sealed.keys"] == "/etc/keys"


def test_a_checkpoint_is_looked_for_on_a_mounted_directory_only() -> None:
    assert state.local_path("sealed+file:///mnt/state/job") == Path("/mnt/state/job")
    with pytest.raises(SettingsError, match=r"state.directory is on hdfs:") as caught:
        state.local_path("sealed+hdfs://name:8020/state")
    assert "execution.state-recovery.path" in str(caught.value.hint)
