# SPDX-License-Identifier: Apache-2.0
"""A checkpoint is asked whose it is before a job goes on from it."""

import json
import logging
import shutil
from pathlib import Path

import pytest

from flinksec_jobs.errors import ResumeError, SealedStateError
from flinksec_jobs.resume import job_record
from flinksec_jobs.resume.begin import JOB_ID
from flinksec_jobs.runtime.graph import Contents
from flinksec_jobs.sealed import KeyRing, SealedWriter, verify_tree
from flinksec_jobs.state import RECOVERY_PATH
from tests.unit.resume.conftest import Make, Volume

ORDERS = ("reads Kafka topic orders", "writes HDFS path /orders")


def test_the_record_says_whose_directory_it_is(volume: Volume) -> None:
    volume.start(job="job", uses=ORDERS)
    found = job_record.read(volume.job, volume.keys, sealed=volume.keys is not None)
    assert found is not None
    assert (found.job, found.uses, found.start.number) == ("job", ORDERS, 1)
    volume.start(uses=ORDERS)
    found = job_record.read(volume.job, volume.keys, sealed=volume.keys is not None)
    assert found is not None
    assert found.start.number == 2


def test_a_directory_of_another_job_is_refused_by_name(make: Make) -> None:
    volume = make(False)
    begun = volume.start(job="заказы")
    volume.write(volume.base / "~x" / begun.options[JOB_ID] / "chk-1", 1)
    theirs = next(path for path in volume.base.iterdir() if (path / "_job").exists())
    shutil.copytree(theirs, volume.job)
    for resume in ("latest", "required", "never"):
        with pytest.raises(ResumeError, match="belongs to the job заказы, and not to job") as told:
            volume.start(resume=resume)
        assert 'job.accept = ["job заказы"]' in str(told.value.hint)
    volume.start(accept=("job заказы",))
    volume.start()  # it is the job's own now


def test_a_renamed_topic_is_refused_by_name_and_accepted_by_name(volume: Volume) -> None:
    volume.checkpoint(volume.start(uses=ORDERS), 2)
    renamed = ("reads Kafka topic orders-v2", "writes HDFS path /orders")
    with pytest.raises(ResumeError) as caught:
        volume.start(uses=renamed)
    assert '"reads Kafka topic orders"' in caught.value.message
    assert 'job.accept = ["reads Kafka topic orders"]' in str(caught.value.hint)
    assert volume.origin(uses=renamed, accept=("reads Kafka topic orders",)) is not None
    assert volume.origin(uses=renamed) is not None


def test_what_a_job_has_in_addition_begins_as_in_a_new_job(volume: Volume) -> None:
    volume.checkpoint(volume.start(uses=ORDERS), 2)
    assert volume.origin(uses=(*ORDERS, "reads Kafka topic returns")) is not None


def test_a_refused_start_leaves_no_trace(volume: Volume) -> None:
    volume.checkpoint(volume.start(uses=ORDERS), 2)
    before = (volume.job / "_job").read_bytes()
    with pytest.raises(ResumeError):
        volume.start(uses=("reads Kafka topic daily",))
    assert (volume.job / "_job").read_bytes() == before
    assert not list(volume.job.glob("._job*"))


def test_a_savepoint_of_another_job_is_refused_where_its_record_is(volume: Volume) -> None:
    theirs = volume.start(job="orders")
    run = theirs.options[JOB_ID]
    savepoint = volume.write(volume.base / "orders" / f"savepoint-{run[:6]}-1", 7)
    checkpoint = volume.write(volume.base / "orders" / run / "chk-9", 9)
    for path in (savepoint, checkpoint):
        with pytest.raises(ResumeError, match="belongs to the job orders, and not to job"):
            volume.start(explicit=str(path.parent))
        with pytest.raises(ResumeError, match="belongs to the job orders, and not to job"):
            volume.start(named=f"file://{path.parent}")
    assert volume.origin(explicit=str(savepoint.parent), accept=("job orders",)) is not None


def test_a_sealed_savepoint_says_whose_it_is_wherever_it_was_moved(sealed: Volume) -> None:
    theirs = sealed.start(job="заказы")
    directory = next(path for path in sealed.base.iterdir() if (path / "_job").exists())
    made = sealed.write(directory / f"savepoint-{theirs.options[JOB_ID][:6]}-1", 7)
    moved = sealed.base.parent / "backup"
    made.parent.rename(moved)
    with pytest.raises(ResumeError, match="belongs to the job ~"):
        sealed.start(explicit=str(moved))
    assert sealed.start(job="заказы", explicit=str(moved)).options[RECOVERY_PATH].endswith("backup")


def test_a_checkpoint_of_a_topic_that_the_job_does_not_read_is_refused(volume: Volume) -> None:
    path = volume.write(volume.base.parent / "copied" / "savepoint-1", 3).parent
    operators = ("Source: Kafka orders", "count", "Kafka: Writer")
    volume.contents[volume.uri(path)] = Contents(operators)
    with pytest.raises(ResumeError) as caught:
        volume.start(explicit=str(path), uses=("reads Kafka topic daily",))
    assert '"reads Kafka topic orders"' in caught.value.message
    assert volume.origin(explicit=str(path), uses=("reads Kafka topic orders",)) is not None


def test_what_says_nothing_of_whose_it_is_is_taken_with_a_warning(
    volume: Volume, caplog: pytest.LogCaptureFixture
) -> None:
    path = volume.write(volume.base.parent / "copied" / "savepoint-1", 3).parent
    with caplog.at_level(logging.WARNING):
        volume.start(explicit=str(path))
    assert f"whose {path} is cannot be determined" in caplog.text


@pytest.mark.parametrize("named", ["/no/where", "file:///no/where", "sealed+file:///no/where"])
def test_a_path_without_a_checkpoint_is_refused(volume: Volume, named: str) -> None:
    with pytest.raises(ResumeError, match="there is no checkpoint or savepoint at /no/where"):
        volume.start(explicit=named)


def test_a_savepoint_in_clear_may_be_named_and_not_as_a_sealed_one(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    volume = make(True)
    keys, volume.keys = volume.keys, None
    path = volume.write(volume.base.parent / "plain" / "savepoint-1", 3).parent
    volume.keys = keys
    assert volume.start(explicit=str(path)).options[RECOVERY_PATH] == f"file://{path}"
    assert f"{path} is in clear, so nobody can tell who wrote it" in caplog.text
    with pytest.raises(ResumeError, match="is in clear, and was named as sealed"):
        volume.start(explicit=f"sealed+file://{path}")


def test_a_record_that_nobody_with_the_keys_wrote_is_refused(sealed: Volume) -> None:
    sealed.start()
    path = sealed.job / "_job"
    forged = {"format": 1, "job": "job", "uses": [], "start": {"number": 1}, "before": []}
    path.write_text(json.dumps(forged))
    with pytest.raises(SealedStateError, match="is in clear, and the job's state is sealed"):
        sealed.start()
    assert sealed.origin(resume="never") is None  # writes it anew
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(SealedStateError, match=r"the job's record .* cannot be used"):
        sealed.start()


def test_a_sealed_record_holds_for_the_directory_that_it_was_written_in(sealed: Volume) -> None:
    sealed.start(job="orders")
    shutil.copytree(sealed.base / "orders", sealed.job)
    with pytest.raises(SealedStateError, match="moved, or swapped for another file"):
        sealed.start()


def test_a_record_of_other_keys_is_refused(sealed: Volume, tmp_path: Path) -> None:
    sealed.start()
    other = KeyRing.create(tmp_path / "other", "another-key")
    (sealed.job / "_job").unlink()
    with SealedWriter(sealed.job / "_job", other) as writer:
        writer.write(b"{}")
    with pytest.raises(SealedStateError, match="cannot be used"):
        sealed.start()


def test_a_second_run_of_a_job_is_refused_and_told_who_runs_it(volume: Volume) -> None:
    from flinksec_jobs.resume.begin import begin

    with (
        begin(volume.request()),
        pytest.raises(ResumeError, match=r"is running already: process \d+ on "),
    ):
        volume.start()
    volume.start()


def test_a_volume_that_knows_no_locks_is_used_with_a_warning(
    volume: Volume, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def unknown(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("flinksec_jobs.file_locks.lock", unknown)
    with caplog.at_level(logging.WARNING):
        volume.start()
    assert "knows no locks" in caplog.text


def test_nothing_in_a_sealed_directory_is_in_clear(sealed: Volume) -> None:
    sealed.checkpoint(sealed.start(), 1)
    sealed.start()
    assert sealed.keys is not None
    found = {report.path.name: report for report in verify_tree(sealed.job, sealed.keys)}
    assert found.keys() == {"_job", "_lock", "_metadata"}
    assert [report.detail for report in found.values() if not report.whole or report.detail] == []
