# SPDX-License-Identifier: Apache-2.0
"""A first start is told apart from lost state."""

import logging
import shutil
from typing import Any

import pytest

from flinksec_jobs.errors import ResumeError
from tests.unit.resume.conftest import Volume

CLUSTER: dict[str, Any] = {"in_cluster": True, "job_id": "0" * 31 + "1"}
HIGHLY_AVAILABLE = CLUSTER | {"highly_available": True}


def test_a_required_start_needs_state(volume: Volume) -> None:
    with pytest.raises(ResumeError, match=r"has no state in .*, nor a record that it ever") as told:
        volume.start(resume="required")
    assert 'job.resume = "first"' in str(told.value.hint)
    assert not volume.job.exists() or not (volume.job / "_job").exists()


def test_a_first_start_is_from_nothing_once_and_says_so(
    volume: Volume, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        begun = volume.start(resume="first")
    assert 'starts for the first time, from nothing, as job.resume = "first" allows' in caplog.text
    checkpoint = volume.checkpoint(begun, 3)
    assert volume.origin(resume="first") is not None
    shutil.rmtree(checkpoint.parents[1])
    with pytest.raises(ResumeError, match="which is gone"):
        volume.start(resume="first")


@pytest.mark.parametrize("resume", ["first", "required"])
def test_checkpoints_that_are_gone_are_no_first_start(volume: Volume, resume: str) -> None:
    begun = volume.start(resume="first")
    checkpoint = volume.checkpoint(begun, 3)
    shutil.rmtree(checkpoint.parents[1])
    with pytest.raises(ResumeError, match=r"start 1 of the job job .* left no checkpoint") as told:
        volume.start(resume=resume)
    assert 'job.resume = "never" for one start' in str(told.value.hint)
    volume.start(resume="never")


def test_a_wiped_volume_is_refused_when_state_is_required(volume: Volume) -> None:
    volume.checkpoint(volume.start(resume="first"), 3)
    assert volume.origin(resume="required") is not None
    shutil.rmtree(volume.base)
    with pytest.raises(ResumeError, match="nor a record that it ever ran"):
        volume.start(resume="required")


def test_outside_of_a_cluster_what_left_no_checkpoint_starts_anew_with_a_warning(
    volume: Volume, caplog: pytest.LogCaptureFixture
) -> None:
    volume.start()
    with caplog.at_level(logging.WARNING):
        assert volume.origin() is None
    assert "left no checkpoint in" in caplog.text


def test_with_high_availability_flink_remembers_a_job_without_checkpoints(volume: Volume) -> None:
    volume.start(resume="first", **HIGHLY_AVAILABLE)
    assert volume.origin(resume="required", **HIGHLY_AVAILABLE) is None
    with pytest.raises(ResumeError, match="left no checkpoint"):
        volume.start(resume="required", **(HIGHLY_AVAILABLE | {"job_id": "0" * 31 + "2"}))
    with pytest.raises(ResumeError, match="left no checkpoint"):
        volume.start(resume="required", **CLUSTER)


def test_a_job_that_has_ended_well_is_run_again_on_purpose_only(volume: Volume) -> None:
    volume.start(resume="first", bounded=True, finished=True)
    with pytest.raises(ResumeError, match="has ended well, which leaves nothing to go on from"):
        volume.start(resume="required", bounded=True)
    assert volume.origin(resume="latest", bounded=True) is None
