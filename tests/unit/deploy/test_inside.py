# SPDX-License-Identifier: Apache-2.0
"""A look from within the cluster: the pod that it makes, and what it says of each way to fail."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.deploy.check_job import pod_of_look
from flinksec_jobs.deploy.inside import ClusterInside, LookTimes
from flinksec_jobs.deploy.kube_errors import KubeUnreachableError
from flinksec_jobs.deploy.outside import ApiServer, Inside, KubeObject, Ref
from flinksec_jobs.deploy.own_objects import CHECK_COPY, CHECK_JOB
from flinksec_jobs.errors import DeployError, FlinkSecError, SealedStateError
from flinksec_jobs.parsing import yaml_documents

BASE = Path(__file__).parents[3] / "docker" / "kubernetes" / "base"


def objects(**container: Any) -> list[KubeObject]:
    """The JobManager of the base, and its ConfigMaps as kustomize makes them."""
    found = [one for one in yaml_documents((BASE / "jobmanager.yaml").read_text()) if one]
    job = next(one for one in found if one["kind"] == "Job")
    job["metadata"]["namespace"] = "flights"
    job["spec"]["template"]["spec"]["containers"][0].update(container)
    maps = {
        "flink-conf": {"config.yaml": "a: b", "log4j-console.properties": "c"},
        "job-settings": {"settings.toml": "[job]"},
    }
    return [
        *found,
        *(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}
            for name, data in maps.items()
        ),
    ]


def made(command: str = "check", arguments: Sequence[str] = (), **container: Any) -> Any:
    return pod_of_look(objects(**container), command, arguments, seconds=900)


def pod_of(look: Any) -> dict[str, Any]:
    spec: dict[str, Any] = look.job["spec"]["template"]["spec"]
    return spec


class Cluster:
    """An API server that runs the look as it is told: a pod after some questions.

    Args:
        says: the last line of its log.
        status: of the pod, in place of one that has ended.
        conditions: of the Job.
        makes_pods: whether there is any.
    """

    def __init__(
        self,
        says: str = "",
        *,
        status: Mapping[str, Any] | None = None,
        conditions: Sequence[Mapping[str, Any]] = (),
        makes_pods: bool = True,
    ) -> None:
        self.says, self.status = says, status or {"phase": "Succeeded"}
        self.conditions, self.makes_pods = conditions, makes_pods
        self.there: dict[Ref, KubeObject] = {}
        self.created: list[KubeObject] = []
        self.gone: list[Ref] = []
        self.now = 0.0
        self.unreachable_at: str | None = None

    namespace = "flights"

    def who(self) -> str:
        return "somebody"

    def may(self, verb: str, what: Ref) -> bool:
        return True

    def _call(self, name: str) -> None:
        if self.unreachable_at == name:
            raise KubeUnreachableError("no answer")

    def get(self, what: Ref) -> KubeObject | None:
        self._call("get")
        return self.there.get(what)

    def list(
        self, api_version: str, kind: str, labels: Mapping[str, str] | None = None
    ) -> Sequence[KubeObject]:
        self._call("list")
        assert labels == {"batch.kubernetes.io/controller-uid": "u1"}
        return [{"metadata": {"name": "p"}, "status": self.status}] if self.makes_pods else []

    def apply(self, content: KubeObject, *, dry_run: bool = False) -> KubeObject:
        self._call("apply")
        self.created.append(content)
        self.there[Ref.of(content)] = content
        return content

    def create(self, content: KubeObject, *, dry_run: bool = False) -> KubeObject:
        self._call("create")
        assert Ref.of(content) not in self.there
        self.created.append(content)
        kept = deepcopy(content)
        kept["metadata"]["uid"] = "u1"
        kept["status"] = {"conditions": self.conditions}
        self.there[Ref.of(content)] = kept
        return kept

    def replace(self, content: KubeObject) -> KubeObject:
        raise NotImplementedError

    def patch(self, what: Ref, changes: Mapping[str, Any]) -> KubeObject:
        raise NotImplementedError

    def delete(self, what: Ref, *, uid: str | None = None) -> None:
        self._call("delete")
        self.gone.append(what)
        self.there.pop(what, None)

    def logs(self, pod: str, *, container: str | None = None, lines: int = 50) -> str:
        assert (pod, container) == ("p", "jobmanager")
        return f'INFO something\n{{"not": "it"}}\n{self.says}\n'

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def inside(self, times: LookTimes | None = None) -> ClusterInside:
        api: ApiServer = self
        times = dataclasses.replace(times or LookTimes(), clock=lambda: self.now, sleep=self.sleep)
        return ClusterInside(api, times)


def answer(**told: Any) -> str:
    return json.dumps({"well": True, "findings": []} | told)


def finding(id_: str, severity: str = "problem") -> dict[str, Any]:
    return {"id": id_, "severity": severity, "where": {"file": "/x"}, "why": "is so", "fix": "do"}


# The pod.


def test_it_has_the_image_volumes_and_protection_of_the_jobmanager() -> None:
    given = objects(image="registry.example.com/job@sha256:0")
    before = next(one for one in given if one["kind"] == "Job")["spec"]["template"]["spec"]
    look = pod_of_look(given, "check", [], seconds=900)
    spec = pod_of(look)
    assert look.image == "registry.example.com/job@sha256:0"
    assert spec["securityContext"] == before["securityContext"]
    container, theirs = spec["containers"][0], before["containers"][0]
    for field in ("image", "securityContext", "imagePullPolicy"):
        assert container[field] == theirs[field]
    kept = {one["name"] for one in before["volumes"]} - {"api-token"}
    assert {one["name"] for one in spec["volumes"]} == kept
    assert {one["name"] for one in container["volumeMounts"]} == kept
    secrets = [one["secret"] for one in spec["volumes"] if "secret" in one]
    assert secrets == [one["secret"] for one in before["volumes"] if "secret" in one]


def test_it_has_no_token_no_ports_and_no_probes() -> None:
    look = made()
    assert "serviceAccountToken" not in json.dumps(look.job)
    assert pod_of(look)["automountServiceAccountToken"] is False
    container = pod_of(look)["containers"][0]
    assert not {"ports", "startupProbe", "livenessProbe", "readinessProbe"} & container.keys()


def test_it_is_tried_once_ends_in_time_and_is_removed_by_kubernetes_too() -> None:
    spec = made().job["spec"]
    assert (spec["backoffLimit"], spec["activeDeadlineSeconds"]) == (0, 900)
    assert spec["ttlSecondsAfterFinished"] > 0
    assert "podFailurePolicy" not in spec
    assert spec["template"]["spec"]["restartPolicy"] == "Never"


def test_its_labels_let_it_send_as_flink_does_and_are_those_of_no_service() -> None:
    labels = made().job["spec"]["template"]["metadata"]["labels"]
    assert labels["app.kubernetes.io/name"] == "flink"
    assert labels["app.kubernetes.io/component"] == "check"


def test_a_check_runs_the_program_with_its_arguments_but_not_those_of_a_start() -> None:
    args = ["--job-id=1", "--from-savepoint", "/s", "--host=h", "-Da=b", "/job.py", "x"]
    container = pod_of(made("check", ["--state=/c"], args=args))["containers"][0]
    assert container["command"][-2:] == ["cluster", "check"]
    assert container["args"] == ["--state=/c", "-Da=b", "/job.py", "x"]


def test_other_looks_run_no_program() -> None:
    args = ["--job-id=1", "--ca", "/ca", "-D", "a=b", "--run=/r", "/job.py", "--state"]
    container = pod_of(made("newest", args=args))["containers"][0]
    assert container["command"][-2:] == ["cluster", "newest"]
    assert container["args"] == ["--ca", "/ca", "-D", "a=b", "--run=/r"]


def test_a_jobmanager_of_another_command_is_refused() -> None:
    with pytest.raises(DeployError, match="not started by `flinksec cluster jobmanager`"):
        pod_of_look(objects(command=["java"], args=[]), "check", [], seconds=9)


def test_the_files_of_the_version_are_a_copy_that_lies_at_the_same_paths() -> None:
    look = made()
    assert Ref.of(look.copy) == CHECK_COPY
    assert look.copy["data"] == {
        "flink-conf..config.yaml": "a: b",
        "flink-conf..log4j-console.properties": "c",
        "job-settings..settings.toml": "[job]",
    }
    mounted = {
        one["name"]: one["configMap"] for one in pod_of(look)["volumes"] if "configMap" in one
    }
    assert mounted["job-settings"] == {
        "name": "flink-check",
        "items": [{"key": "job-settings..settings.toml", "path": "settings.toml"}],
    }
    assert len(mounted["flink-conf"]["items"]) == 2


def test_a_map_that_is_not_of_the_version_is_mounted_as_it_is() -> None:
    given = [one for one in objects() if one["metadata"]["name"] != "job-settings"]
    spec = pod_of(pod_of_look(given, "check", [], seconds=9))
    (volume,) = [one for one in spec["volumes"] if one["name"] == "job-settings"]
    assert volume["configMap"] == {"name": "job-settings"}


def test_what_it_is_made_from_stays_as_it_is() -> None:
    given = objects()
    before = deepcopy(given)
    pod_of_look(given, "check", [], seconds=9)
    assert given == before


# What it says.


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


def waiting(reason: str) -> dict[str, Any]:
    state = {"waiting": {"reason": reason, "message": "not found"}}
    return {"phase": "Pending", "containerStatuses": [{"image": "job:2", "state": state}]}


@pytest.mark.parametrize("reason", ["ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"])
def test_an_image_that_cannot_be_pulled_is_named(reason: str) -> None:
    cluster = Cluster(status=waiting(reason))
    with pytest.raises(DeployError, match=r"the image job:2 cannot be pulled \(.*not found\)"):
        cluster.inside().check(objects(), state=None)
    assert cluster.there == {}


def test_a_missing_secret_is_told_from_it() -> None:
    cluster = Cluster(status=waiting("CreateContainerConfigError"))
    with pytest.raises(DeployError, match="cannot start") as told:
        cluster.inside().check(objects(), state=None)
    assert "Secret" in str(told.value.hint)


def test_a_pod_that_no_node_takes_is_waited_for_and_then_told() -> None:
    condition = {"type": "PodScheduled", "reason": "Unschedulable", "message": "0/3 nodes"}
    cluster = Cluster(status={"phase": "Pending", "conditions": [condition]})
    with pytest.raises(DeployError, match=r"no node takes the pod .*: 0/3 nodes"):
        cluster.inside().check(objects(), state=None)
    assert cluster.now > 100


def test_a_job_without_a_pod_says_who_may_have_refused_it() -> None:
    with pytest.raises(DeployError, match="makes no pod") as told:
        Cluster(makes_pods=False).inside().check(objects(), state=None)
    assert "admission policy" in str(told.value.hint)


def test_one_that_nobody_ends_is_not_waited_for_longer_than_a_command_may() -> None:
    cluster = Cluster(status={"phase": "Running"})
    with pytest.raises(DeployError, match="did not end in 30 s") as told:
        cluster.inside(LookTimes.within(30)).check(objects(), state=None)
    assert "--timeout" in str(told.value.hint)
    assert 30 < cluster.now < 120


def test_one_that_does_not_end_is_told_by_its_time() -> None:
    failed = {"type": "Failed", "reason": "DeadlineExceeded"}
    cluster = Cluster(status={"phase": "Running"}, conditions=[failed])
    with pytest.raises(DeployError, match="did not end in 900 s"):
        cluster.inside().check(objects(), state=None)


def ended(**state: Any) -> dict[str, Any]:
    return {"phase": "Failed", "containerStatuses": [{"state": {"terminated": state}}]}


def test_one_that_ran_out_of_memory_says_so() -> None:
    cluster = Cluster(status=ended(reason="OOMKilled", exitCode=137))
    with pytest.raises(DeployError, match="out of memory"):
        cluster.inside().check(objects(), state=None)


def test_one_of_an_older_image_says_what_it_said() -> None:
    cluster = Cluster("error: no such command 'check'", status=ended(exitCode=2))
    with pytest.raises(DeployError, match="ended with 2: no such command 'check'"):
        cluster.inside().check(objects(), state=None)


def test_where_the_api_server_goes_away_that_is_what_is_told() -> None:
    for call in ("delete", "apply", "create", "list"):
        cluster = Cluster(answer())
        cluster.unreachable_at = call
        with pytest.raises(KubeUnreachableError):
            cluster.inside().check(objects(), state=None)


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


def test_all_its_errors_are_ours() -> None:
    with pytest.raises(FlinkSecError):
        pod_of_look([], "check", [], seconds=1)


@pytest.mark.parametrize("lacks", ["choice", "snapshots"])
def test_an_answer_that_lacks_something_is_told_as_another_versions(lacks: str) -> None:
    whole: dict[str, Any] = {"job": "j", "choice": None, "refused": None, "snapshots": []}
    cluster = Cluster(answer(**{key: value for key, value in whole.items() if key != lacks}))
    with pytest.raises(FlinkSecError, match="not understood: KeyError") as caught:
        cluster.inside().newest(objects())
    assert "this version of flinksec-jobs" in str(caught.value.hint)
