# SPDX-License-Identifier: Apache-2.0
"""What a look from within the cluster says of a version, and of the state to go on from."""

from __future__ import annotations

from typing import Any

import pytest

from flinksec_jobs.deploy.outside import Inside
from flinksec_jobs.deploy.own_objects import CHECK_JOB
from flinksec_jobs.errors import FlinkSecError, SealedStateError
from tests.unit.deploy.looks import Cluster, answer, finding, objects


def test_it_is_what_the_steps_expect() -> None:
    steps_expect: Inside = Cluster().inside()
    assert steps_expect is not None


def test_a_check_that_is_well_is_read_and_leaves_nothing_behind() -> None:
    new = {"name": "more", "uid": "c", "id": "1"}
    dropped = {"name": "count", "uid": None, "id": "2", "bytes": 7}
    operators = {"kept": 1, "dropped": [dropped], "new": [new]}
    found = [finding("state-dropped"), finding("other", "warning"), finding("note", "note")]
    cluster = Cluster(answer(operators=operators, findings=found))
    report = cluster.inside().check(objects(), state="sealed+file:///s/chk-1")
    assert report.dropped == ["count (id 2), 7 bytes"]
    assert report.added == ["more (uid c)"]
    assert report.problems == []
    assert report.warnings == ["/x: is so; do"]
    assert cluster.there == {}
    job = next(one for one in cluster.created if one["kind"] == "Job")
    assert (
        "--state=sealed+file:///s/chk-1" in job["spec"]["template"]["spec"]["containers"][0]["args"]
    )


def test_its_problems_are_told_and_so_is_that_it_could_not_look() -> None:
    cluster = Cluster(answer(well=False, findings=[finding("job-refused")]))
    assert cluster.inside().check(objects(), state=None).problems == ["/x: is so; do"]
    error = {"message": "no settings", "hint": "mount them"}
    cluster = Cluster(answer(well=False, error=error))
    assert cluster.inside().check(objects(), state=None).problems == ["no settings; mount them"]


@pytest.mark.parametrize(
    "id_",
    [
        *("state-file-tampered", "state-key-missing", "state-metadata-unread"),
        *("state-handle-unknown", "parallelism-above-maximum", "max-parallelism-changed"),
    ],
)
def test_problems_by_which_a_version_cannot_go_on_from_the_state_are_told_apart(id_: str) -> None:
    found = [finding(id_), finding("job-refused"), finding("server-away")]
    cluster = Cluster(answer(well=False, findings=found))
    report = cluster.inside().check(objects(), state="sealed+file:///s/chk-1")
    assert report.unreadable == ["/x: is so"]
    assert report.problems == ["/x: is so; do"] * 3


@pytest.mark.parametrize(
    ("id_", "severity"),
    [
        ("job-refused", "problem"),
        ("operator-state-odd", "problem"),
        ("state-directory-not-writable", "problem"),
        ("state-on-a-local-disk", "problem"),
        ("state-dropped", "problem"),
        ("state-file-moved", "warning"),
        ("state-types-unseen", "note"),
        ("max-parallelism-changed", "warning"),
    ],
)
def test_what_does_not_keep_it_from_the_state_leaves_the_state_readable(
    id_: str, severity: str
) -> None:
    cluster = Cluster(answer(findings=[finding(id_, severity)]))
    assert cluster.inside().check(objects(), state="sealed+file:///s/chk-1").unreadable == []


def test_a_look_that_was_killed_is_removed_first() -> None:
    cluster = Cluster(answer())
    cluster.there[CHECK_JOB] = {"kind": "Job"}
    cluster.inside().check(objects(), state=None)
    assert cluster.gone[0] == CHECK_JOB


def snapshot(uri: str, *, whole: bool = True, number: int = 3) -> dict[str, Any]:
    return {"uri": uri, "number": number, "created_at_ms": 5, "bytes": 9, "whole": whole}


CHECKPOINT = f"sealed+file:///mnt/state/job/{'a' * 32}/chk-3"
SAVEPOINT = "sealed+file:///mnt/state/savepoints/savepoint-bbbbbb-0123"


def test_the_choice_of_the_rule_comes_first() -> None:
    told = answer(
        job="j",
        choice=CHECKPOINT,
        refused=None,
        snapshots=[snapshot(SAVEPOINT), snapshot(CHECKPOINT)],
    )
    first, second = Cluster(told).inside().newest(objects())
    assert (first.path, first.is_savepoint, first.job_id) == (CHECKPOINT, False, "a" * 32)
    assert (second.path, second.is_savepoint, second.job_id) == (SAVEPOINT, True, "bbbbbb")
    assert (second.number, second.at, second.size) == (3, 5, 9)


def test_a_choice_that_is_not_whole_is_refused_and_an_older_one_is_only_named() -> None:
    listed = [snapshot(CHECKPOINT, whole=False), snapshot(SAVEPOINT)]
    told = answer(job="j", choice=CHECKPOINT, refused=None, snapshots=listed)
    with pytest.raises(SealedStateError, match="chk-3, which is not whole") as refused:
        Cluster(told).inside().newest(objects())
    assert f"--from-savepoint {SAVEPOINT}" in str(refused.value.hint)


def test_where_the_rule_refuses_there_is_no_choice() -> None:
    refused = {"message": "it is not clear", "hint": "name one"}
    told = answer(well=False, job="j", choice=None, refused=refused, snapshots=[])
    with pytest.raises(SealedStateError, match="it is not clear"):
        Cluster(told).inside().newest(objects())


def test_a_savepoint_that_is_not_whole_is_refused_by_its_worst() -> None:
    findings = [finding("b-warning", "warning"), finding("state-file-gone")]
    cluster = Cluster(answer(well=False, findings=findings))
    with pytest.raises(SealedStateError, match="/x: is so, and 1 more"):
        cluster.inside().verify(objects(), SAVEPOINT)


def test_retention_passes_on_what_is_needed() -> None:
    cluster = Cluster(answer(job="j", savepoints=[]))
    cluster.inside().dispose(
        objects(), keep=3, max_age_days=None, needed=[SAVEPOINT], job_ids=["a" * 32]
    )
    job = next(one for one in cluster.created if one["kind"] == "Job")
    args = job["spec"]["template"]["spec"]["containers"][0]["args"]
    assert args[:3] == ["--keep=3", f"--needed={SAVEPOINT}", f"--job-id={'a' * 32}"]


@pytest.mark.parametrize("lacks", ["choice", "snapshots"])
def test_an_answer_that_lacks_something_is_told_as_another_versions(lacks: str) -> None:
    whole: dict[str, Any] = {"job": "j", "choice": None, "refused": None, "snapshots": []}
    cluster = Cluster(answer(**{key: value for key, value in whole.items() if key != lacks}))
    with pytest.raises(FlinkSecError, match="not understood: KeyError") as caught:
        cluster.inside().newest(objects())
    assert "this version of flinksec-jobs" in str(caught.value.hint)
