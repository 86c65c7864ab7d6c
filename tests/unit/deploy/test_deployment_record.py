# SPDX-License-Identifier: Apache-2.0
"""What is kept in the namespace: the record, the revisions, versions without ids."""

from __future__ import annotations

import pytest

from flinksec_jobs.deploy.ha_maps import HaMaps
from flinksec_jobs.deploy.job_version import version_of
from flinksec_jobs.deploy.kube_errors import ConflictError
from flinksec_jobs.deploy.operation import Operation, Phase
from flinksec_jobs.deploy.record import Book, Current, Record, read_record
from flinksec_jobs.deploy.revisions import KEPT, Revisions
from flinksec_jobs.errors import DeployError
from tests.unit.deploy.fakes import FakeApi, version
from tests.unit.deploy.world import World


@pytest.fixture
def api() -> FakeApi:
    return FakeApi(World())


def operation() -> Operation:
    begun = Operation("0a", "upgrade", "alice", 5.0, source=1, target=2, old_job="ab" * 16)
    return begun.enter(Phase.STOPPING, 6.0, trigger="cd" * 16).enter(Phase.STOPPED, 7.5, origin="x")


def test_each_phase_has_a_key_of_its_own_with_what_is_known_since(api: FakeApi) -> None:
    Record(api).write(Book(pending=operation()))
    data = api.world.objects["ConfigMap", "flinksec-record"]["data"]
    assert sorted(data) == ["operation", "phase-01-stopping", "phase-02-stopped"]
    assert data["phase-01-stopping"] == '{"at": 6.0, "trigger": "' + "cd" * 16 + '"}'
    assert read_record(api).pending == operation()


def test_an_operation_that_was_taken_up_very_often_is_read_as_it_was_written(api: FakeApi) -> None:
    long = operation()
    for number in range(130):
        long = long.enter(Phase.STOPPED, 10.0 + number, origin=f"savepoint-{number}")
    long = long.enter(Phase.SWAPPING, 200.0, new_job="ef" * 16)
    Record(api).write(Book(pending=long))
    data = api.world.objects["ConfigMap", "flinksec-record"]["data"]
    assert {"phase-99-stopped", "phase-100-stopped", "phase-133-swapping"} <= data.keys()
    found = read_record(api).pending
    assert found == long
    assert found is not None
    assert (found.phase, found.origin, len(found.log)) == (Phase.SWAPPING, "savepoint-129", 133)


def test_of_two_who_write_only_one_goes_on(api: FakeApi) -> None:
    first, second = Record(api), Record(api)
    book = first.read()
    second.read()
    first.enter(book, operation())
    with pytest.raises(ConflictError):
        second.enter(book, operation().enter(Phase.SWAPPING, 9.0))


def test_a_write_whose_answer_was_lost_is_known_again(api: FakeApi) -> None:
    record = Record(api)
    record.write(Book(current=Current(1, "ab" * 16)))
    stale = record._found
    record.write(Book(current=Current(2, "ab" * 16)))
    record._found = stale
    record.write(Book(current=Current(2, "ab" * 16)))


def test_a_record_that_is_not_understood_is_an_error(api: FakeApi) -> None:
    Record(api).write(Book(pending=operation()))
    data = api.world.objects["ConfigMap", "flinksec-record"]["data"]
    data["phase-03-teleporting"] = '{"at": 8.0}'
    with pytest.raises(DeployError, match="not understood"):
        read_record(api)


def test_a_version_is_kept_once_and_comes_back_whole(api: FakeApi) -> None:
    revisions = Revisions(api)
    first = revisions.keep(version("a"), 1.0, "alice")
    second = revisions.keep(version("b"), 2.0, "bob")
    again = revisions.keep(version("a"), 3.0, "carol")
    assert (first.number, second.number, again.number) == (1, 2, 1)
    revision, found = revisions.get(2)
    assert revision.who == "bob"
    assert list(found.objects) == list(version("b").objects)


def test_a_revision_that_was_changed_is_not_gone_back_to(api: FakeApi) -> None:
    revisions = Revisions(api)
    revisions.keep(version("a"), 1.0, "alice")
    revisions.keep(version("b"), 1.0, "alice")
    maps = api.world.objects
    swapped = maps["ConfigMap", "flinksec-revision-2"]["binaryData"]
    maps["ConfigMap", "flinksec-revision-1"]["binaryData"] = swapped
    with pytest.raises(DeployError, match="are not those that were kept"):
        revisions.get(1)


def test_the_oldest_revisions_go_but_not_those_that_are_needed(api: FakeApi) -> None:
    revisions = Revisions(api)
    for number in range(KEPT + 3):
        revisions.keep(version(f"image-{number}"), 1.0, "alice")
    revisions.forget({1})
    left = [one.number for one in revisions.all()]
    assert left == [*range(KEPT + 3, 3, -1), 1]


def test_what_is_too_large_to_be_kept_is_refused(api: FakeApi) -> None:
    import random

    noise = random.Random(1).randbytes(1_200_000).hex()
    with pytest.raises(DeployError, match="too large to be kept"):
        Revisions(api).keep(version(setting=noise), 1.0, "alice")


def test_a_start_names_its_id_everywhere_and_a_version_has_none() -> None:
    found = version().started("ab" * 16, "file:///x", drop_state=True)
    args = found.job["spec"]["template"]["spec"]["containers"][0]["args"]
    assert args == [
        "--job-id=" + "ab" * 16,
        "--from-savepoint=file:///x",
        "--allow-non-restored-state",
    ]
    role = next(one for one in found.objects if one["kind"] == "Role")
    assert role["rules"][0]["resourceNames"] == ["flink-" + "ab" * 16 + "-config-map"]
    assert version_of(found.objects).hash == version().hash


def test_a_secret_among_the_objects_is_refused() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "data": {}}
    with pytest.raises(DeployError, match="Secret/keys"):
        version_of([*version().objects, secret])


def test_an_object_of_another_namespace_is_refused() -> None:
    other = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x", "namespace": "y"}}
    with pytest.raises(DeployError, match="another namespace than the job: Service/x"):
        version_of([*version().objects, other])


def test_an_older_image_in_a_pod_that_may_not_be_changed_is_no_difference() -> None:
    def with_deployer(image: str) -> dict[str, str]:
        deployer = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "flink-deployer"},
            "spec": {"template": {"spec": {"containers": [{"image": image}]}}},
        }
        return version_of([*version(image).objects, deployer]).fingerprints()

    name = "Deployment/flink-deployer"
    assert with_deployer("a@sha256:1")[name] == with_deployer("a@sha256:2")[name]


def test_pointers_of_high_availability_are_read_and_foreign_maps_are_not_taken_for_them(
    api: FakeApi,
) -> None:
    """The operator once took foreign ConfigMaps for them, and lost state (FLINK-30437)."""
    maps = HaMaps(api, version())
    assert maps.last_checkpoint("ab" * 16) is None
    name = f"flink-{'ab' * 16}-config-map"
    data = {"checkpointID-0000000000000000012": "x", "checkpointID-0000000000000000009": "y"}
    for one, content in ((name, data), ("other-config-map", {"checkpointID-99": "z"})):
        api.create(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": one}, "data": content}
        )
    assert maps.last_checkpoint("ab" * 16) == 12
    assert maps.last_checkpoint("cd" * 16) is None


def test_plans_are_dropped_and_pointers_stay(api: FakeApi) -> None:
    """The operator once deleted the pointers before it deployed (FLINK-33011)."""
    leaders, pointers = "flink-cluster-config-map", f"flink-{'ab' * 16}-config-map"
    data = {f"executionPlan-{'ab' * 16}": "x", f"executionPlan-{'cd' * 16}": "y", "leader": "z"}
    for name, content in ((leaders, data), (pointers, {"checkpointID-1": "x"})):
        api.create(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": content}
        )
    HaMaps(api, version()).drop_plans(["ab" * 16])
    assert api.world.objects["ConfigMap", leaders]["data"] == {"leader": "z"}
    assert api.world.objects["ConfigMap", pointers]["data"] == {"checkpointID-1": "x"}
