# SPDX-License-Identifier: Apache-2.0
"""The newest checkpoint of a job is opened; one that was altered is no older one's business."""

from __future__ import annotations

import pytest

from flinksec_jobs.doctor import state_checks
from flinksec_jobs.errors import JobError
from flinksec_jobs.runtime import jvm
from flinksec_jobs.settings import StateSettings

ALTERED = "chunk 0 is not authentic: the file was altered or cut short inside it"
CUT_SHORT = "cut short: no whole file has 17 bytes"
NOT_OURS = "its data key was not wrapped by key 'key-1' of the key ring /keys"


def snapshots() -> list[state_checks._Snapshot]:
    """Return two checkpoints, the newer one first."""
    return [
        state_checks._Snapshot("job", f"file:/state/job/run/chk-{number}/_metadata", number)
        for number in (8, 7)
    ]


def refuse_the_newest(monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    def read(uri: str) -> None:
        if "chk-8" in uri:
            raise JobError(f"cannot read {uri}: {why}")

    monkeypatch.setattr(jvm, "read_to_end", read)


def test_one_whose_writer_was_killed_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_the_newest(monkeypatch, CUT_SHORT)
    assert state_checks._open_first(snapshots(), "sealed+") == "chk-7"


@pytest.mark.parametrize("why", [ALTERED, NOT_OURS])
def test_one_that_was_altered_is_not_passed_over(monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    refuse_the_newest(monkeypatch, why)
    with pytest.raises(JobError, match="chk-8"):
        state_checks._open_first(snapshots(), "sealed+")


@pytest.mark.parametrize(
    ("why", "setting"),
    [(ALTERED, "state.directory"), (CUT_SHORT, "state.directory"), (NOT_OURS, "state.keys")],
)
def test_a_damaged_file_is_not_blamed_on_the_keys(why: str, setting: str) -> None:
    settings = StateSettings.model_validate({"directory": "/state", "keys": "/keys"})
    found = state_checks._not_opened(JobError(why), "job", settings)
    assert (found.where.setting, found.where.object) == (setting, "the job job")
